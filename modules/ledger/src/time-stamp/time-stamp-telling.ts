import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { WitnessAlarms } from '../witness/witness-alarms.ts';
import type { StampAnswer } from './stamp-checkpoint.ts';
import { timeStampEvent } from './time-stamp-events.ts';
import type { StoredStamp, TimeAuthority } from './time-stamp-store.ts';

/** Alarms about authorities: one that is not believed, one that stamps nothing any more, and that it is well again. */
export type TimeStampTelling = {
  tellAnswer(authority: TimeAuthority, answer: StampAnswer): Promise<void>;
  tellLate(authority: TimeAuthority, newest: StoredStamp | undefined, problem: string | undefined): Promise<void>;
};

export function createTimeStampTelling({
  clock,
  alarms,
}: {
  readonly clock: Clock;
  readonly alarms: WitnessAlarms;
}): TimeStampTelling {
  async function tellAnswer({ id, url }: TimeAuthority, answer: StampAnswer): Promise<void> {
    const details: JsonObject = { id, url };
    const said = (action: 'time-authority.recovered' | 'ledger.time-stamps-resumed') => (about: JsonObject) =>
      timeStampEvent(clock.nowMs(), {
        action,
        about: url,
        message: `${url} stamps checkpoints again`,
        details: about,
      });
    if (answer.kind === 'stamped') {
      await alarms.settle(`time-stamp/wrong/${id}`, said('time-authority.recovered'));
      await alarms.settle(`time-stamp/late/${id}`, said('ledger.time-stamps-resumed'));
    }
    if (answer.kind !== 'wrong') return;
    await alarms.raise(
      `time-stamp/wrong/${id}`,
      details,
      timeStampEvent(clock.nowMs(), {
        action: 'time-authority.wrong-answer',
        about: url,
        message: `The time-stamp of ${url} is not believed: ${answer.message}`,
        details: { ...details, reason: answer.message },
      }),
    );
  }

  async function tellLate(
    { id, url }: TimeAuthority,
    newest: StoredStamp | undefined,
    problem: string | undefined,
  ): Promise<void> {
    const since = newest === undefined ? undefined : new Date(newest.atMs).toISOString();
    await alarms.raise(
      `time-stamp/late/${id}`,
      { id, url },
      timeStampEvent(clock.nowMs(), {
        action: 'ledger.time-stamps-late',
        about: url,
        message: `${url} has stamped no checkpoint ${since === undefined ? 'of this log' : `since ${since}`}: ${problem ?? 'it was not asked'}`,
        details: { id, url, ...(since === undefined ? {} : { since }) },
      }),
    );
  }

  return { tellAnswer, tellLate };
}
