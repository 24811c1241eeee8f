import { checkCold } from './cold-check.ts';
import { providerOf } from './epoch-keys.ts';
import { noteStages } from './epoch-history.ts';
import { KeyVaultError } from './errors.ts';
import type { DestructionPermit, Receipt } from './key-provider.ts';
import type { ByWhom } from './key-life.ts';
import type { KeyVaultNeeds } from './needs.ts';
import { epochId } from './vault-format.ts';
import type { EpochHistory, EpochStage, EpochWrap, VaultEpoch, VaultList } from './vault-format.ts';
import type { VaultState } from './vault-state.ts';

export type DestructionOrder = ByWhom & {
  /** SHA-256 of the vault's file as read back from where it is kept off this machine. */
  readonly exportHash: string;
  /** The position of the ledger's record of this destruction, and the cosigned checkpoint that covers it. */
  readonly record: string;
  readonly fence: string;
  /**
   * Called in the turn of the write after which providers are told: what must hold then is looked at here, and what else is
   * to be true from then on is added. What it throws stops everything.
   */
  readonly atLastGate?: (list: VaultList) => VaultList;
};

export type EpochDestruction = {
  readonly epoch: number;
  readonly stage: EpochStage;
  readonly receipts: readonly Receipt[];
};

/**
 * Destroys the master keys of condemned epochs at their providers. Before the first call: the file on the disk is the one
 * kept elsewhere, and opens cold with every key. `destroying` is durable before a provider is told, so that a crash is
 * followed by telling it again; `destroyed` is said only of what the provider says is absent.
 * Throws `destruction_refused` when the copy elsewhere is not the newest.
 */
export async function destroyCondemned(
  needs: KeyVaultNeeds,
  state: VaultState,
  order: DestructionOrder,
): Promise<EpochDestruction[]> {
  const condemned = state.header().epochs.filter(({ stage }) => stage === 'condemned');
  if (condemned.some(wasUsed)) {
    const hash = await checkCold(needs, state);
    if (hash !== order.exportHash) {
      throw new KeyVaultError(
        'destruction_refused',
        'Cannot destroy the former master keys: the copy of the vault kept elsewhere is not the newest',
        { hint: 'export the vault again, read it back there, and give its SHA-256' },
      );
    }
  }
  const done: EpochDestruction[] = [];
  for (const epoch of condemned) done.push(await destroyEpoch(needs, state, epoch, order));
  return done;
}

/** Goes on telling providers what they have been told, until they say that the master keys are gone. */
export async function destroyBegun(
  needs: KeyVaultNeeds,
  state: VaultState,
  orderOf: (epoch: VaultEpoch) => DestructionOrder | undefined,
): Promise<void> {
  for (const epoch of state.header().epochs) {
    if (epoch.stage !== 'destroying' && epoch.stage !== 'pending') continue;
    const order = orderOf(epoch);
    if (order !== undefined) await destroyEpoch(needs, state, epoch, order);
  }
}

/** Master keys of epochs that were given up before they wrapped anything: no copy of the vault needs them. */
export async function destroyUnused(needs: KeyVaultNeeds, state: VaultState, { by, reason }: ByWhom): Promise<void> {
  const order = { by, reason, exportHash: '', record: '', fence: '' };
  for (const epoch of state.header().epochs) {
    const isGivenUp = epoch.stage === 'condemned' || epoch.stage === 'destroying' || epoch.stage === 'pending';
    if (isGivenUp && !wasUsed(epoch)) await destroyEpoch(needs, state, epoch, order);
  }
}

async function destroyEpoch(
  needs: KeyVaultNeeds,
  state: VaultState,
  epoch: VaultEpoch,
  order: DestructionOrder,
): Promise<EpochDestruction> {
  if (epoch.stage === 'condemned')
    writeStage(needs, state, { epoch: { ...epoch, stage: 'destroying' }, by: order, receipts: [] });
  const receipts: Receipt[] = [];
  for (const { provider, name, reference } of epoch.wraps) {
    const permit: DestructionPermit = {
      name,
      reference,
      vaultGeneration: state.header().generation,
      exportHash: wasUsed(epoch) ? order.exportHash : undefined,
      why: wasUsed(epoch) ? { record: order.record, fence: order.fence } : 'never-used',
    };
    receipts.push(await providerOf(needs, provider).destroy(name, permit, needs.signal));
  }
  const stage = stageAfter(receipts);
  const wraps = epoch.wraps.map((wrap): EpochWrap => (stage === 'destroyed' ? { ...wrap, wrapped: '' } : wrap));
  writeStage(needs, state, { epoch: { ...epoch, stage, wraps }, by: order, receipts });
  return { epoch: epoch.epoch, stage, receipts };
}

function stageAfter(receipts: readonly Receipt[]): EpochStage {
  const kinds = receipts.map(({ presence }) => presence.kind);
  if (kinds.every((kind) => kind === 'absent')) return 'destroyed';
  return kinds.every((kind) => kind === 'absent' || kind === 'pending') ? 'pending' : 'destroying';
}

/** With the last master key of an epoch, its purpose keys are gone for good. */
function writeStage(
  needs: KeyVaultNeeds,
  state: VaultState,
  change: {
    readonly epoch: VaultEpoch;
    readonly by: Pick<DestructionOrder, 'by' | 'reason' | 'atLastGate'>;
    readonly receipts: readonly Receipt[];
  },
): void {
  const { epoch, receipts } = change;
  const { by, reason, atLastGate } = change.by;
  const list =
    epoch.stage === 'destroying' && receipts.length === 0 ? (atLastGate?.(state.list()) ?? state.list()) : state.list();
  const atMs = needs.clock.nowMs();
  const epochs = state.header().epochs.map((one) => (one.epoch === epoch.epoch ? epoch : one));
  const kept = noteStages(list.epochs, epochs, { atMs, by, reason }).map((one): EpochHistory =>
    one.epoch === epoch.epoch ? { ...one, receipts: [...one.receipts, ...receipts.map(shown)] } : one,
  );
  const records = list.records.map((record): VaultList['records'][number] =>
    epoch.stage === 'destroyed' && record.parent === epochId(epoch.epoch) && record.state !== 'destroyed'
      ? {
          ...record,
          state: 'destroyed',
          wrapped: '',
          history: [...record.history, { atMs, by, reason, state: 'destroyed' }],
        }
      : record,
  );
  state.commit({ list: { ...list, records, epochs: kept }, epochs });
}

function shown({ name, presence, done, notPromised }: Receipt): EpochHistory['receipts'][number] {
  return { name, presence: presence.kind, done: [...done], notPromised: [...notPromised] };
}

const wasUsed = (epoch: VaultEpoch): boolean => epoch.wraps.some((wrap) => wrap.wrapped !== '');
