import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { Actor } from '../audit-event.ts';
import type { LedgerClient } from '../ledger-client.ts';
import { LedgerError } from '../errors.ts';
import type { CosignedCheckpoint } from '../log-prover.ts';
import type { Outbox } from '../outbox.ts';
import type { CallWitness } from './call-witness.ts';
import { createClosedLogs } from './closed-logs.ts';
import type { ClosedLog } from './closed-logs.ts';
import { createWitnessAlarms } from './witness-alarms.ts';
import { createWitnessChanges, signAnywayEvent } from './witness-changes.ts';
import type { WitnessChanges } from './witness-changes.ts';
import { witnessEvent } from './witness-events.ts';
import { createWitnessHeeding } from './witness-heeding.ts';
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
  const heed = createWitnessHeeding({ store, ledger, clock, alarms });
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

/** What evidence of an entry is to carry. */
export function cosignedOf(found: QuorumCheckpoint | undefined): CosignedCheckpoint | undefined {
  return found === undefined ? undefined : { checkpoint: found.checkpoint, witnessKeys: found.witnessKeys };
}
