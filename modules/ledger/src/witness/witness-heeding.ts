import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { LedgerClient } from '../ledger-client.ts';
import type { WitnessSays } from './ask-witness.ts';
import type { WitnessAlarms } from './witness-alarms.ts';
import { witnessEvent } from './witness-events.ts';
import { nameOf } from './witness-gate.ts';
import type { Witness, WitnessStore } from './witness-store.ts';

/** How long a witness must have been without a fault before that is told: it may turn well and bad with each answer. */
const recoveryMs = 300_000;

/** What follows from what a witness said: what is wrong is told, and a proof that the log is not the newest ends it. */
export function createWitnessHeeding(needs: {
  readonly store: WitnessStore;
  readonly ledger: Pick<LedgerClient, 'head' | 'freeze'>;
  readonly clock: Clock;
  readonly alarms: WitnessAlarms;
}): (witness: Witness, log: number, says: WitnessSays) => Promise<void> {
  const { store, ledger, clock, alarms } = needs;

  async function heed(witness: Witness, log: number, says: WitnessSays): Promise<void> {
    const name = nameOf(witness.verifierKey);
    const about = { about: name };
    const told = { witness: name, url: witness.url, log };
    const recovered = (alarm: string): Promise<void> =>
      alarms.settle(
        alarm,
        (details) =>
          witnessEvent(clock.nowMs(), {
            ...about,
            action: 'witness.recovered',
            message: `Witness "${name}" cosigns log ${log} again`,
            details,
          }),
        recoveryMs,
      );
    if (says.fellBackTo !== undefined) {
      const had = (await store.cosigned(log)).get(witness.id)?.size ?? 0;
      await alarms.raise(
        `fell-back/${witness.id}/${log}`,
        told,
        witnessEvent(clock.nowMs(), {
          ...about,
          action: 'witness.fell-back',
          message: `Witness "${name}" names ${says.fellBackTo} entries of log ${log} as the newest it has cosigned, and it had cosigned more: it was put back, or its state is lost`,
          details: { ...told, size: says.fellBackTo, cosigned: had },
        }),
      );
    }
    switch (says.kind) {
      case 'cosigned':
        for (const alarm of ['refused', 'fell-back'].map((kind) => `${kind}/${witness.id}/${log}`))
          await recovered(alarm);
        await recovered(`wrong/${witness.id}`);
        return;
      case 'ahead':
      case 'conflict':
      case 'superseded':
        await heedRefusal({ witness, name, log, told }, says);
        return;
      case 'none':
        if (says.why !== 'wrong_answer' && says.why !== 'wrong_time') return;
        await alarms.raise(
          `wrong/${witness.id}`,
          told,
          witnessEvent(clock.nowMs(), {
            ...about,
            action: 'witness.wrong-answer',
            message: `Witness "${name}" gave an answer that is not believed: ${says.message}`,
            details: { ...told, reason: says.message },
          }),
        );
    }
  }

  /** Its bare word is told and nothing more; a checkpoint under our own key that contradicts the log ends that log. */
  async function heedRefusal(
    { witness, name, log, told }: { witness: Witness; name: string; log: number; told: JsonObject },
    says: Extract<WitnessSays, { kind: 'ahead' | 'conflict' | 'superseded' }>,
  ): Promise<void> {
    const held = says.kind === 'superseded' ? undefined : says.held;
    const outside = held === undefined ? undefined : { log, checkpoint: held, witness: name };
    // Kept first: whether or not anybody can be asked at the next start, it will be judged there.
    if (outside !== undefined) await store.rememberHeldOutside(outside);
    // Heard at a start, it was judged there.
    const isPast = log !== ledger.head().log;
    const isProven = outside !== undefined && (isPast || (await ledger.freeze(outside)));
    await alarms.raise(
      `refused/${witness.id}/${log}`,
      { ...told, proven: isProven },
      witnessEvent(clock.nowMs(), {
        action: 'witness.refused',
        about: name,
        message: `Witness "${name}" refuses log ${log}: ${refusalWords(says)}${isProven ? '. It shows the signature of this log for it: the log is closed, and the next one goes on' : ''}`,
        details: {
          ...told,
          proven: isProven,
          ...(says.kind === 'ahead' ? { size: says.size } : {}),
          ...(says.kind === 'superseded' ? { successors: [...says.origins] } : {}),
          ...(held === undefined ? {} : { checkpoint: held }),
        },
      }),
    );
  }

  return heed;
}

function refusalWords(says: Extract<WitnessSays, { kind: 'ahead' | 'conflict' | 'superseded' }>): string {
  switch (says.kind) {
    case 'ahead':
      return `it has cosigned ${says.size} entries, more than there are here; this ledger was put back, or a copy of it runs elsewhere`;
    case 'conflict':
      return 'it has cosigned another history of it';
    case 'superseded':
      return `it knows logs that follow it (${says.origins.join(', ')}), and here there are none; this ledger was put back`;
  }
}
