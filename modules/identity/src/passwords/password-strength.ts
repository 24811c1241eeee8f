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
 * Estimates offline with word lists, common passwords and keyboard patterns. Runs in a thread of its own, gone afterwards:
 * the lists take 90 MB and a third of a second to load, and a password is set rarely.
 */
export function createPasswordStrength(breached?: { has(password: string): Promise<boolean> }): PasswordStrength {
  const enqueue = createWorkQueue({ maxWaiting, maxPerSource: maxWaiting });
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

function estimate(password: string, related: readonly string[]): Promise<{ score: number; warning: string }> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./password-strength-worker.ts', import.meta.url), {
      workerData: { password, related },
      env: compileCacheEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const timer = setTimeout(() => {
      reject(new IdentityError('passwords_busy', 'Cannot judge the password now: it takes too long'));
      void worker.terminate();
    }, deadlineMs);
    worker.once('message', (answer: unknown) => {
      if (isEstimate(answer)) resolve(answer);
      else reject(new TypeError('Cannot read the estimate of a password'));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`Cannot judge the password: the thread ended with ${code}`));
    });
  });
}

function isEstimate(value: unknown): value is { score: number; warning: string } {
  if (typeof value !== 'object' || value === null || !('score' in value) || !('warning' in value)) return false;
  return typeof value.score === 'number' && typeof value.warning === 'string';
}
