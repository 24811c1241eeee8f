import type {
  DestructionOverview,
  HoldSelector,
  RetentionPolicy,
  ShownHold,
  ShownIntent,
  ShownPolicy,
} from '../destruction/shown.ts';
import type { Asked } from './asked.ts';

/** What somebody wants; nothing of it happens before two people have signed it, or a policy they signed covers it. */
export type Proposal =
  | { readonly kind: 'request'; readonly keyIds: readonly string[]; readonly reason: string }
  /** Keys of blocks whose days are past what the policy of their class keeps. At most one batch a day is carried out. */
  | { readonly kind: 'expiry'; readonly keyIds: readonly string[]; readonly reason: string }
  /** A longer keeping than the present one takes no signature: its stage is `agreed` at once. */
  | { readonly kind: 'policy'; readonly policy: RetentionPolicy; readonly reason: string };

export type NewHold = {
  readonly name: string;
  readonly reason: string;
  readonly keyIds?: readonly string[];
  readonly selector?: HoldSelector;
};

/** A key of which only the record is left, and since when this vault lives without it. */
export type DestroyedKey = {
  readonly id: string;
  readonly purpose: string;
  readonly label: string;
  readonly atMs: number;
};

/**
 * The destruction of keys as the server has it. The sealer decides: a signature is an assertion of an enrolled passkey over
 * the digest of the exact list, made in a browser (`POST /v1/vault/destructions/:id/signing`, then `…/signatures`), so a
 * proposal of a module waits there until two people have signed. Throws `KeyVaultError`: `destruction_refused` (what is
 * asked cannot be, with a hint), `vault_key_unknown`, `vault_closed`.
 */
export type Destructions = {
  propose(proposal: Proposal, by: string): Promise<ShownIntent>;
  /** Possible until the keys cannot be brought back. */
  cancel(id: string, asked: Asked): Promise<void>;
  find(id: string): Promise<ShownIntent | undefined>;
  list(): Promise<DestructionOverview>;
  holds(): Promise<readonly ShownHold[]>;
  placeHold(hold: NewHold, by: string): Promise<ShownHold>;
  /** The policies in force; pending ones are intents of kind `policy`. */
  policies(): Promise<readonly ShownPolicy[]>;
  /** Every key destroyed so far: for whoever has to catch up after a start. */
  destroyedKeys(): Promise<readonly DestroyedKey[]>;
  /**
   * Told once keys are beyond recall in this installation, at least once each while this process runs; see `destroyedKeys`
   * for what was destroyed before. Returns how to stop listening.
   */
  onDestroyed(listener: (keyIds: readonly string[]) => void): () => void;
};
