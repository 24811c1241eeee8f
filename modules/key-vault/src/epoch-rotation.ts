import { checkCold } from './cold-check.ts';
import { destroyUnused } from './epoch-destruction.ts';
import { noteStages } from './epoch-history.ts';
import { activeEpoch, planEpoch, providerOf, wrapEpochKey } from './epoch-keys.ts';
import { KeyVaultError } from './errors.ts';
import type { ProviderKind } from './key-provider.ts';
import type { KeyEvent, KeyRecord } from './key-record.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { createReWrapping } from './re-wrapping.ts';
import { epochId, openList, parseVaultFile } from './vault-format.ts';
import type { VaultEpoch, VaultList } from './vault-format.ts';
import type { VaultState } from './vault-state.ts';
import { createWrapper } from './wrapper.ts';

export type EpochRotation = {
  /** The providers whose master keys wrap the new epoch; any one of them opens it. */
  readonly providers: readonly ProviderKind[];
  /** Keys that are not to survive: only their records go on. */
  readonly without: ReadonlySet<string>;
  /** Whether former epochs are to be destroyed. */
  readonly condemns: boolean;
  readonly event: Pick<KeyEvent, 'by' | 'reason'>;
  readonly moved: (done: number, total: number) => void;
};

/**
 * A new epoch under new master keys, new purpose keys under it, and every surviving data key under those. The steps that last,
 * in order: the new master keys' names; the master keys; both copies under the new epoch; then both are opened from the disk
 * as if nothing were known. A crash before the copies leaves the former epoch in use, after the first of them the new one.
 */
export async function rotateEpoch(needs: KeyVaultNeeds, state: VaultState, request: EpochRotation): Promise<void> {
  const nowMs = (): number => needs.clock.nowMs();
  const event: KeyEvent = { ...request.event, atMs: nowMs(), state: 'active' };
  const identities = await pinIdentities(needs, state.list(), request.providers);
  const planned = plan(needs, state, request);
  // Some places have room for few master keys.
  await destroyUnused(needs, state, request.event);
  const key = state.freshKey(epochId(planned.epoch));
  const wraps = await wrapEpochKey(needs, planned, state.vault, key);
  const wrapper = createWrapper(key, needs.random);

  const isSurvivor = (record: KeyRecord): boolean => !request.without.has(record.id);
  const under = { epoch: planned.epoch, wrapper };
  const moving = createReWrapping(state, { covers: isSurvivor, event, random: needs.random, under });
  await moving.prepare(needs.pause, (done) => request.moved(done, moving.total));

  const before = activeEpoch(state.header());
  const list = state.list();
  const { records, made } = moving.finish(list.records.map((record) => settle(record, request, event)));
  const epochs = state.header().epochs.map((epoch): VaultEpoch => {
    if (epoch.epoch === planned.epoch) return { ...epoch, stage: 'active', wraps };
    // Older epochs sealed older copies of the same keys.
    if (epoch.epoch === before.epoch || epoch.stage === 'retired')
      return { ...epoch, stage: request.condemns ? 'condemned' : 'retired' };
    return epoch;
  });
  const histories = noteStages(list.epochs, epochs, { ...request.event, atMs: event.atMs });
  const next = { ...list, identities, records: [...records, ...made], epochs: histories };
  state.commit({ list: next, epochs, epochKey: key }, (bytes) => {
    // The very bytes that are about to take the place of the former ones.
    const file = parseVaultFile(bytes);
    const again = file === undefined ? undefined : openList(file, createWrapper(key, needs.random));
    if (again?.records.length !== next.records.length)
      throw new KeyVaultError('vault_damaged', 'Cannot rotate the epoch: the new vault does not open');
  });
  await checkCold(needs, state);
}

/** The names of the new master keys, durable. Names planned before and never used are given up. */
function plan(needs: KeyVaultNeeds, state: VaultState, request: EpochRotation): VaultEpoch {
  const { epochs, vault } = state.header();
  const epoch = Math.max(...epochs.map((one) => one.epoch)) + 1;
  const planned = planEpoch({ vault, epoch }, request.providers, needs.random);
  const list = state.list();
  const next = [
    ...epochs.map((one): VaultEpoch => (one.stage === 'creating' ? { ...one, stage: 'condemned' } : one)),
    planned,
  ];
  state.commit({
    list: { ...list, epochs: noteStages(list.epochs, next, { ...request.event, atMs: needs.clock.nowMs() }) },
    epochs: next,
  });
  return planned;
}

/** A key that is not to survive keeps its record alone. Former purpose keys stay with the epoch that wraps them. */
function settle(record: KeyRecord, request: EpochRotation, event: KeyEvent): KeyRecord {
  if (record.level === 'purpose') {
    const history = [...record.history, { ...event, state: 'retired' as const }];
    return { ...record, wrapped: '', ...(record.state === 'active' ? { state: 'retired', history } : {}) };
  }
  if (!request.without.has(record.id) || record.state === 'destroyed') return record;
  return {
    ...record,
    state: 'destroyed',
    wrapped: '',
    history: [...record.history, { ...event, state: 'destroyed' as const }],
  };
}

/** Where each provider was when it was first used; another place under the same name is refused. */
export async function pinIdentities(
  needs: Pick<KeyVaultNeeds, 'providers' | 'signal'>,
  list: Pick<VaultList, 'identities'>,
  kinds: readonly ProviderKind[],
): Promise<VaultList['identities']> {
  const identities = [...list.identities];
  for (const kind of kinds) {
    const { identity } = await providerOf(needs, kind).facts(needs.signal);
    const known = identities.find((one) => one.provider === kind);
    if (known === undefined) identities.push({ provider: kind, identity });
    else if (known.identity !== identity) {
      throw new KeyVaultError(
        'provider_changed',
        `Cannot use provider "${kind}": it is "${identity}", must be "${known.identity}"`,
        { hint: 'set it up as it was, or rotate to another provider first' },
      );
    }
  }
  return identities;
}
