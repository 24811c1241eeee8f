import { parseSignedCheckpoint, parseVerifierKey } from '@sallyport/merkle-log';
import { witnessCount } from './counted-witnesses.ts';
import type { Clock } from '@sallyport/platform/clock';
import type { BegunLog, OutsideAnswer, ProveConsistency } from '../asking-outside.ts';
import type { HeldOutside } from '../restored-event.ts';
import { askWhetherNewest } from './ask-witness.ts';
import type { WitnessSays } from './ask-witness.ts';
import type { CallWitness } from './call-witness.ts';
import type { Witness, WitnessStore } from './witness-store.ts';

/** What a witness said of a log, to be acted on and told once the ledger is open. */
export type Heard = { readonly witness: Witness; readonly log: number; readonly says: WitnessSays };

/** Asks the witnesses at a start, before anything is signed. */
export type WitnessGate = {
  /**
   * Within seconds. A checkpoint that proves another history leads to the next log; so does one of the control database. Without
   * proof: signs when as many cosign as the policy asks for, else holds, where a quorum has vouched for this log before or
   * somebody claims to know more of it. A log no quorum ever saw has nothing to lose to a witness that is away.
   */
  ask(begun: BegunLog, consistency: ProveConsistency): Promise<OutsideAnswer>;
  /** What was heard since the last call. */
  heard(): readonly Heard[];
};

const timeoutMs = 4000;
/** When enough have cosigned, whoever is slower is heard in the rounds that follow: a proof against the log closes it then, too. */
const graceMs = 250;

export function createWitnessGate(needs: {
  readonly store: WitnessStore;
  readonly call: CallWitness;
  readonly clock: Clock;
  readonly deadline: (ms: number) => AbortSignal;
}): WitnessGate {
  const { store } = needs;
  const askNeeds = { call: needs.call, nowMs: () => needs.clock.nowMs() };
  let waiting: Heard[] = [];

  return {
    async ask(begun, consistency) {
      const { log, checkpoint } = begun;
      const [witnesses, policy, kept, quorum, cosigned] = await Promise.all([
        store.list(),
        store.policy(),
        store.heldOutside(log),
        store.quorum(log),
        store.cosigned(log),
      ]);
      const outside: HeldOutside[] = [
        ...kept,
        ...(quorum === undefined
          ? []
          : [{ log, checkpoint: quorum.checkpoint, witness: nameOf(quorum.witnessKeys[0]) }]),
      ];
      if (witnesses.length === 0) return { outside };
      const size = checkpoint === undefined ? 0 : parseSignedCheckpoint(checkpoint).checkpoint.treeSize;
      if (checkpoint === undefined || size === 0) return { outside, hold: quorum !== undefined };
      const given = new AbortController();
      const signal = AbortSignal.any([needs.deadline(timeoutMs), given.signal]);
      const cosigners: string[] = [];
      const heard = await Promise.all(
        witnesses.map(async (witness) => {
          const cosignedSize = cosigned.get(witness.id)?.size ?? 0;
          const logKey = begun.verifierKey;
          const question = { witness, checkpoint, logKey, oldSize: size, cosignedSize, consistency, signal };
          const says = await askWhetherNewest(askNeeds, question);
          if (says.kind === 'cosigned') cosigners.push(witness.verifierKey);
          if (witnessCount(cosigners) >= policy.needed) whenGone(needs.deadline(graceMs), () => given.abort());
          return { witness, log, says };
        }),
      );
      waiting.push(...heard);
      for (const { witness, says } of heard) {
        if (says.kind === 'cosigned') await store.rememberCosigned(witness.id, log, { size, atMs: says.atMs });
        const held = says.kind === 'ahead' || says.kind === 'conflict' ? says.held : undefined;
        if (held !== undefined) outside.push({ log, checkpoint: held, witness: nameOf(witness.verifierKey) });
      }
      const isEnough = witnessCount(cosigners) >= policy.needed;
      const isDoubted = heard.some(({ says }) => says.kind !== 'cosigned' && says.kind !== 'none');
      return { outside, hold: !isEnough && (isDoubted || quorum !== undefined) };
    },
    heard() {
      const heard = waiting;
      waiting = [];
      return heard;
    },
  };
}

function whenGone(signal: AbortSignal, work: () => void): void {
  if (signal.aborted) work();
  else signal.addEventListener('abort', work, { once: true });
}

/** The name in a vkey, which is how people know a witness. */
export function nameOf(verifierKey: string | undefined): string {
  return verifierKey === undefined ? '' : parseVerifierKey(verifierKey).name;
}
