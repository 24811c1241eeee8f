import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import { IdentityError } from '../errors.ts';
import { createWorkQueue } from './work-queue.ts';

/** What is wrong with a password, for people, or undefined. `related`: what a guesser knows, such as the person's name. Throws `password_breached`. */
export type PasswordStrength = (password: string, related: readonly string[]) => Promise<string | undefined>;

const deadlineMs = 20_000;
const maxWaiting = 16;
/** Only who has a link or a session comes this far. */
const everybody = { source: '', isKnown: false };
/** Of 4: beyond 10^8 guesses. */
const leastScore = 3;

/**
 * How long the thread stays when nobody asks: the lists take 90 MB and a third of a second to load. A password is set rarely, and then
 * often by several people who were invited together, or a second time by somebody whose first was refused.
 */
const keptMs = 10_000;

/** Estimates offline with word lists, common passwords and keyboard patterns, in a thread of its own: one at a time. */
export function createPasswordStrength(breached?: { has(password: string): Promise<boolean> }): PasswordStrength {
  const enqueue = createWorkQueue({ maxWaiting, maxPerSource: maxWaiting });
  const estimate = createEstimate();
  return (password, related) =>
    enqueue(async () => {
      if ((await breached?.has(password)) === true) throw known();
      const { score, warning } = await estimate(password, related);
      if (score >= leastScore) return undefined;
      return warning === '' ? 'it is easy to guess' : warning;
    }, everybody);
}

function known(): IdentityError {
  const reason = 'it stands on a list of passwords that were stolen elsewhere, which guessers try first';
  return new IdentityError('password_breached', `Cannot use this password: ${reason}`, { details: { reason } });
}

type Estimate = { readonly score: number; readonly warning: string };

/** Not asked while it is answering. What takes too long is ended, and so is what fails: the next password has another thread. */
function createEstimate(): (password: string, related: readonly string[]) => Promise<Estimate> {
  let kept: Worker | undefined;

  function open(): Worker {
    const worker = new Worker(new URL('./password-strength-worker.ts', import.meta.url), {
      env: compileCacheEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const forget = (): void => {
      if (kept === worker) kept = undefined;
    };
    // Also while nobody asks: an error that nobody hears would end the server.
    worker.on('error', forget).on('exit', forget);
    kept = worker;
    return worker;
  }

  function end(worker: Worker): void {
    if (kept === worker) kept = undefined;
    void worker.terminate();
  }

  let leaving: NodeJS.Timeout | undefined;
  return async (password, related) => {
    clearTimeout(leaving);
    const worker = kept ?? open();
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<Estimate>();
    const onMessage = (answer: unknown): void => {
      if (isEstimate(answer)) resolve(answer);
      else reject(new TypeError('Cannot read the estimate of a password'));
    };
    const onExit = (code: number): void =>
      reject(new Error(`Cannot judge the password: the thread ended with ${code}`));
    const timer = setTimeout(
      () => reject(new IdentityError('passwords_busy', 'Cannot judge the password now: it takes too long')),
      deadlineMs,
    );
    worker.once('message', onMessage).once('error', reject).once('exit', onExit);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage({ password, related });
    try {
      const estimate = await promise;
      leaving = setTimeout(() => end(worker), keptMs).unref();
      return estimate;
    } catch (error) {
      end(worker);
      throw error;
    } finally {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', reject).off('exit', onExit);
      worker.unref();
    }
  };
}

function isEstimate(value: unknown): value is { score: number; warning: string } {
  if (typeof value !== 'object' || value === null || !('score' in value) || !('warning' in value)) return false;
  return typeof value.score === 'number' && typeof value.warning === 'string';
}
