/**
 * Chosen by the vault and durable in both copies before `create` is called, so that no crash leaves a master key nobody
 * knows of: `sallyport-<vault id>-<epoch>-<16 hexadecimal digits>`.
 */
export type MasterKeyName = string;

export const masterKeyNamePattern = /^sallyport-[0-9a-f]{32}-[0-9]{1,6}-[0-9a-f]{16}$/;

/** Bound to a wrapping. A provider's own records may show it: ids only, never names of people or things. */
export type WrapContext = { readonly format: 'sallyport-epoch@v2'; readonly vault: string; readonly epoch: number };

/** The context as bytes, for providers that authenticate bytes. */
export function contextBytes(context: WrapContext): Buffer {
  return Buffer.from(`${context.format}\n${context.vault}\n${context.epoch}\n`);
}

/** `reference` is what the provider calls the key (ARN, NV handle, object id): a hint to find it faster, never its identity. */
export type MasterKey = { readonly name: MasterKeyName; readonly reference: string };

/** What a provider can say about a master key now. */
export type Presence =
  | { readonly kind: 'usable' }
  | { readonly kind: 'disabled'; readonly why: string }
  /** Cannot be used, but may be brought back until then; undefined when the provider does not say until when. */
  | { readonly kind: 'pending'; readonly untilMs: number | undefined; readonly cancellable: boolean }
  /** Said only over a connection whose place is the one the vault knows. */
  | { readonly kind: 'absent'; readonly shownBy: string }
  /** Unreachable, refused, or another account, slot or namespace: nothing may be concluded. */
  | { readonly kind: 'unknown'; readonly why: string };

/** What was done to destroy a master key, and what that cannot promise. */
export type Receipt = {
  readonly name: MasterKeyName;
  readonly presence: Presence;
  /** The calls made, with the provider's own request ids. */
  readonly done: readonly string[];
  /** Copies, snapshots, replicas and exports that may survive. */
  readonly notPromised: readonly string[];
  readonly providerTimeMs: number | undefined;
};

export const providerKinds = ['sealed-file', 'tpm', 'pkcs11', 'transit', 'aws-kms'] as const;
export type ProviderKind = (typeof providerKinds)[number];

/** What is true of a place where master keys live. */
export type ProviderFacts = {
  readonly kind: ProviderKind;
  /** Account and region, cluster and mount, token serial, hash of the endorsement key. Pinned in the vault; a change is refused. */
  readonly identity: string;
  readonly algorithm: string;
  /** Whether anybody can read a master key out of this place. */
  readonly exportable: boolean;
  /** Whether a copy of this machine's disks can use the master keys. */
  readonly usableByAClone: boolean;
  readonly destruction: 'provable' | 'delayed' | 'reversible' | 'not-provable';
  /** Sentences for the certificate of a destruction; empty when there is nothing to add. */
  readonly notPromised: readonly string[];
  readonly maxMasters: number;
};

/** Made by the vault alone, after every gate of a destruction, or for a master key that never wrapped anything kept. */
export type DestructionPermit = {
  readonly name: MasterKeyName;
  /** As `MasterKey.reference` when the key was made: where a name can be taken from a key, that does not pass for its end. */
  readonly reference?: string;
  /** The generation of the vault that lives without this key, verified from what is on the disk. */
  readonly vaultGeneration: number;
  /** SHA-256 of that generation's file as read back from another place; undefined for a key never used only. */
  readonly exportHash: string | undefined;
  readonly why: 'never-used' | { readonly record: string; readonly fence: string };
};

/**
 * Where master keys live. Every call may be repeated: same arguments, same effect; the signal ends waiting, not the effect.
 * Throws `KeyVaultError`: `provider_unavailable` (try again), `provider_refused` (credential, policy), `provider_changed`
 * (another place), `master_ambiguous` (more than one of a name), `master_absent`, `unseal_failed` (bytes or context do not
 * authenticate). Only the last is damage.
 */
export type KeyProvider = {
  facts(signal: AbortSignal): Promise<ProviderFacts>;
  /** Finds or makes the key of exactly this name: not exportable, not copyable, durable. A name once destroyed is `master_absent`, where the place remembers. */
  create(name: MasterKeyName, signal: AbortSignal): Promise<MasterKey>;
  /** Every master key of this vault in this place, usable or not. */
  list(
    vault: string,
    signal: AbortSignal,
  ): Promise<readonly { readonly name: MasterKeyName; readonly reference: string; readonly presence: Presence }[]>;
  find(name: MasterKeyName, signal: AbortSignal): Promise<Presence>;
  /** 32 bytes; one result is kept per master key. The result describes itself (version, nonce). Never makes a key. */
  wrap(key: MasterKey, plain: Uint8Array, context: WrapContext, signal: AbortSignal): Promise<Buffer>;
  unwrap(key: MasterKey, wrapped: Uint8Array, context: WrapContext, signal: AbortSignal): Promise<Buffer>;
  /** Repeating reports; a key that is gone is no error. */
  destroy(name: MasterKeyName, permit: DestructionPermit, signal: AbortSignal): Promise<Receipt>;
  close(): Promise<void>;
};
