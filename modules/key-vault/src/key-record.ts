import { KeyVaultError } from './errors.ts';

/** What a key is for. `secret` keys may be handed to the server process; all others stay in the vault's. */
export const keyPurposes = ['block-data', 'log-signing', 'stream-name', 'secret', 'subject-page'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/**
 * After NIST SP 800-57 part 1, 7: `created` waits to be activated; `suspended` opens but does not seal until it is resumed;
 * `retired` opens only; `compromised` opens only, and what it protects is to be encrypted anew; of a `destroyed` key only
 * the record is left.
 */
export const keyStates = ['created', 'active', 'suspended', 'retired', 'compromised', 'destroyed'] as const;
export type KeyState = (typeof keyStates)[number];

/** Who changed a key, when by the vault's clock, and why. Kept with the key, sealed. */
export type KeyEvent = {
  readonly atMs: number;
  readonly state: KeyState;
  readonly by: string;
  readonly reason: string;
};

/** One wrapped key as it stands in the sealed list. Never holds key material in clear. */
export type KeyRecord = {
  /** 32 hexadecimal digits, never given twice. */
  readonly id: string;
  /** A purpose key is wrapped by its epoch's key, a data key by a purpose key. */
  readonly level: 'purpose' | 'data';
  readonly purpose: KeyPurpose;
  /** Empty for purpose keys. */
  readonly label: string;
  /** Counts the keys of one purpose and label, from 1. */
  readonly version: number;
  /** The id of the epoch or purpose key that wraps this one. */
  readonly parent: string;
  readonly createdAtMs: number;
  readonly state: KeyState;
  /** base64; empty once destroyed. */
  readonly wrapped: string;
  readonly history: readonly KeyEvent[];
  /** How long the vault had been seen running when it was made; undefined for one from before that was counted. */
  readonly observedMs?: number;
};

/** What a record's wrapping is bound to: one moved to another place of the hierarchy does not open. */
export function recordContext(
  vault: string,
  record: Pick<KeyRecord, 'id' | 'level' | 'purpose' | 'label' | 'version' | 'parent'>,
): string {
  const { id, level, purpose, label, version, parent } = record;
  return ['sallyport-key-vault@v2', vault, level, parent, id, purpose, label, version].join('\n');
}

const following: Readonly<Record<KeyState, readonly KeyState[]>> = {
  created: ['active', 'retired', 'compromised'],
  active: ['suspended', 'retired', 'compromised'],
  suspended: ['active', 'retired', 'compromised'],
  retired: ['compromised'],
  compromised: [],
  destroyed: [],
};

/** The record after a change of its state. Throws `state_refused` for one the life of a key does not have. */
export function changeState(record: KeyRecord, event: KeyEvent): KeyRecord {
  const allowed = stateChanges(record);
  if (!allowed.includes(event.state)) {
    throw new KeyVaultError(
      'state_refused',
      `Cannot make key "${record.id}" ${event.state}: it is ${record.state}, must become ${allowed.length === 0 ? 'nothing else' : `one of ${allowed.join(', ')}`}`,
      { details: { id: record.id, state: record.state, allowed: [...allowed] } },
    );
  }
  return { ...record, state: event.state, history: [...record.history, event] };
}

/**
 * The states somebody may put this key in now. Data keys of ledger blocks go through all of them: a new version takes over
 * at once. All others have exactly one key in use at a time, replaced by rotation; they can only be told to be compromised, or,
 * where what goes with a key is written first, to be in use.
 * Destruction has a procedure of its own.
 */
export function stateChanges(record: Pick<KeyRecord, 'level' | 'purpose' | 'state'>): readonly KeyState[] {
  const next = following[record.state];
  if (isReplaceable(record)) return next;
  const isWaiting = record.state === 'created';
  return next.filter((state) => state === 'compromised' || (isWaiting && state === 'active'));
}

/** Whether a new version may take over without anything else having to happen. */
export function isReplaceable(record: Pick<KeyRecord, 'level' | 'purpose'>): boolean {
  return record.level === 'data' && record.purpose === 'block-data';
}
