import { formatNote, parseNote, parseSignedCheckpoint } from '@sallyport/merkle-log';
import { enoughSince } from './counted-witnesses.ts';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { LedgerClient } from '../ledger-client.ts';
import { askWitness } from './ask-witness.ts';
import type { CallWitness } from './call-witness.ts';
import type { QuorumCheckpoint, WitnessStore } from './witness-store.ts';

/** How the end of a log that a restore closed stands; it will never be signed again. */
export type ClosedLog = {
  readonly number: number;
  readonly size: number;
  /** What its newest checkpoint covers; nothing past it was ever signed. */
  readonly signedSize: number;
  /** What enough witnesses have cosigned. */
  readonly witnessedSize: number;
  /**
   * `whole`: all of it is witnessed. `asking`: its last checkpoint goes round until enough have cosigned it. `fixed-by-next`: its end has
   * no witness and never will, but the first entry of the next log commits to its root, and that one is witnessed. `never`: nobody
   * outside has seen its end, nor anything that commits to it.
   */
  readonly end: 'whole' | 'asking' | 'fixed-by-next' | 'never';
};

const askEveryMs = 600_000;
const answerTimeoutMs = 15_000;
/** Those before had their turn. */
const mostAsked = 4;

/** Sends the last checkpoint of each closed log round, as long as it lacks witnesses, and says what of it nobody saw. */
export function createClosedLogs(needs: {
  readonly store: WitnessStore;
  readonly ledger: Pick<LedgerClient, 'head' | 'logs' | 'checkpoint' | 'consistency'>;
  readonly call: CallWitness;
  readonly clock: Clock;
  readonly deadline: (ms: number) => AbortSignal;
  readonly quorum: (log: number) => Promise<QuorumCheckpoint | undefined>;
  readonly onQuorum: (log: number, quorum: QuorumCheckpoint) => Promise<void>;
  readonly log: Log;
}): {
  /** Starts asking when it is time. */
  tick(): void;
  report(): Promise<readonly ClosedLog[]>;
  /** Resolves when nobody is being asked. */
  settled(): Promise<void>;
  stop(): Promise<void>;
} {
  const { store, ledger, clock } = needs;
  /** Checkpoints of closed logs no longer change. */
  const checkpoints = new Map<number, string | undefined>();
  /** Of witnesses that said their last word on one: they hold another history of it, or more. */
  const refused = new Map<number, Set<string>>();
  const stopping = new AbortController();
  let nextAtMs = 0;
  let asking: Promise<void> = Promise.resolve();
  let isAsking = false;

  const closed = () => ledger.logs().filter(({ number }) => number < ledger.head().log);

  async function checkpointOf(log: number): Promise<string | undefined> {
    if (!checkpoints.has(log)) {
      const found = await ledger.checkpoint(log).catch((error: unknown) => {
        if (codeOf(error) === 'unsigned') return undefined;
        throw error;
      });
      checkpoints.set(log, found);
    }
    return checkpoints.get(log);
  }

  async function askFor(log: number, logKey: string): Promise<void> {
    const published = await checkpointOf(log);
    if (published === undefined) return;
    const { text, signatures: all } = parseNote(published);
    const own = all.slice(0, 1);
    const checkpoint = formatNote({ text, signatures: own });
    const size = parseSignedCheckpoint(checkpoint).checkpoint.treeSize;
    if (size === 0 || ((await needs.quorum(log))?.size ?? 0) >= size) return;
    const [witnesses, policy, cosigned] = await Promise.all([store.list(), store.policy(), store.cosigned(log)]);
    const signal = AbortSignal.any([stopping.signal, needs.deadline(answerTimeoutMs)]);
    const given = await Promise.all(
      witnesses.map(async (witness) => {
        const known = cosigned.get(witness.id)?.size ?? 0;
        const question = { witness, checkpoint, logKey, oldSize: known, cosignedSize: known, signal };
        const says = await askWitness(
          { call: needs.call, nowMs: () => clock.nowMs() },
          { ...question, consistency: (from, to) => ledger.consistency(log, from, to) },
        );
        if (says.kind === 'ahead' || says.kind === 'conflict')
          refused.set(log, (refused.get(log) ?? new Set()).add(witness.id));
        if (says.kind !== 'cosigned') return [];
        await store.rememberCosigned(witness.id, log, { size, atMs: says.atMs });
        return [{ signature: says.signature, atMs: says.atMs, verifierKey: witness.verifierKey }];
      }),
    );
    const signed = given.flat();
    const atMs = enoughSince(signed, policy.needed);
    if (atMs === undefined) return;
    await needs.onQuorum(log, {
      checkpoint: formatNote({ text, signatures: [...own, ...signed.map(({ signature }) => signature)] }),
      witnessKeys: signed.map(({ verifierKey }) => verifierKey),
      size,
      atMs,
    });
  }

  return {
    tick() {
      const logs = closed();
      if (isAsking || logs.length === 0 || clock.monotonicMs() < nextAtMs) return;
      nextAtMs = clock.monotonicMs() + askEveryMs;
      isAsking = true;
      asking = (async () => {
        for (const { number, verifierKey } of logs.slice(-mostAsked)) await askFor(number, verifierKey);
      })()
        .catch((error: unknown) =>
          needs.log.warn('A closed log was not shown to witnesses', { message: messageOf(error) }),
        )
        .finally(() => {
          isAsking = false;
        });
    },
    async report() {
      const witnesses = await store.list();
      return Promise.all(
        closed().map(async ({ number, size = 0 }): Promise<ClosedLog> => {
          const published = await checkpointOf(number).catch(() => undefined);
          const signedSize = published === undefined ? 0 : parseSignedCheckpoint(published).checkpoint.treeSize;
          const witnessedSize = (await needs.quorum(number))?.size ?? 0;
          const mayCome = witnesses.some(({ id }) => refused.get(number)?.has(id) !== true);
          const isNextWitnessed = ((await needs.quorum(number + 1))?.size ?? 0) > 0;
          const rest = isNextWitnessed ? 'fixed-by-next' : 'never';
          const end = witnessedSize >= size ? 'whole' : witnessedSize < signedSize && mayCome ? 'asking' : rest;
          return { number, size, signedSize, witnessedSize, end };
        }),
      );
    },
    settled: () => asking,
    async stop() {
      stopping.abort();
      await asking;
    },
  };
}
