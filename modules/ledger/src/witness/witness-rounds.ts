import { formatNote, parseNote, parseSignedCheckpoint } from '@sallyport/merkle-log';
import { enoughSince } from './counted-witnesses.ts';
import type { NoteSignature } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { LedgerClient } from '../ledger-client.ts';
import { askWhetherNewest, askWitness } from './ask-witness.ts';
import type { NoAnswer, WitnessSays } from './ask-witness.ts';
import type { CallWitness } from './call-witness.ts';
import type { QuorumCheckpoint, Witness, WitnessStore } from './witness-store.ts';

/** How a witness stands, since this process started. */
export type Standing = {
  busy: boolean;
  failures: number;
  /** By the monotonic clock. */
  nextAtMs: number;
  lastAskedAtMs: number | undefined;
  lastAnsweredAtMs: number | undefined;
  trouble: { readonly kind: NoAnswer | 'ahead' | 'conflict'; readonly message: string } | undefined;
};

export type WitnessRounds = {
  /** Starts what is due; resolves when it is started, not when it is answered. */
  tick(): Promise<void>;
  /** Asks one witness now, whatever failed before, and resolves with its answer. */
  askNow(witness: Witness): Promise<WitnessSays | undefined>;
  /** Whether the present round is enough, now that the policy or the witnesses are others. */
  recount(): Promise<void>;
  standingOf(id: string): Readonly<Standing>;
  /** Resolves when nobody is being asked. */
  settled(): Promise<void>;
  stop(): Promise<void>;
};

type Round = {
  readonly log: number;
  readonly logKey: string;
  readonly checkpoint: string;
  readonly size: number;
  readonly beganMs: number;
  /** Those who have cosigned it. */
  readonly done: Set<string>;
  readonly signatures: Map<string, { readonly signature: NoteSignature; readonly atMs: number }>;
};

type RoundsNeeds = {
  readonly store: WitnessStore;
  readonly ledger: Pick<LedgerClient, 'head' | 'checkpoint' | 'verifierKey' | 'consistency' | 'status'>;
  readonly call: CallWitness;
  readonly clock: Clock;
  readonly deadline: (ms: number) => AbortSignal;
  readonly log: Log;
  readonly onSays: (witness: Witness, log: number, says: WitnessSays) => Promise<void>;
  readonly onQuorum: (log: number, quorum: QuorumCheckpoint) => Promise<void>;
};

/** No more often than this is a newer checkpoint sent around. */
export const roundEveryMs = 10_000;
/** A log at rest is shown again this often, so that a witness that is away or fell back is noticed. */
const quietEveryMs = 600_000;
const answerTimeoutMs = 15_000;
const firstPauseMs = 5000;
const longestPauseMs = 300_000;

/**
 * Rounds: one checkpoint, on disk here first, goes to every witness, so that their signatures meet on the same one. A witness that is
 * slow or away joins a later round, has one request under way at a time, and is asked at growing intervals.
 */
export function createWitnessRounds(needs: RoundsNeeds): WitnessRounds {
  const { store, ledger, clock } = needs;
  const standings = new Map<string, Standing>();
  const running = new Set<Promise<unknown>>();
  const stopping = new AbortController();
  let round: Round | undefined;

  const standingOf = (id: string): Standing => {
    const known = standings.get(id) ?? {
      busy: false,
      failures: 0,
      nextAtMs: 0,
      lastAskedAtMs: undefined,
      lastAnsweredAtMs: undefined,
      trouble: undefined,
    };
    standings.set(id, known);
    return known;
  };

  async function presentRound(): Promise<Round | undefined> {
    const { log, index } = ledger.head();
    const beganMs = clock.monotonicMs();
    if (round?.log === log) {
      const ageMs = beganMs - round.beganMs;
      if (ageMs < roundEveryMs || (index <= round.size && ageMs < quietEveryMs)) return round;
    }
    if (index === 0) return undefined;
    const [checkpoint, logKey] = await Promise.all([ledger.checkpoint(log), ledger.verifierKey(log)]);
    const { text, signatures } = parseNote(checkpoint);
    const own = signatures.slice(0, 1);
    const size = parseSignedCheckpoint(checkpoint).checkpoint.treeSize;
    if (size === 0) return undefined;
    // While a held log signs nothing new, those who have not answered are asked the same again.
    if (round?.log === log && round.size === size && beganMs - round.beganMs < quietEveryMs) return round;
    const signed = formatNote({ text, signatures: own });
    round = { log, logKey, checkpoint: signed, size, beganMs, done: new Set(), signatures: new Map() };
    return round;
  }

  async function ask(witness: Witness, { ...present }: Round): Promise<WitnessSays> {
    const standing = standingOf(witness.id);
    standing.busy = true;
    standing.lastAskedAtMs = clock.nowMs();
    try {
      const known = (await store.cosigned(present.log)).get(witness.id);
      // What was doubted at the start is asked again before its signature is let go on.
      const isHeld = (await ledger.status())['signing'] === 'held';
      const says = await (isHeld ? askWhetherNewest : askWitness)(
        { call: needs.call, nowMs: () => clock.nowMs() },
        {
          witness,
          checkpoint: present.checkpoint,
          logKey: present.logKey,
          oldSize: known?.size ?? 0,
          cosignedSize: known?.size ?? 0,
          consistency: (from, to) => ledger.consistency(present.log, from, to),
          signal: AbortSignal.any([stopping.signal, needs.deadline(answerTimeoutMs)]),
        },
      );
      if (stopping.signal.aborted) return says;
      note(standing, says);
      if (says.kind === 'cosigned') {
        present.done.add(witness.id);
        await store.rememberCosigned(witness.id, present.log, { size: present.size, atMs: says.atMs });
        present.signatures.set(witness.id, says);
        await count(present);
      }
      await needs.onSays(witness, present.log, says);
      return says;
    } finally {
      standing.busy = false;
    }
  }

  function note(standing: Standing, says: WitnessSays): void {
    if (says.kind === 'cosigned') {
      Object.assign(standing, { failures: 0, nextAtMs: 0, lastAnsweredAtMs: clock.nowMs(), trouble: undefined });
      return;
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(standing.failures, 10));
    standing.failures += 1;
    standing.nextAtMs = clock.monotonicMs() + pauseMs;
    if (says.kind !== 'none' || says.why !== 'unreachable') standing.lastAnsweredAtMs = clock.nowMs();
    standing.trouble = troubleOf(says);
  }

  /** Enough of the witnesses there are now, on this one checkpoint, each once. */
  async function count(present: Round): Promise<void> {
    const [witnesses, policy] = await Promise.all([store.list(), store.policy()]);
    const signed = witnesses.flatMap((witness) => {
      const found = present.signatures.get(witness.id);
      return found === undefined ? [] : [{ ...found, verifierKey: witness.verifierKey }];
    });
    const atMs = enoughSince(signed, policy.needed);
    if (atMs === undefined) return;
    const { text, signatures } = parseNote(present.checkpoint);
    await needs.onQuorum(present.log, {
      checkpoint: formatNote({ text, signatures: [...signatures, ...signed.map(({ signature }) => signature)] }),
      witnessKeys: signed.map(({ verifierKey }) => verifierKey),
      size: present.size,
      atMs,
    });
  }

  async function settled(): Promise<void> {
    while (running.size > 0) await Promise.allSettled(running);
  }

  function track<Result>(work: Promise<Result>): Promise<Result> {
    const tracked = work.finally(() => running.delete(tracked));
    running.add(tracked);
    tracked.catch((error: unknown) => needs.log.warn('A witness was not asked', { message: messageOf(error) }));
    return tracked;
  }

  return {
    async tick() {
      const witnesses = await store.list();
      if (witnesses.length === 0) return;
      const present = await presentRound();
      if (present === undefined) return;
      for (const witness of witnesses) {
        const { busy, nextAtMs } = standingOf(witness.id);
        if (!busy && clock.monotonicMs() >= nextAtMs && !present.done.has(witness.id))
          void track(ask(witness, present));
      }
    },
    async askNow(witness) {
      round = undefined;
      const present = await presentRound();
      if (present === undefined || standingOf(witness.id).busy) return undefined;
      return track(ask(witness, present));
    },
    async recount() {
      if (round !== undefined) await count(round);
    },
    standingOf,
    settled,
    async stop() {
      stopping.abort();
      await settled();
    },
  };
}

function troubleOf(says: Exclude<WitnessSays, { kind: 'cosigned' }>): Standing['trouble'] {
  switch (says.kind) {
    case 'ahead':
      return { kind: 'ahead', message: `It says it has cosigned ${says.size} entries, more than the log holds` };
    case 'conflict':
      return { kind: 'conflict', message: 'It says it has cosigned another history of this log' };
    case 'superseded':
      return { kind: 'conflict', message: `It knows logs that follow this one: ${says.origins.join(', ')}` };
    case 'none':
      return { kind: says.why, message: says.message };
  }
}
