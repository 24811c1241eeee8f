import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { Actor } from '../audit-event.ts';
import type { LedgerClient } from '../ledger-client.ts';
import { LedgerError } from '../errors.ts';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { Outbox } from '../outbox.ts';
import type { WitnessSays } from './ask-witness.ts';
import type { CallWitness } from './call-witness.ts';
import { createClosedLogs } from './closed-logs.ts';
import type { ClosedLog } from './closed-logs.ts';
import { createWitnessAlarms } from './witness-alarms.ts';
import { createWitnessChanges, signAnywayEvent } from './witness-changes.ts';
import type { WitnessChanges } from './witness-changes.ts';
import { witnessEvent } from './witness-events.ts';
import { nameOf } from './witness-gate.ts';
import type { Heard, WitnessGate } from './witness-gate.ts';
import { createTailWatch } from './tail-watch.ts';
import type { Tail } from './tail-watch.ts';
import { createWitnessRounds } from './witness-rounds.ts';
import type { Standing } from './witness-rounds.ts';
import type { Cosigned, QuorumCheckpoint, Witness, WitnessPolicy, WitnessStore } from './witness-store.ts';

export type WitnessState = {
  readonly witness: Witness;
  /** Of the newest log. */
  readonly cosigned: Cosigned | undefined;
  readonly standing: Readonly<Standing>;
};

export type WitnessReport = {
  readonly witnesses: readonly WitnessState[];
  readonly policy: WitnessPolicy;
  readonly log: { readonly number: number; readonly size: number; readonly signing: string };
  readonly quorum: QuorumCheckpoint | undefined;
  /** Undefined without witnesses: then nobody outside covers anything. */
  readonly tail: Tail | undefined;
  /** Those that restores closed, oldest first. */
  readonly closed: readonly ClosedLog[];
};

export type Witnesses = WitnessChanges & {
  /** Called every second. */
  tick(): Promise<void>;
  report(): Promise<WitnessReport>;
  /** The newest checkpoint of a log that satisfied the policy. */
  quorum(log: number): Promise<QuorumCheckpoint | undefined>;
  /** An operator answers for witnesses that do not: a held log is signed again. Throws `not_held`. */
  signAnyway(request: { readonly reason: string; readonly actor: Actor }): Promise<void>;
  /** Resolves when nobody is being asked. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export type WitnessesNeeds = {
  readonly store: WitnessStore;
  readonly gate: Pick<WitnessGate, 'heard'>;
  readonly ledger: Pick<
    LedgerClient,
    'head' | 'logs' | 'read' | 'checkpoint' | 'verifierKey' | 'consistency' | 'freeze' | 'sign' | 'status'
  >;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly call: CallWitness;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  readonly deadline: (ms: number) => AbortSignal;
  readonly log: Log;
};

/** Everything about witnesses that runs beside the ledger: asking them, believing only what verifies, and saying what is wrong. */
export function createWitnesses(needs: WitnessesNeeds): Witnesses {
  const { store, ledger, clock } = needs;
  const alarms = createWitnessAlarms(needs);
  const quorums = new Map<number, QuorumCheckpoint | undefined>();
  let ticking = false;
  let unheeded: Heard[] = [];
  let forgottenBefore = 0;

  async function quorum(log: number): Promise<QuorumCheckpoint | undefined> {
    if (!quorums.has(log)) quorums.set(log, await store.quorum(log));
    return quorums.get(log);
  }

  const tail = createTailWatch({ ledger, clock, alarms, quorum });
  const rounds = createWitnessRounds({
    ...needs,
    onSays: heed,
    async onQuorum(log, found) {
      await store.rememberQuorum(log, found);
      if (found.size >= (quorums.get(log)?.size ?? 0)) quorums.set(log, found);
      await signAgain(log);
    },
  });

  const closedLogs = createClosedLogs({
    ...needs,
    quorum,
    async onQuorum(log, found) {
      await store.rememberQuorum(log, found);
      quorums.delete(log);
    },
  });

  async function signAgain(log: number): Promise<void> {
    if (log !== ledger.head().log || (await ledger.status())['signing'] !== 'held') return;
    await ledger.sign();
    await settleHeld(log, 'its witnesses have answered');
  }

  async function settleHeld(log: number, why: string): Promise<void> {
    await alarms.settle(`held/${log}`, (details) =>
      witnessEvent(clock.nowMs(), {
        action: 'ledger.signed-again',
        about: `log ${log}`,
        message: `Log ${log} is signed again: ${why}`,
        details,
      }),
    );
  }

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

  /** What was wrong with a log that is closed will not heal; it stands in the ledger, and a row of it would stand for ever. */
  async function forgetPast(log: number): Promise<void> {
    if (forgottenBefore === log) return;
    await alarms.forget((alarm) => /^(held|refused|fell-back)\//.test(alarm) && Number(alarm.split('/').at(-1)) < log);
    forgottenBefore = log;
  }

  async function heedStart(): Promise<void> {
    const heard = [...unheeded, ...needs.gate.heard()];
    unheeded = [];
    for (const one of heard) {
      try {
        await heed(one.witness, one.log, one.says);
      } catch (error) {
        // The ledger may be away. Some of it is heard at starts alone.
        unheeded.push(one);
        needs.log.warn('What a witness said was not acted on yet', { message: messageOf(error) });
      }
    }
    const { log } = ledger.head();
    await forgetPast(log);
    if ((await ledger.status())['signing'] !== 'held') return;
    await alarms.raise(
      `held/${log}`,
      { log },
      witnessEvent(clock.nowMs(), {
        action: 'ledger.held',
        about: `log ${log}`,
        message: `Log ${log} takes entries and is not signed: at the start too few witnesses vouched that it is the newest of its history`,
        details: { log },
      }),
    );
  }

  return {
    ...createWitnessChanges({
      ...needs,
      rounds,
      isHeld: async () => (await ledger.status())['signing'] === 'held',
      // What was wrong with it is nobody's concern any more, and without witnesses no tail is expected to be seen.
      onRemoved: (id, isLast) =>
        alarms.forget((alarm) => alarm.split('/').includes(id) || (isLast && alarm === 'tail')),
    }),
    async tick() {
      if (ticking) return;
      ticking = true;
      try {
        await heedStart();
        await rounds.tick();
        if ((await store.list()).length > 0) {
          await tail.watch(await store.policy());
          closedLogs.tick();
        }
      } catch (error) {
        needs.log.warn('The witnesses were not looked after', { message: messageOf(error) });
      } finally {
        ticking = false;
      }
    },
    async report() {
      const { log, index } = ledger.head();
      const [witnesses, policy, cosigned, found] = await Promise.all([
        store.list(),
        store.policy(),
        store.cosigned(log),
        quorum(log),
      ]);
      const signing = await ledger.status().then(
        (status) => status['signing'],
        () => undefined,
      );
      return {
        witnesses: witnesses.map((witness) => ({
          witness,
          cosigned: cosigned.get(witness.id),
          standing: rounds.standingOf(witness.id),
        })),
        policy,
        log: { number: log, size: index, signing: typeof signing === 'string' ? signing : 'away' },
        quorum: found,
        tail: witnesses.length === 0 ? undefined : await tail.look(policy),
        closed: await closedLogs.report(),
      };
    },
    quorum,
    async signAnyway({ reason, actor }) {
      const { log } = ledger.head();
      if ((await ledger.status())['signing'] !== 'held')
        throw new LedgerError('not_held', `Cannot vouch for log ${log}: nothing keeps it from being signed`);
      await alarms.tell(signAnywayEvent(clock.nowMs(), { actor, reason, log }));
      await ledger.sign();
      await settleHeld(log, 'an operator answered for its witnesses');
    },
    async settled() {
      await Promise.all([rounds.settled(), closedLogs.settled()]);
    },
    async close() {
      await Promise.all([rounds.stop(), closedLogs.stop()]);
    },
  };
}

/** How long a witness must have been without a fault before that is told: it may turn well and bad with each answer. */
const recoveryMs = 300_000;

/** What evidence of an entry is to carry. */
export function cosignedOf(found: QuorumCheckpoint | undefined): CosignedCheckpoint | undefined {
  return found === undefined ? undefined : { checkpoint: found.checkpoint, witnessKeys: found.witnessKeys };
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
