import { messageOf } from '@sallyport/platform/errors';
import { checkCold } from './cold-check.ts';
import { createDestructionDesk } from './destruction/desk.ts';
import type { DestructionDesk } from './destruction/desk.ts';
import { protectedKeys } from './destruction/protected-keys.ts';
import { createDestructionStore } from './destruction/store.ts';
import { suspendIntents } from './destruction/suspending.ts';
import { destroyCondemned } from './epoch-destruction.ts';
import type { DestructionOrder, EpochDestruction } from './epoch-destruction.ts';
import { activeEpoch } from './epoch-keys.ts';
import { pinIdentities } from './epoch-rotation.ts';
import { KeyVaultError } from './errors.ts';
import { makeFirstEpoch } from './first-epoch.ts';
import { listKeys } from './inventory.ts';
import type { KeyEntry } from './inventory.ts';
import { createKeyLife } from './key-life.ts';
import type { ByWhom } from './key-life.ts';
import type { ProviderFacts, ProviderKind } from './key-provider.ts';
import type { KeyPurpose, KeyRecord, KeyState } from './key-record.ts';
import { adoptMachine, requireSameMachine } from './machine.ts';
import type { KeyVaultNeeds, KnownVault, Outside } from './needs.ts';
import { createRotations } from './rotation.ts';
import type { RotationProgress, RotationRequest } from './rotation.ts';
import { hasVersionOne, takeOverVersionOne } from './version-one.ts';
import { findVault } from './vault-store.ts';
import type { OpenVault } from './vault-store.ts';
import { createVaultState } from './vault-state.ts';

export type VaultKey = { readonly id: string; readonly bytes: Buffer };

/** What a provider says of itself, or why it does not: one that is away keeps nobody from seeing the keys. */
export type ProviderStanding = { readonly isUsed: boolean } & (
  | ProviderFacts
  | { readonly kind: ProviderKind; readonly unreachable: string }
);

/**
 * Wrapped keys in a file, twice. Promise: a key returned here is on disk in both copies first, so what is
 * encrypted under it can be read again after any crash or the loss of one copy.
 */
export type KeyVault = {
  /** The key in use for this purpose and label, made when there is none. 32 random bytes unless `bytes` are given. */
  ensureKey(purpose: KeyPurpose, label: string, bytes?: () => Uint8Array): VaultKey;
  /** A new key that nothing is sealed with before `changeState` made it active: what goes with it can be written first. */
  prepareKey(purpose: KeyPurpose, label: string): VaultKey;
  /** The key with this id; undefined when it was destroyed or never was, which `isDestroyed` tells apart. */
  findKey(id: string): VaultKey | undefined;
  isDestroyed(id: string): boolean;
  /** The newest secret stored under a name. */
  openSecret(name: string): Buffer | undefined;
  /** Stores a secret, replacing the one of that name. */
  sealSecret(name: string, bytes: Uint8Array): void;
  /** Every key there is or was, without its bytes. */
  listKeys(): readonly KeyEntry[];
  /** Throws `state_refused` for a change the life of this key does not have, `vault_key_unknown`. */
  changeState(id: string, to: KeyState, who: ByWhom): void;
  /** Throws `rotation_running`, `vault_key_unknown`, and what providers say. Everything else goes on meanwhile. */
  rotate(request: RotationRequest, who: ByWhom): Promise<void>;
  rotation(): RotationProgress | undefined;
  /** SHA-256 of the file, once both copies were opened from the disk with every key in them. */
  check(): Promise<string>;
  destroyCondemned(order: DestructionOrder): Promise<readonly EpochDestruction[]>;
  /** Undefined where nothing can be recorded. */
  readonly destructions: DestructionDesk | undefined;
  /** What to remember elsewhere, so that an older vault put back is noticed. */
  known(): KnownVault;
  /** Those whose master keys wrap the active epoch. */
  activeProviders(): ProviderKind[];
  /** The providers that were set up, and whether they wrap the active epoch. */
  providers(): Promise<readonly ProviderStanding[]>;
};

/**
 * Opens the vault, or makes one where nothing is known of any. Throws `vault_damaged` when a file exists but no copy is
 * intact, `vault_rolled_back` when it is older than what is `known` of it elsewhere, and what providers say.
 */
export async function openKeyVault(
  needs: KeyVaultNeeds,
  { known, isRestored }: Outside = { known: undefined, isRestored: false },
): Promise<KeyVault> {
  for (const directory of needs.directories) needs.files.makeDirectory(directory);
  const found = await openOrMake(needs, known);
  if (known !== undefined && !isRestored) refuseOlder(found, known);
  await pinIdentities(needs, found.list, [found.provider]);
  const state = createVaultState(needs, found);
  adoptMachine(needs, state, isRestored);
  const { destruction } = needs;
  const nowMs = (): number => needs.clock.nowMs();
  const store = destruction === undefined ? undefined : createDestructionStore(state, { ...destruction, nowMs });
  if (isRestored) store?.update((section) => ({ ...suspendIntents(section, () => true, putBack), isRestored: true }));
  const life = createKeyLife(state, needs.clock, store?.observedMs);
  const rotations = createRotations(needs, state, life);
  const rotate: KeyVault['rotate'] = async (request, who) => {
    if (request.level === 'epoch') {
      requireSameMachine(needs, state);
      refuseProtected(state.list().records, request.without);
    }
    await rotations.rotate(request, who);
  };
  const activeProviders = (): ProviderKind[] => activeEpoch(state.header()).wraps.map((wrap) => wrap.provider);
  const isRotating = (): boolean => rotations.progress()?.state === 'running';
  const keyOf = (record: KeyRecord): VaultKey => ({ id: record.id, bytes: state.open(record) });

  return {
    ensureKey(purpose, label, bytes) {
      const record = life.inUse(purpose, label) ?? life.make({ purpose, label }, firstUse, bytes?.());
      return keyOf(record);
    },
    prepareKey: (purpose, label) => keyOf(life.make({ purpose, label, state: 'created' }, firstUse)),
    findKey(id) {
      const record = state.record(id);
      return record === undefined || record.level !== 'data' || record.state === 'destroyed'
        ? undefined
        : keyOf(record);
    },
    isDestroyed: (id) => state.record(id)?.state === 'destroyed',
    openSecret(name) {
      const record = life.inUse('secret', name);
      return record === undefined ? undefined : state.open(record);
    },
    sealSecret(name, bytes) {
      life.make({ purpose: 'secret', label: name }, firstUse, bytes);
    },
    listKeys: () => listKeys(state),
    changeState: (id, to, who) => life.change(id, to, who),
    rotate,
    rotation: () => rotations.progress(),
    check: async () => checkCold(needs, state),
    async destroyCondemned(order) {
      requireSameMachine(needs, state);
      if (isRotating()) throw new KeyVaultError('rotation_running', 'Cannot destroy: a rotation is under way');
      return destroyCondemned(needs, state, order);
    },
    known: () => ({ vault: state.vault, generation: state.header().generation }),
    destructions:
      destruction === undefined || store === undefined
        ? undefined
        : createDestructionDesk({
            vault: needs,
            needs: destruction,
            state,
            store,
            rotateWithout: async (without, who) =>
              rotate({ level: 'epoch', providers: activeProviders(), without, condemns: true }, who),
            isRotating,
            removed: destruction.removed,
          }),
    activeProviders,
    providers: async () =>
      Promise.all(
        [...needs.providers].map(async ([kind, provider]): Promise<ProviderStanding> => {
          const isUsed = activeEpoch(state.header()).wraps.some((wrap) => wrap.provider === kind);
          try {
            return { ...(await provider.facts(needs.signal)), isUsed };
          } catch (error) {
            return { kind, unreachable: messageOf(error), isUsed };
          }
        }),
      ),
  };
}

const putBack = 'everything was put back from a backup';
const firstUse: ByWhom = { by: 'vault', reason: 'first use' };

async function openOrMake(needs: KeyVaultNeeds, known: KnownVault | undefined): Promise<OpenVault> {
  const found = await findVault(needs);
  const hasOlder = hasVersionOne(needs, found.kind === 'open' ? found : undefined);
  if (found.kind === 'open') return found;
  const begun = found.kind === 'creating' ? found.header : undefined;
  if (hasOlder) await takeOverVersionOne(needs, begun);
  else if (known === undefined && needs.isNeeded !== true)
    await makeFirstEpoch(needs, begun, { generation: 0, records: () => [] });
  else {
    throw new KeyVaultError('vault_damaged', 'Cannot open the key vault: both copies are gone', {
      hint: `put back what was in "${needs.directories.join('" and "')}", from a backup if need be: nothing else opens the data`,
    });
  }
  const made = await findVault(needs);
  if (made.kind === 'open') return made;
  throw new KeyVaultError('vault_damaged', 'Cannot open the key vault: what was just written does not open');
}

/** What was destroyed since would be back, and what was sealed since could not be opened. */
function refuseOlder(found: OpenVault, known: KnownVault): void {
  const { vault, generation } = found.header;
  if (vault === known.vault && generation >= known.generation) return;
  const what =
    vault === known.vault
      ? `it is generation ${generation}, must be ${known.generation} or later`
      : `it is vault ${vault}, must be ${known.vault}`;
  throw new KeyVaultError('vault_rolled_back', `Cannot use the key vault: ${what}`, {
    hint: 'put back the newest copy of the vault, or say that everything was restored: --after-restore',
    details: { generation, knownGeneration: known.generation },
  });
}

function refuseProtected(records: readonly KeyRecord[], without: ReadonlySet<string> | undefined): void {
  const guarded = protectedKeys(records);
  for (const id of without ?? []) {
    const record = records.find((one) => one.id === id);
    if (record === undefined) throw new KeyVaultError('vault_key_unknown', `Cannot destroy key "${id}": there is none`);
    const why = guarded.get(id);
    if (why === undefined) continue;
    throw new KeyVaultError(
      'destruction_refused',
      `Cannot destroy key "${id}": ${why}, must be a key nothing is added to any more`,
    );
  }
}
