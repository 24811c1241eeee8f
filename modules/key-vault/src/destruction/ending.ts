import { codeOf } from '@sallyport/platform/errors';
import { destroyBegun, destroyCondemned } from '../epoch-destruction.ts';
import type { DestructionOrder } from '../epoch-destruction.ts';
import type { VaultEpoch } from '../vault-format.ts';
import { completeIntents } from './completing.ts';
import { finalKeyIds } from './final-keys.ts';
import { change, idsOf, vaultItself, withHeld } from './run-needs.ts';
import type { RunNeeds, StepInput, StepNeed } from './run-needs.ts';
import type { Intent, Section } from './section.ts';
import { refusal } from './store.ts';
import type { Vouching } from './time-evidence.ts';

const finalAction = 'vault.destruction_final';
const pendingLookEveryMs = 3_600_000;

/** The last gate, and what comes after it: the master keys that open older copies. */
export type Ending = {
  /** Takes what has left the vault over the point of no return, as far as it can go now. */
  end(input: StepInput): Promise<StepNeed>;
  /** Goes on telling providers what they were told, and says of each destruction how it ended. */
  complete(): Promise<void>;
};

export function createEnding(needs: RunNeeds): Ending {
  const { state, store } = needs;
  const nowMs = (): number => needs.vault.clock.nowMs();
  let lastPendingLookMs = -Infinity;
  const announced = new Set<string>();

  /** In the turn of the commit: nobody stopped it, nothing it holds is held, its signatures count. */
  function refuseStopped(intents: readonly Intent[]): void {
    for (const intent of intents) {
      if (intent.ended !== undefined || intent.suspended !== undefined || withHeld(needs, intent) !== intent)
        throw refusal(`Cannot go on with destruction "${intent.id}": it was stopped, suspended or touches a held key`);
      if (finalKeyIds(intent).some((id) => state.record(id)?.state !== 'destroyed'))
        throw refusal(`Cannot go on with destruction "${intent.id}": a key of its list lives`);
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
        nowMs(),
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
    if (log === undefined || index === undefined)
      throw refusal('Cannot go on: the ledger does not have the last entry yet');
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
      const marked = change(nowMs(), ids, (intent) => ({
        ...intent,
        stage,
        ...(more.fence === undefined ? {} : { fence: more.fence }),
        ...(more.exported === undefined ? {} : { exported: more.exported }),
      }))(section);
      return change(
        nowMs(),
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

  async function destroy(
    intents: readonly Intent[],
    fence: Vouching | undefined,
    exported: StepInput['exported'],
  ): Promise<StepNeed> {
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
          const present = section.intents.filter(
            ({ id, stage }) => ids.has(id) && (stage === 'rotated' || stage === 'removed'),
          );
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
    const left = store
      .get()
      .intents.filter(({ id, stage }) => ids.has(id) && (stage === 'rotated' || stage === 'removed'));
    if (left.length > 0) {
      refuseStopped(left.filter(({ stage }) => stage === 'rotated'));
      store.update(markRemoved(idsOf(left), 'destroying', { fence: fence?.checkpoint, exported }));
    }
    if (leaving.length > 0) needs.removed(leaving.flatMap(finalKeyIds));
    return { kind: 'nothing' };
  }

  /** A provider that destroys by itself later is asked now and then; one that has been told and did not answer, each time. */
  function orderAgain(epoch: VaultEpoch): DestructionOrder | undefined {
    const atMs = needs.vault.clock.monotonicMs();
    if (epoch.stage === 'pending' && atMs - lastPendingLookMs < pendingLookEveryMs) return undefined;
    if (epoch.stage === 'pending') lastPendingLookMs = atMs;
    const intent = store
      .get()
      .intents.find(({ epochs, exported }) => epochs.includes(epoch.epoch) && exported !== undefined);
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
    async end({ hasOffSite, exported }) {
      recordFinal(goingOn(hasOffSite));
      await needs.send();
      const intents = goingOn(hasOffSite);
      if (intents.length === 0) return { kind: 'nothing' };
      const fenced = fenceOf(intents);
      if ('need' in fenced) return fenced.need;
      if (hasOffSite) return destroy(intents, fenced.fence, exported);
      remove(intents, fenced.fence);
      return { kind: 'nothing' };
    },
    async complete() {
      await destroyBegun(needs.vault, state, orderAgain);
      await completeIntents({ vault: needs.vault, store, state });
    },
  };
}
