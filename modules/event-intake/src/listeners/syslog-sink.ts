import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, codeOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { EventBytes } from '../event-bytes.ts';
import type { EventIntake } from '../event-intake.ts';

/** Counted since the server started. */
export type ListenerCounts = {
  /** Messages that are durable. */
  accepted: number;
  /** Messages that were given up: there was no room (UDP), or the server stopped. */
  dropped: number;
  /** Senders that may not send, or too many at once. */
  refused: number;
};

/** Takes messages of one sender to the ledger. */
export type SyslogSink = {
  /** Resolves when all are durable; while the ledger is behind it waits. False when it was stopped before. */
  deliver(address: string, events: readonly EventBytes[], zoneMinutes: number): Promise<boolean>;
};

/** Who sends without a key: sources of this owner are addresses. */
const owner = { kind: 'system', id: 'syslog', name: 'Syslog listeners' } as const;
const maxSources = 1000;
const othersName = 'others';
const retryMs = 1000;

export function createSyslogSink(needs: {
  readonly intake: Pick<EventIntake, 'acceptEvents'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}): SyslogSink {
  const names = new Set<string>();

  function sourceOf(address: string): string {
    const name = address
      .replaceAll(':', '-')
      .replace(/^-/, '0-')
      .replaceAll(/[^\w.-]/g, '_')
      .slice(0, 64);
    if (names.has(name) || names.size < maxSources) {
      names.add(name);
      return name;
    }
    return othersName;
  }

  return {
    async deliver(address, events, zoneMinutes) {
      let source = sourceOf(address);
      let left = events;
      while (left.length > 0) {
        if (needs.signal.aborted) return false;
        try {
          await needs.intake.acceptEvents({
            principal: owner,
            source,
            reading: { format: 'syslog', zoneMinutes, host: address },
            events: left,
          });
          return true;
        } catch (error) {
          const code = codeOf(error);
          if (code === 'intake_closed') return false;
          if (code === 'too_many_sources') source = othersName;
          else needs.log.warn('Syslog messages wait', { address, code: code ?? 'internal', messages: left.length });
          // What is durable is not sent again.
          const next = error instanceof CodedError ? error.details['next_sequence'] : undefined;
          if (typeof next === 'number') left = left.slice(next);
          await sleep(retryMs, undefined, { signal: needs.signal }).catch(() => undefined);
        }
      }
      return true;
    },
  };
}
