import { codeOf } from '@sallyport/platform/errors';
import { destroyBegun, destroyCondemned } from '../epoch-destruction.ts';
import type { DestructionOrder } from '../epoch-destruction.ts';
import type { ByWhom } from '../key-life.ts';
import type { KeyVaultNeeds } from '../needs.ts';
import type { VaultEpoch } from '../vault-format.ts';
import type { VaultState } from '../vault-state.ts';
import { completeIntents } from './completing.ts';
import { withEntry } from './entries.ts';
import type { Said } from './entries.ts';
import { finalKeyIds } from './final-keys.ts';
import { heldKeyIds } from './holding.ts';
import { judgeIntent, isShorter } from './judging.ts';
import type { JudgingFacts } from './judging.ts';
import type { Intent, Section } from './section.ts';
import type { SetAside } from './set-aside.ts';
import type { DestructionStore } from './store.ts';
import { refusal } from './store.ts';
import type { Vouching } from './time-evidence.ts';

/** What is wanted of the outside before the run can go on. */
export type StepNeed =
  | { readonly kind: 'nothing' }
  /** A quorum's signatures over a tree that holds this entry. */
  | { readonly kind: 'fence'; readonly log: number; readonly index: number }
  /** The vault's file, stored elsewhere and read back from there. */
  | { readonly kind: 'export'; readonly generation: number };

export type StepInput = {
  /** Whether there is a place apart from this machine. */
  readonly hasOffSite: boolean;
  /** What was read back from there. */
  readonly exported?: { readonly sha256: string; readonly location: string; readonly generation: number } | undefined;
};

export type RunNeeds = {
  readonly vault: KeyVaultNeeds;
  readonly state: VaultState;
  readonly store: DestructionStore;
  readonly aside: SetAside;
  readonly send: () => Promise<void>;
  readonly facts: () => JudgingFacts;
  readonly rotateWithout: (without: ReadonlySet<string>, who: ByWhom) => Promise<void>;
  readonly requireSameMachine: () => void;
  /** Covers an entry of ours with a quorum's fresh signatures, or undefined. */
  readonly fenceOver: (log: number, index: number) => Vouching | undefined;
  /** These keys are beyond recall here. */
  readonly removed: (keyIds: readonly string[]) => void;
};

const vaultItself = { id: 'vault', name: 'Key vault' };
const finalAction = 'vault.destruction_final';
const pendingLookEveryMs = 3_600_000;
const isInFlight = ({ stage }: Intent): boolean => stage === 'begun' || stage === 'rotated';

/**
 * Carries out what is ready, one durable step after another; wherever it is cut off, the next call goes on there. Before the
 * commit that says `removed` or `destroying` everything can be stopped; what must hold then is looked at in that very turn.
 */
export function createRun(needs: RunNeeds): { step(input: StepInput): Promise<StepNeed> } {
  const { state, store, aside } = needs;
  const nowMs = (): number => needs.vault.clock.nowMs();
  const inFlight = (): Intent[] => store.get().intents.filter(isInFlight);
  const change = (ids: ReadonlySet<string>, edit: (intent: Intent) => Intent, said?: (intent: Intent) => Said) =>
    (section: Section): Section => {
      let next = { ...section, intents: section.intents.map((one) => (ids.has(one.id) ? edit(one) : one)) };
      for (const intent of next.intents)
        if (said !== undefined && ids.has(intent.id)) next = withEntry(next, nowMs(), said(intent));
      return next;
    };
  let lastPendingLookMs = -Infinity;
  const announced = new Set<string>();
  const idsOf = (intents: readonly Intent[]): ReadonlySet<string> => new Set(intents.map(({ id }) => id));

  /** Policies and releases take effect once nothing stands in their way. */
  function settleAgreements(): void {
    for (const intent of store.get().intents) {
      if (intent.stage !== 'proposed' || (intent.kind !== 'policy' && intent.kind !== 'release')) continue;
      if (judgeIntent(needs.facts(), intent).obstacles.length > 0) continue;
      store.update((section) => agreed(change(idsOf([intent]), (one) => ({ ...one, stage: 'agreed' }))(section), intent));
    }
  }

  function agreed(section: Section, intent: Intent): Section {
    const { policy, holdId, id } = intent;
    const by = vaultItself;
    const target = { type: 'destruction', id };
    if (policy !== undefined) {
      // Somebody may have set a shorter one since: what two people signed last holds.
      const details = { ...policy, shorter: isShorter(section, policy) };
      const policies = section.policies.filter((one) => one.class !== policy.class);
      return withEntry({ ...section, policies: [...policies, { ...policy, id, agreedAtMs: nowMs() }] }, nowMs(), {
        action: 'vault.policy_agreed',
        message: `What is kept of "${policy.class}" is ${policy.keepDays ?? 'all'} days from now on`,
        by,
        target,
        details,
      });
    }
    const hold = section.holds.find((one) => one.id === holdId);
    return withEntry({ ...section, holds: section.holds.filter((one) => one.id !== holdId) }, nowMs(), {
      action: 'vault.hold_released',
      message: `Two people released the legal hold "${hold?.name ?? holdId ?? ''}"`,
      by,
      target,
      details: { hold_id: holdId ?? '' },
    });
  }

  /** Everything that is ready now goes in one batch: one rotation, one copy elsewhere. */
  function begin(): void {
    const facts = needs.facts();
    const ready = facts.section.intents
      .filter(({ stage, kind }) => stage === 'proposed' && (kind === 'request' || kind === 'expiry'))
      .flatMap((intent) => {
        const { keyIds, kept, obstacles } = judgeIntent(facts, intent);
        return obstacles.length === 0 && keyIds.length > 0 ? [{ intent, kept }] : [];
      });
    // One batch of expiries a day, whatever was proposed meanwhile.
    const [firstExpiry] = ready.filter(({ intent }) => intent.kind === 'expiry');
    const taken = ready.filter((one) => one.intent.kind === 'request' || one === firstExpiry);
    if (taken.length === 0) return;
    needs.requireSameMachine();
    const kept = new Map(taken.map((one) => [one.intent.id, [...one.kept]]));
    store.update((section) => {
      const begun = change(
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
      return firstExpiry === undefined ? begun : { ...begun, lastExpiry: store.moment(begun.nextSequence - 1) };
    });
  }

  /** The vault goes on without the keys; the former one lies aside. */
  async function rotate(): Promise<void> {
    const begun = inFlight().filter(({ stage }) => stage === 'begun');
    const stopped = begun.filter(({ ended }) => ended !== undefined);
    if (stopped.length > 0) store.update(change(idsOf(stopped), (intent) => ({ ...intent, stage: 'cancelled' })));
    let going = begun.filter(({ ended }) => ended === undefined);
    if (going.length === 0) return;
    const isGone = (id: string): boolean => state.record(id)?.state === 'destroyed';
    if (!going.flatMap(finalKeyIds).every(isGone)) {
      needs.requireSameMachine();
      store.update(change(idsOf(going), withHeld));
      going = store.get().intents.filter(({ id }) => idsOf(going).has(id));
      aside.keep();
      const without = new Set(going.flatMap(finalKeyIds));
      await needs.rotateWithout(without, { by: 'vault', reason: `destruction ${going.map(({ id }) => id).join(' ')}`.slice(0, 400) });
    }
    const epochs = state.header().epochs.flatMap(({ stage, epoch, wraps }) =>
      stage === 'condemned' && wraps.some(({ wrapped }) => wrapped !== '') ? [epoch] : [],
    );
    store.update(change(idsOf(going), (intent) => ({ ...intent, stage: 'rotated', epochs })));
  }

  /** Keys held since the list was made final stay. */
  function withHeld(intent: Intent): Intent {
    const { holds } = store.get();
    const { records } = state.list();
    const held = finalKeyIds(intent).flatMap((keyId) => {
      const hold = holds.find((one) => heldKeyIds(one, records).includes(keyId));
      return hold === undefined ? [] : [{ keyId, why: 'held' as const, by: hold.id }];
    });
    return held.length === 0 ? intent : { ...intent, kept: [...intent.kept, ...held] };
  }

  /** What was cancelled or held since the rotation is wrapped again. */
  async function bringBack(): Promise<void> {
    for (const intent of inFlight()) {
      if (intent.stage !== 'rotated') continue;
      const staying = intent.ended === undefined ? withHeld(intent).kept.slice(intent.kept.length) : [];
      const keyIds = intent.ended === undefined ? staying.map(({ keyId }) => keyId) : finalKeyIds(intent);
      if (keyIds.length === 0 && intent.ended === undefined) continue;
      const reason = intent.ended === undefined ? 'held meanwhile' : `cancelled: ${intent.ended.reason}`;
      await aside.bringBack(keyIds, { atMs: nowMs(), by: intent.ended?.by ?? 'vault', reason });
      const kept = [...intent.kept, ...staying];
      const isEmpty = finalKeyIds({ ...intent, kept }).length === 0;
      const stage = intent.ended !== undefined ? 'cancelled' : isEmpty ? 'emptied' : intent.stage;
      store.update(
        change(
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

  /** In the turn of the commit: nobody stopped it, nothing it holds is held, its signatures count. */
  function refuseStopped(intents: readonly Intent[]): void {
    for (const intent of intents) {
      if (intent.ended !== undefined || intent.suspended !== undefined || withHeld(intent) !== intent)
        throw refusal(`Cannot go on with destruction "${intent.id}": it was stopped, suspended or touches a held key`);
    }
  }

  /** What is to go on now. Without another place only the last step before the point of no return is taken. */
  function goingOn(hasOffSite: boolean): Intent[] {
    const { intents } = store.get();
    // One that lost its signatures meanwhile may still want its keys back, which takes the former master key.
    if (intents.some(({ stage, suspended }) => stage === 'rotated' && suspended !== undefined)) return [];
    return intents.filter(
      ({ stage, suspended }) => suspended === undefined && (stage === 'rotated' || (hasOffSite && stage === 'removed')),
    );
  }

  /**
   * Before witnesses are asked. Once more in each life of this process: a copy of this machine made meanwhile holds what was
   * signed before, and cannot get this signed.
   */
  function recordFinal(intents: readonly Intent[]): void {
    const isFenced = store.get().witnesses !== undefined;
    const fresh = intents.filter(({ id, entries }) =>
      isFenced ? !announced.has(id) : !entries.some(({ action }) => action === finalAction),
    );
    if (fresh.length === 0) return;
    for (const { id } of fresh) announced.add(id);
    store.update(
      change(
        idsOf(fresh),
        (intent) => intent,
        (intent) => ({
          action: finalAction,
          message: `${finalKeyIds(intent).length} keys are about to be destroyed`,
          by: vaultItself,
          target: { type: 'destruction', id: intent.id },
          details: { key_ids: finalKeyIds(intent), epochs: intent.epochs },
        }),
      ),
    );
  }

  const finalEntry = ({ entries }: Intent) => entries.findLast(({ action }) => action === finalAction);

  /** The newest of the entries a fence has to cover, when the vault knows witnesses. */
  function fenceOf(intents: readonly Intent[]): { need: StepNeed } | { fence: Vouching | undefined } {
    if (store.get().witnesses === undefined) return { fence: undefined };
    const last = intents
      .flatMap((intent) => finalEntry(intent) ?? [])
      .reduce<{ log?: number | undefined; index?: number | undefined }>(
        (latest, one) => ((one.index ?? 0) >= (latest.index ?? -1) ? one : latest),
        {},
      );
    const { log, index } = last;
    if (log === undefined || index === undefined) throw refusal('Cannot go on: the ledger does not have the last entry yet');
    const fence = needs.fenceOver(log, index);
    return fence === undefined ? { need: { kind: 'fence', log, index } } : { fence };
  }

  function remove(intents: readonly Intent[], fence: Vouching | undefined): void {
    const leaving = intents.filter(({ stage }) => stage === 'rotated');
    if (leaving.length === 0) return;
    refuseStopped(leaving);
    store.update(markRemoved(idsOf(leaving), 'removed', { fence: fence?.checkpoint }));
    needs.removed(leaving.flatMap(finalKeyIds));
  }

  function markRemoved(
    ids: ReadonlySet<string>,
    stage: 'removed' | 'destroying',
    more: { readonly fence: string | undefined; readonly exported?: StepInput['exported'] },
  ): (section: Section) => Section {
    const wasHere = new Set(store.get().intents.flatMap((one) => (one.stage === 'rotated' ? [one.id] : [])));
    return (section) => {
      const marked = change(ids, (intent) => ({
        ...intent,
        stage,
        ...(more.fence === undefined ? {} : { fence: more.fence }),
        ...(more.exported === undefined ? {} : { exported: more.exported }),
      }))(section);
      return change(
        new Set([...ids].filter((id) => wasHere.has(id))),
        (intent) => intent,
        (intent) => ({
          action: 'vault.keys_removed',
          message: `This vault lives without ${finalKeyIds(intent).length} keys for good`,
          by: vaultItself,
          target: { type: 'destruction', id: intent.id },
          details: { key_ids: finalKeyIds(intent) },
        }),
      )(marked);
    };
  }

  async function destroy(intents: readonly Intent[], fence: Vouching | undefined, exported: StepInput['exported']): Promise<StepNeed> {
    const { generation } = state.header();
    const isCondemned = state.header().epochs.some(({ stage }) => stage === 'condemned');
    if (isCondemned && exported?.generation !== generation) return { kind: 'export', generation };
    needs.requireSameMachine();
    const ids = idsOf(intents);
    const leaving = intents.filter(({ stage }) => stage === 'rotated');
    const last = intents.flatMap((intent) => finalEntry(intent) ?? []).at(-1);
    try {
      await destroyCondemned(needs.vault, state, {
        by: 'vault',
        reason: 'destruction',
        exportHash: exported?.sha256 ?? '',
        record: `${last?.log ?? 0}:${last?.index ?? 0}`,
        fence: fence?.checkpoint ?? 'no witnesses',
        atLastGate(list) {
          const section = list.destruction;
          if (section === undefined || ids.size === 0) return list;
          const present = section.intents.filter(({ id, stage }) => ids.has(id) && (stage === 'rotated' || stage === 'removed'));
          if (present.length === 0) return list;
          refuseStopped(present.filter(({ stage }) => stage === 'rotated'));
          const mark = markRemoved(idsOf(present), 'destroying', { fence: fence?.checkpoint, exported });
          return { ...list, destruction: store.current(mark(section)) };
        },
      });
    } catch (error) {
      // Something was written since it was read back: it has to be stored once more.
      if (codeOf(error) === 'destruction_refused' && state.header().generation !== generation)
        return { kind: 'export', generation: state.header().generation };
      throw error;
    }
    // Their epochs were destroyed with an earlier batch.
    const left = store.get().intents.filter(({ id, stage }) => ids.has(id) && (stage === 'rotated' || stage === 'removed'));
    if (left.length > 0) {
      refuseStopped(left.filter(({ stage }) => stage === 'rotated'));
      store.update(markRemoved(idsOf(left), 'destroying', { fence: fence?.checkpoint, exported }));
    }
    if (leaving.length > 0) needs.removed(leaving.flatMap(finalKeyIds));
    return { kind: 'nothing' };
  }

  async function goOn({ hasOffSite, exported }: StepInput): Promise<StepNeed> {
    settleAgreements();
    if (store.get().mustRotate === true) {
      await needs.rotateWithout(new Set(), { by: 'vault', reason: 'after a restore' });
      store.update(({ mustRotate: _, ...section }) => section);
    }
    // What was begun with the old vault aside is ended before anything else is.
    if (inFlight().length === 0) begin();
    await needs.send();
    await rotate();
    await bringBack();
    recordFinal(goingOn(hasOffSite));
    await needs.send();
    const intents = goingOn(hasOffSite);
    if (intents.length > 0) {
      const fenced = fenceOf(intents);
      if ('need' in fenced) return fenced.need;
      if (!hasOffSite) remove(intents, fenced.fence);
      else {
        const need = await destroy(intents, fenced.fence, exported);
        if (need.kind !== 'nothing') return need;
      }
    }
    if (inFlight().length === 0) aside.erase();
    return { kind: 'nothing' };
  }

  /** A provider that destroys by itself later is asked now and then; one that has been told and did not answer, each time. */
  function orderAgain(epoch: VaultEpoch): DestructionOrder | undefined {
    const atMs = needs.vault.clock.monotonicMs();
    if (epoch.stage === 'pending' && atMs - lastPendingLookMs < pendingLookEveryMs) return undefined;
    if (epoch.stage === 'pending') lastPendingLookMs = atMs;
    const intent = store.get().intents.find(({ epochs, exported }) => epochs.includes(epoch.epoch) && exported !== undefined);
    const last = intent === undefined ? undefined : finalEntry(intent);
    return {
      by: 'vault',
      reason: 'destruction',
      exportHash: intent?.exported?.sha256 ?? '',
      record: `${last?.log ?? 0}:${last?.index ?? 0}`,
      fence: intent?.fence ?? 'no witnesses',
    };
  }

  return {
    async step(input) {
      const need = await goOn(input);
      await destroyBegun(needs.vault, state, orderAgain);
      await completeIntents({ vault: needs.vault, store, state });
      await needs.send();
      return need;
    },
  };
}
