import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import { isKeyVaultCode, KeyVaultError } from '../errors.ts';
import type { KnownVault } from '../needs.ts';
import type { Asked } from './asked.ts';
import { createDestructionCalls } from './destruction-calls.ts';
import type { DestructionCalls } from './destruction-calls.ts';
import { createSubjectKeys } from './subject-keys.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { VaultMemory } from './vault-memory.ts';

export type RotationOrder =
  | { readonly level: 'data'; readonly label: string }
  | { readonly level: 'purpose'; readonly purpose: string }
  | { readonly level: 'epoch'; readonly providers: readonly string[] };

/** The vault as the server has it: its inventory and its changes, never a key. */
export type VaultClient = {
  /** A connection to a sealer whose vault is open and not older than it was. */
  connect(): Promise<FramePeer>;
  /** Keys, providers and the rotation under way, as the sealer tells them. */
  list(): Promise<JsonObject>;
  /** Answers once the rotation is under way or done. */
  rotate(order: RotationOrder, asked: Asked): Promise<JsonObject>;
  changeState(id: string, state: string, asked: Asked): Promise<void>;
  /** SHA-256 of the vault's file, once both copies were opened from the disk with every key in them. */
  check(): Promise<string>;
  /** Remembers how far the vault is. */
  remember(): Promise<void>;
  readonly subjects: SubjectKeys;
  readonly destructions: DestructionCalls;
};

export function createVaultClient(needs: {
  readonly startSealer: () => Promise<FramePeer>;
  readonly memory: VaultMemory;
  /** The operator says everything was put back from a backup. */
  readonly afterRestore: boolean;
  readonly onRotated: (outcome: JsonObject) => void;
  /** These keys are beyond recall. */
  readonly onDestroyed: (keyIds: readonly string[]) => void;
}): VaultClient {
  let peer: FramePeer | undefined;
  let isRestored = needs.afterRestore;

  const call = async (method: string, request: FrameBody): Promise<FrameBody> => {
    if (peer === undefined)
      throw new KeyVaultError('vault_closed', 'Cannot reach the key vault: its process is starting');
    try {
      return await peer.call(method, request);
    } catch (error) {
      const code = codeOf(error);
      const hint = error instanceof CodedError ? error.hint : undefined;
      if (isKeyVaultCode(code)) throw new KeyVaultError(code, messageOf(error), hint === undefined ? {} : { hint });
      if (code === 'disk_low') throw error;
      throw new KeyVaultError('vault_closed', 'The key vault did not answer; what was asked may or may not be done', {
        cause: error,
      });
    }
  };
  const knownIn = ({ vault, generation }: JsonObject): KnownVault => ({
    vault: textOf(vault),
    generation: Number(generation),
  });

  return {
    async connect() {
      const next = await needs.startSealer();
      try {
        const known = await needs.memory.newest();
        const opened = await next.call('vault.open', { head: { ...known, isRestored } });
        await (isRestored ? needs.memory.replace(knownIn(opened.head)) : needs.memory.remember(knownIn(opened.head)));
        // Said once: a sealer started again must not take an older vault.
        isRestored = false;
      } catch (error) {
        next.close();
        await next.closed;
        throw error;
      }
      next.on('rotated', ({ head }) => needs.onRotated(head));
      next.on('destroyed', ({ head }) => needs.onDestroyed(textsOf(head['keyIds'])));
      peer = next;
      void next.closed.then(() => {
        if (peer === next) peer = undefined;
      });
      return next;
    },
    async list() {
      const { head, payload = new Uint8Array() } = await call('keys.list', { head: {} });
      const listed: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
      return { ...head, ...(isJsonObject(listed) ? listed : {}) };
    },
    async rotate(order, { by, reason }) {
      const named = order.level === 'epoch' ? { ...order, providers: [...order.providers] } : { ...order };
      const { head } = await call('keys.rotate', { head: { ...named, by, reason } });
      return head;
    },
    async changeState(id, state, { by, reason }) {
      await call('keys.state', { head: { id, state, by, reason } });
    },
    check: async () => textOf((await call('keys.check', { head: {} })).head['sha256']),
    async remember() {
      await needs.memory.remember(knownIn((await call('vault.known', { head: {} })).head));
    },
    subjects: createSubjectKeys(call),
    destructions: createDestructionCalls(call),
  };
}
