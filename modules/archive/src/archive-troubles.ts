import type { Clock } from '@sallyport/platform/clock';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { ArchiveAlarms } from './archive-alarms.ts';
import type { ArchiveFailure } from './archive-report.ts';

const firstRetryMs = 5000;
const longestRetryMs = 600_000;
/** Failures in a row before it is an alarm; what does not pass by itself is one at once. */
const patience = 3;
const lasting: ReadonlySet<string> = new Set([
  'archive_invalid',
  'archive_settings_invalid',
  'bucket_not_lockable',
  'name_taken',
  'off_site_mismatch',
  'off_site_refused',
]);

/** What keeps the archive from taking what is due: told, and tried again after pauses that grow. */
export type ArchiveTroubles = {
  readonly current: () => ArchiveFailure | undefined;
  /** Whether it is time to try again. */
  mayTry(): boolean;
  failed(error: unknown): Promise<void>;
  succeeded(): Promise<void>;
  /** Of another place nothing is known yet. */
  forget(): void;
};

export function createArchiveTroubles(needs: {
  readonly clock: Clock;
  readonly log: Log;
  readonly alarms: ArchiveAlarms;
}): ArchiveTroubles {
  const { clock, log, alarms } = needs;
  let failure: (ArchiveFailure & { readonly tries: number; readonly tryAtMs: number }) | undefined;

  async function failed(error: unknown): Promise<void> {
    const code = codeOf(error) ?? 'unknown';
    const tries = (failure?.tries ?? 0) + 1;
    const pauseMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(tries - 1, 20));
    const nowMs = clock.nowMs();
    failure = {
      code,
      message: messageOf(error),
      sinceMs: failure?.sinceMs ?? nowMs,
      nextTryMs: nowMs + pauseMs,
      tries,
      tryAtMs: clock.monotonicMs() + pauseMs,
    };
    log.warn('The archive does not take what is due', { code, message: failure.message });
    if (tries < patience && !lasting.has(code)) return;
    await alarms.raise('failing', {
      action: 'archive.failing',
      outcome: 'failure',
      message: `Nothing more is archived: ${failure.message}`,
      details: { code, reason: failure.message },
    });
  }
  async function succeeded(): Promise<void> {
    failure = undefined;
    await alarms.settle('failing', (details) => ({
      action: 'archive.working-again',
      outcome: 'success',
      message: 'The archive takes what is due again',
      details,
    }));
  }

  return {
    current: () => failure,
    mayTry: () => failure === undefined || clock.monotonicMs() >= failure.tryAtMs,
    failed,
    succeeded,
    forget() {
      failure = undefined;
    },
  };
}
