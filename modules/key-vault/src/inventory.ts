import { stateChanges } from './key-record.ts';
import type { KeyEvent, KeyPurpose, KeyRecord, KeyState } from './key-record.ts';
import { epochId, epochNumber } from './vault-format.ts';
import type { EpochHistory, EpochStage, VaultEpoch } from './vault-format.ts';
import type { VaultState } from './vault-state.ts';

/** One key as people see it: everything about it but its bytes. */
export type KeyEntry = {
  /** `epoch-N`, or the 32 hexadecimal digits of a purpose or data key. */
  readonly id: string;
  readonly level: 'epoch' | 'purpose' | 'data';
  readonly purpose: KeyPurpose | undefined;
  readonly label: string;
  readonly version: number;
  readonly state: KeyState;
  readonly algorithm: string;
  readonly createdAtMs: number;
  /** The epoch whose master key it hangs under in the end. */
  readonly epoch: number;
  /** The key that wraps it; for an epoch, the providers that do. */
  readonly wrappedBy: string;
  /** How many keys it wraps itself. */
  readonly wraps: number;
  readonly usedFor: string;
  readonly history: readonly KeyEvent[];
  /** What its state may be changed to now. */
  readonly changes: readonly KeyState[];
  /** Of an epoch: how far its making or destruction is. */
  readonly stage: EpochStage | undefined;
};

const dataKeyFacts: Readonly<Record<KeyPurpose, { readonly algorithm: string; readonly usedFor: string }>> = {
  'block-data': { algorithm: 'AES-256-GCM', usedFor: 'encrypts the events of one class and day in the ledger' },
  'log-signing': { algorithm: 'Ed25519', usedFor: 'signs the checkpoints of one log' },
  'stream-name': { algorithm: 'HMAC-SHA-256', usedFor: 'hides the names of streams and collectors' },
  secret: { algorithm: 'sealed bytes', usedFor: 'kept for the server process under a name' },
  'subject-page': { algorithm: 'AES-256-GCM', usedFor: 'wraps the keys of up to a thousand people or things' },
};
const wrappingAlgorithm = 'AES-256-GCM, one key a wrapping';

const epochStates: Readonly<Record<EpochStage, KeyState>> = {
  creating: 'created',
  active: 'active',
  retired: 'retired',
  condemned: 'retired',
  destroying: 'retired',
  pending: 'retired',
  destroyed: 'destroyed',
};

/** Every key of the vault: epochs first, then purpose keys, then data keys in the order they were made. */
export function listKeys(state: VaultState): KeyEntry[] {
  const { records, epochs } = state.list();
  const below = new Map<string, number>();
  for (const { parent, state: standing } of records)
    if (standing !== 'destroyed') below.set(parent, (below.get(parent) ?? 0) + 1);
  const histories = new Map(epochs.map((history) => [history.epoch, history]));
  const byId = new Map(records.map((record) => [record.id, record]));
  const epochOf = (record: KeyRecord): number => epochNumber(byId.get(record.parent)?.parent ?? record.parent);
  return [
    ...state.header().epochs.map((epoch) => epochEntry(epoch, histories.get(epoch.epoch), below)),
    ...records
      .filter((record) => record.level === 'purpose')
      .map((record) => recordEntry(record, epochNumber(record.parent), below)),
    ...records.filter((record) => record.level === 'data').map((record) => recordEntry(record, epochOf(record), below)),
  ];
}

function epochEntry(epoch: VaultEpoch, kept: EpochHistory | undefined, below: ReadonlyMap<string, number>): KeyEntry {
  const state = kept?.compromised === true && epoch.stage !== 'destroyed' ? 'compromised' : epochStates[epoch.stage];
  return {
    id: epochId(epoch.epoch),
    level: 'epoch',
    purpose: undefined,
    label: '',
    version: epoch.epoch,
    state,
    algorithm: wrappingAlgorithm,
    createdAtMs: kept?.createdAtMs ?? 0,
    epoch: epoch.epoch,
    wrappedBy: epoch.wraps.map((wrap) => wrap.provider).join(', '),
    wraps: below.get(epochId(epoch.epoch)) ?? 0,
    usedFor: 'wraps the purpose keys and seals the list of all keys',
    history: (kept?.history ?? []).map(({ stage, ...event }) => ({ ...event, state: stateOfStage(stage) })),
    changes: state === 'active' || state === 'retired' ? ['compromised'] : [],
    stage: epoch.stage,
  };
}

function recordEntry(record: KeyRecord, epoch: number, below: ReadonlyMap<string, number>): KeyEntry {
  const { id, level, purpose, label, version, state, createdAtMs, parent, history } = record;
  const facts = dataKeyFacts[purpose];
  return {
    id,
    level,
    purpose,
    label,
    version,
    state,
    algorithm: level === 'purpose' ? wrappingAlgorithm : facts.algorithm,
    createdAtMs,
    epoch,
    wrappedBy: parent,
    wraps: below.get(id) ?? 0,
    usedFor: level === 'purpose' ? `wraps the keys for "${purpose}"` : facts.usedFor,
    history,
    changes: stateChanges(record),
    stage: undefined,
  };
}

function stateOfStage(stage: string): KeyState {
  if (stage === 'compromised') return 'compromised';
  const known = Object.entries(epochStates).find(([name]) => name === stage);
  return known?.[1] ?? 'retired';
}
