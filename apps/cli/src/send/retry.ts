import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';

const firstDelayMs = 250;
const longestDelayMs = 15_000;
const longestAskedDelayMs = 60_000;
/** A server that was never reached is probably not there: say so soon. */
const attemptsBeforeContact = 3;
const attemptsAfterContact = 10;

export type Retrier = {
  /** Runs the task again while it fails for a reason that passes; each call counts its attempts anew. */
  run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
};

/**
 * Repeats what failed because the connection broke or the server was busy, at growing intervals with jitter, after
 * the server's Retry-After where it gave one. Only for requests that are harmless to repeat.
 */
export function createRetrier(
  needs: Pick<CliNeeds, 'random' | 'wait' | 'clock'>,
  onWait?: (error: CliError, delayMs: number) => void,
  /** Goes on for as long as it takes, once the server was reached. */
  forever = false,
  isPassing: (error: CliError) => boolean = passes,
): Retrier {
  let contact = false;
  return {
    async run(task, signal) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const result = await task();
          contact = true;
          return result;
        } catch (error) {
          if (!(error instanceof CliError) || !isPassing(error)) throw error;
          if (error.code === 'server_busy') contact = true;
          if (
            attempt >= (contact ? (forever ? Number.POSITIVE_INFINITY : attemptsAfterContact) : attemptsBeforeContact)
          )
            throw error;
          const growing = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + needs.random() / 2);
          const delayMs = Math.max(growing, askedDelayMs(error, needs.clock.nowMs()));
          onWait?.(error, delayMs);
          await needs.wait(delayMs, signal);
        }
      }
    },
  };
}

function passes(error: CliError): boolean {
  return error.code === 'server_busy' || (error.code === 'server_unreachable' && error.details['untrusted'] !== true);
}

/** Retry-After, RFC 9110 section 10.2.3: seconds or a date. */
function askedDelayMs(error: CliError, nowMs: number): number {
  const text = error.details['retryAfter'];
  if (typeof text !== 'string') return 0;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), longestAskedDelayMs) : 0;
}
