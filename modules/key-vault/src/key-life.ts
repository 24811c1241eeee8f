import type { Clock } from '@sallyport/platform/clock';
import { KeyVaultError } from './errors.ts';
import { changeState, isReplaceable, recordContext } from './key-record.ts';
import type { KeyEvent, KeyPurpose, KeyRecord, KeyState } from './key-record.ts';
import { activeEpoch } from './epoch-keys.ts';
import { epochId, epochNumber } from './vault-format.ts';
import type { VaultList } from './vault-format.ts';
import type { VaultState } from './vault-state.ts';
import type { Wrapper } from './wrapper.ts';

/** Who asks for a change of a key, and why: kept with the key. */
export type ByWhom = { readonly by: string; readonly reason: string };

const labelPattern = /^[a-z0-9][a-z0-9./:-]{0,99}$/;
const maxHistory = 100;

/** Making data keys and changing the state of keys: each is one write of the vault. */
export type KeyLife = {
  /** The record new things are sealed with, if there is one. */
  inUse(purpose: KeyPurpose, label: string): KeyRecord | undefined;
  /** A new version of a data key, on disk in both copies. `created` leaves the one in use in place. */
  make(
    named: { readonly purpose: KeyPurpose; readonly label: string; readonly state?: 'active' | 'created' },
    who: ByWhom,
    bytes?: Uint8Array,
  ): KeyRecord;
  change(id: string, to: KeyState, who: ByWhom): void;
};

export function createKeyLife(state: VaultState, clock: Clock, observedMs: () => number = () => 0): KeyLife {
  const eventOf = (to: KeyState, { by, reason }: ByWhom): KeyEvent => ({
    atMs: clock.nowMs(),
    state: to,
    by: by.slice(0, 200),
    reason: reason.slice(0, 500),
  });
  const inUse = (purpose: KeyPurpose, label: string): KeyRecord | undefined => {
    if (isReplaceable({ level: 'data', purpose })) return state.active('data', purpose, label);
    const newest = state.newest('data', purpose, label);
    return newest?.state === 'destroyed' ? undefined : newest;
  };
  /** The purpose key in use, and its record when it has to be made with what it wraps. */
  const purposeKey = (purpose: KeyPurpose): { record: KeyRecord; made: KeyRecord[] } => {
    const active = state.active('purpose', purpose, '');
    if (active !== undefined) return { record: active, made: [] };
    const newest = state.newest('purpose', purpose, '');
    const { record } = newPurposeKey(
      state,
      { purpose, version: (newest?.version ?? 0) + 1 },
      eventOf('active', firstUse),
    );
    return { record, made: [record] };
  };

  return {
    inUse,
    make({ purpose, label, state: standing = 'active' }, who, bytes) {
      if (!labelPattern.test(label))
        throw new KeyVaultError(
          'label_invalid',
          `Cannot store key "${label}": label must match ${labelPattern.source}`,
        );
      const parent = purposeKey(purpose);
      const id = state.freshId();
      const replaced = inUse(purpose, label);
      const named = {
        id,
        level: 'data' as const,
        purpose,
        label,
        version: (state.newest('data', purpose, label)?.version ?? 0) + 1,
        parent: parent.record.id,
      };
      const wrapper = state.wrapperOf(parent.record);
      const record: KeyRecord = {
        ...named,
        createdAtMs: clock.nowMs(),
        state: standing,
        wrapped: wrapper.wrap(bytes ?? state.freshKey(id), recordContext(state.vault, named)).toString('base64'),
        history: [eventOf(standing, who)],
        ...(isReplaceable(named) ? { observedMs: Math.floor(observedMs()) } : {}),
      };
      const list = state.list();
      const kept = standing === 'created' ? list.records : withReplaced(list, replaced, eventOf('retired', who));
      state.commit({ list: { ...list, records: [...kept, ...parent.made, record] } });
      return record;
    },
    change(id, to, who) {
      const list = state.list();
      const event = eventOf(to, who);
      const epoch = state.header().epochs.find((one) => epochId(one.epoch) === id);
      if (epoch !== undefined) {
        state.commit({ list: markEpoch(list, epochNumber(id), event, epoch.stage) });
        return;
      }
      const record = state.record(id);
      if (record === undefined)
        throw new KeyVaultError('vault_key_unknown', `Cannot change key "${id}": there is none`);
      const changed = changeState(record, event);
      const before = to === 'active' ? inUse(record.purpose, record.label) : undefined;
      const records = withReplaced(list, before, eventOf('retired', who)).map((other) =>
        other.id === id ? { ...changed, history: changed.history.slice(-maxHistory) } : other,
      );
      state.commit({ list: { ...list, records } });
    },
  };
}

const firstUse: ByWhom = { by: 'vault', reason: 'first use' };

/** A purpose key wrapped by an epoch, the active one unless told; not in the list yet. */
export function newPurposeKey(
  state: VaultState,
  { purpose, version, under }: NewPurposeKey,
  event: KeyEvent,
): { readonly record: KeyRecord; readonly bytes: Buffer } {
  const id = state.freshId();
  const { epoch, wrapper } = under ?? { epoch: activeEpoch(state.header()).epoch, wrapper: state.wrapperOf('epoch') };
  const named = { id, level: 'purpose' as const, purpose, label: '', version, parent: epochId(epoch) };
  const bytes = state.freshKey(id);
  const wrapped = wrapper.wrap(bytes, recordContext(state.vault, named)).toString('base64');
  return { record: { ...named, createdAtMs: event.atMs, state: 'active', wrapped, history: [event] }, bytes };
}

type NewPurposeKey = {
  readonly purpose: KeyPurpose;
  readonly version: number;
  readonly under?: { readonly epoch: number; readonly wrapper: Wrapper };
};

/** A secret stored anew takes the place of the former one; a key of another kind stays, retired, for what it sealed. */
function withReplaced(list: VaultList, replaced: KeyRecord | undefined, event: KeyEvent): readonly KeyRecord[] {
  if (replaced === undefined) return list.records;
  if (replaced.purpose === 'secret') return list.records.filter((record) => record.id !== replaced.id);
  return list.records.map((record) => (record.id === replaced.id ? changeRetired(record, event) : record));
}

function changeRetired(record: KeyRecord, event: KeyEvent): KeyRecord {
  return { ...record, state: 'retired', history: [...record.history, event].slice(-maxHistory) };
}

function markEpoch(list: VaultList, epoch: number, event: KeyEvent, stage: string): VaultList {
  if (event.state !== 'compromised' || stage === 'destroyed')
    throw new KeyVaultError(
      'state_refused',
      `Cannot make epoch ${epoch} ${event.state}: it is ${stage}, must be rotated or, if so, marked compromised`,
    );
  const { atMs, by, reason } = event;
  return {
    ...list,
    epochs: list.epochs.map((kept) =>
      kept.epoch === epoch
        ? {
            ...kept,
            compromised: true,
            history: [...kept.history, { atMs, by, reason, stage: 'compromised' }].slice(-maxHistory),
          }
        : kept,
    ),
  };
}
