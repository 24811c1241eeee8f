import { finalKeyIds } from './final-keys.ts';
import { judgeIntent } from './judging.ts';
import { change, idsOf, vaultItself, withHeld } from './run-needs.ts';
import type { RunNeeds } from './run-needs.ts';
import type { Intent } from './section.ts';

const isInFlight = ({ stage }: Intent): boolean => stage === 'begun' || stage === 'rotated';

/** How keys leave the vault, and come back as long as somebody may still stop it. */
export type Leaving = {
  /** Begun or rotated: the former vault lies aside. */
  inFlight(): Intent[];
  begin(): void;
  rotate(): Promise<void>;
  bringBack(): Promise<void>;
};

export function createLeaving(needs: RunNeeds): Leaving {
  const { state, store, aside } = needs;
  const nowMs = (): number => needs.vault.clock.nowMs();
  const inFlight = (): Intent[] => store.get().intents.filter(isInFlight);

  /** Everything that is ready now goes in one batch: one rotation, one copy elsewhere. */
  function begin(): void {
    const facts = needs.facts();
    const ready = facts.section.intents
      .filter(({ stage, kind }) => stage === 'proposed' && (kind === 'request' || kind === 'expiry'))
      .flatMap((intent) => {
        const { keyIds, kept, obstacles } = judgeIntent(facts, intent);
        return obstacles.length === 0 && keyIds.length > 0 ? [{ intent, keyIds, kept }] : [];
      });
    // One batch of expiries a day, whatever was proposed meanwhile.
    const firstExpiry = ready.find(({ intent }) => intent.kind === 'expiry');
    // A key that stands in two lists goes with the first of them: what one of them stops must not be certified by the other.
    const named = new Set<string>();
    const taken = ready.filter(({ intent, keyIds }) => {
      if (intent.kind === 'expiry' && intent !== firstExpiry?.intent) return false;
      if (keyIds.some((id) => named.has(id))) return false;
      for (const id of keyIds) named.add(id);
      return true;
    });
    if (taken.length === 0) return;
    needs.requireSameMachine();
    const kept = new Map(taken.map((one) => [one.intent.id, [...one.kept]]));
    store.update((section) => {
      const begun = change(
        nowMs(),
        new Set(kept.keys()),
        (intent) => ({
          ...intent,
          stage: 'begun',
          kept: kept.get(intent.id) ?? [],
          waited: { evidence: facts.evidence.kind, neededMs: intent.kind === 'request' ? section.waitMs : 0 },
        }),
        (intent) => ({
          action: 'vault.destruction_begun',
          message: `The destruction of ${finalKeyIds(intent).length} keys has begun`,
          by: vaultItself,
          target: { type: 'destruction', id: intent.id },
          details: { digest_round: intent.round, key_ids: finalKeyIds(intent), kept: intent.kept },
        }),
      )(section);
      return !taken.some(({ intent }) => intent.kind === 'expiry')
        ? begun
        : { ...begun, lastExpiry: store.moment(begun.nextSequence - 1) };
    });
  }

  /** The vault goes on without the keys; the former one lies aside. */
  async function rotate(): Promise<void> {
    const begun = inFlight().filter(({ stage }) => stage === 'begun');
    const isGone = (id: string): boolean => state.record(id)?.state === 'destroyed';
    // Stopped while the rotation ran, which then did not come back: its keys have left all the same, and are brought back.
    const isStopped = (intent: Intent): boolean =>
      (intent.ended !== undefined || intent.suspended !== undefined) && !finalKeyIds(intent).every(isGone);
    const stopped = begun.filter(isStopped);
    if (stopped.length > 0)
      store.update(
        change(nowMs(), idsOf(stopped), (intent) => ({
          ...intent,
          stage: intent.ended === undefined ? 'proposed' : 'cancelled',
        })),
      );
    let going = begun.filter((intent) => !isStopped(intent));
    if (going.length === 0) return;
    if (!going.flatMap(finalKeyIds).every(isGone)) {
      needs.requireSameMachine();
      store.update(change(nowMs(), idsOf(going), (intent) => withHeld(needs, intent)));
      going = store.get().intents.filter(({ id }) => idsOf(going).has(id));
      aside.keep();
      const without = new Set(going.flatMap(finalKeyIds));
      await needs.rotateWithout(without, {
        by: 'vault',
        reason: `destruction ${going.map(({ id }) => id).join(' ')}`.slice(0, 400),
      });
    }
    const epochs = state
      .header()
      .epochs.flatMap(({ stage, epoch, wraps }) =>
        stage === 'condemned' && wraps.some(({ wrapped }) => wrapped !== '') ? [epoch] : [],
      );
    store.update(change(nowMs(), idsOf(going), (intent) => ({ ...intent, stage: 'rotated', epochs })));
  }

  /** What was cancelled or held since the rotation is wrapped again. */
  async function bringBack(): Promise<void> {
    for (const intent of inFlight()) {
      if (intent.stage !== 'rotated') continue;
      const staying = intent.ended === undefined ? withHeld(needs, intent).kept.slice(intent.kept.length) : [];
      const keyIds = intent.ended === undefined ? staying.map(({ keyId }) => keyId) : finalKeyIds(intent);
      if (keyIds.length === 0 && intent.ended === undefined) continue;
      const reason = intent.ended === undefined ? 'held meanwhile' : `cancelled: ${intent.ended.reason}`;
      await aside.bringBack(keyIds, { atMs: nowMs(), by: intent.ended?.by ?? 'vault', reason });
      const kept = [...intent.kept, ...staying];
      const isEmpty = finalKeyIds({ ...intent, kept }).length === 0;
      const stage = intent.ended !== undefined ? 'cancelled' : isEmpty ? 'emptied' : intent.stage;
      store.update(
        change(
          nowMs(),
          idsOf([intent]),
          (one) => ({ ...one, kept, stage }),
          () => ({
            action: 'vault.keys_brought_back',
            message: `${keyIds.length} keys that were to be destroyed were brought back`,
            by: vaultItself,
            target: { type: 'destruction', id: intent.id },
            details: { key_ids: keyIds, reason },
          }),
        ),
      );
    }
  }

  return { inFlight, begin, rotate, bringBack };
}
