import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FrameHandlers } from '@sallyport/platform/frames';
import { createDestructionFrames } from './destruction/destruction-frames.ts';
import { KeyVaultError } from './errors.ts';
import type { ByWhom } from './key-life.ts';
import { providerKinds } from './key-provider.ts';
import type { ProviderKind } from './key-provider.ts';
import { keyPurposes, keyStates } from './key-record.ts';
import type { KeyVault } from './key-vault.ts';
import type { Outside } from './needs.ts';
import type { RotationRequest } from './rotation.ts';
import { isDiskFull } from './vault-state.ts';

/** What the ledger beside it needs of a vault that may not be open yet. */
type HeldKeys = Pick<KeyVault, 'ensureKey' | 'findKey' | 'isDestroyed' | 'openSecret' | 'sealSecret'>;

/** The vault in its process: opened once, by the first call that needs it, and spoken to in frames. */
export type VaultService = {
  /** Throws `vault_closed` before it is opened. */
  readonly keys: HeldKeys;
  /** Opens the vault; calls at the same time open it once. */
  opened(outside?: Outside): Promise<KeyVault>;
  /** To be awaited before anything else is asked of the ledger: what it tells of destroyed keys is done again. */
  ledgerOpened(): Promise<void>;
  readonly handlers: FrameHandlers;
};

export function createVaultService(needs: {
  readonly open: (outside: Outside | undefined) => Promise<KeyVault>;
  /** Tells the server that a rotation has ended. */
  readonly notify: (method: string, head: JsonObject) => void;
  readonly pause: () => Promise<void>;
  /** Gives back room kept for a full disk; false when there is none left. */
  readonly makeRoom: () => boolean;
}): VaultService {
  let opening: Promise<KeyVault> | undefined;
  let vault: KeyVault | undefined;
  /** Opening may write: a copy is healed, an older vault is taken over. On a full disk it gets what was kept for that. */
  const open = async (outside: Outside | undefined): Promise<KeyVault> => {
    try {
      return await needs.open(outside);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      if (needs.makeRoom()) return open(outside);
      throw new CodedError('disk_low', 'Cannot open the key vault: the disk is full', {
        cause: error,
        hint: 'free space on the data disk',
      });
    }
  };
  const opened: VaultService['opened'] = async (outside) => {
    opening ??= open(outside);
    vault = await opening;
    return vault;
  };
  const held = (): KeyVault => {
    if (vault !== undefined) return vault;
    throw new KeyVaultError('vault_closed', 'Cannot use the key vault: it is not open yet');
  };

  const rotate = async ({ head }: FrameBody): Promise<FrameBody> => {
    const open = await opened();
    const request = readRequest(head, open);
    const running = open.rotate(request, byWhom(head)).then(
      () => needs.notify('rotated', { level: request.level, outcome: 'success' }),
      (error: unknown) => {
        needs.notify('rotated', { level: request.level, outcome: 'failure', reason: messageOf(error) });
        throw error;
      },
    );
    // What is refused is refused at once; what takes long is told of by `rotated`.
    await Promise.race([running, needs.pause()]);
    running.catch(() => undefined);
    return { head: { rotation: shownRotation(open) } };
  };

  const destructions = createDestructionFrames(opened);
  return {
    ledgerOpened: destructions.ledgerOpened,
    keys: {
      ensureKey: (...given) => held().ensureKey(...given),
      findKey: (id) => held().findKey(id),
      isDestroyed: (id) => held().isDestroyed(id),
      openSecret: (name) => held().openSecret(name),
      sealSecret: (name, bytes) => held().sealSecret(name, bytes),
    },
    opened,
    handlers: {
      ...destructions.handlers,
      'vault.open': async ({ head }) => {
        const { vault: id, generation, isRestored } = head;
        const known = typeof id === 'string' ? { vault: id, generation: Number(generation) } : undefined;
        const open = await opened({ known, isRestored: isRestored === true });
        return { head: { ...open.known(), isRestored: open.destructions?.isRestored() === true } };
      },
      'vault.known': async () => ({ head: { ...(await opened()).known() } }),
      'keys.list': async () => {
        const open = await opened();
        const keys = open.listKeys();
        const providers = await open.providers();
        return {
          head: { rotation: shownRotation(open), ...open.known() },
          payload: Buffer.from(JSON.stringify({ keys, providers })),
        };
      },
      'keys.rotate': rotate,
      'keys.state': async ({ head }) => {
        const to = keyStates.find((state) => state === head['state']);
        if (to === undefined)
          throw new KeyVaultError('state_refused', `Cannot change a key: "${textOf(head['state'])}" is no state`);
        (await opened()).changeState(textOf(head['id']), to, byWhom(head));
        return { head: {} };
      },
      'keys.check': async () => ({ head: { sha256: await (await opened()).check() } }),
    },
  };
}

function byWhom(head: JsonObject): ByWhom {
  return { by: textOf(head['by']), reason: textOf(head['reason']) };
}

function readRequest(head: JsonObject, vault: KeyVault): RotationRequest {
  const purpose = keyPurposes.find((one) => one === head['purpose']);
  switch (head['level']) {
    case 'data':
      return { level: 'data', purpose: 'block-data', label: textOf(head['label']) };
    case 'purpose':
      if (purpose === undefined) break;
      return { level: 'purpose', purpose };
    case 'epoch':
      return { level: 'epoch', providers: readProviders(head['providers'], vault) };
    default:
  }
  throw new KeyVaultError('vault_key_unknown', 'Cannot rotate: the request names no key');
}

/** Without any, the ones in use. */
function readProviders(value: JsonValue | undefined, vault: KeyVault): ProviderKind[] {
  const names = textsOf(value);
  const kinds = providerKinds.filter((kind) => names.includes(kind));
  if (kinds.length === names.length && kinds.length > 0) return kinds;
  if (names.length === 0) return vault.activeProviders();
  throw new KeyVaultError(
    'provider_unknown',
    `Cannot rotate: "${names.join(', ')}" must be of ${providerKinds.join(', ')}`,
  );
}

function shownRotation(vault: KeyVault): JsonObject | null {
  const progress = vault.rotation();
  if (progress === undefined) return null;
  const shown: unknown = JSON.parse(JSON.stringify(progress));
  return isJsonObject(shown) ? shown : null;
}
