/** A key of the vault: its id is public and stands in the block's header. */
export type LedgerKey = { readonly id: string; readonly bytes: Buffer };

/**
 * The vault, as the ledger needs it. A key returned by `ensureKey` must be on disk in its wrapped form, twice, before it
 * is returned: the ledger encrypts with it at once.
 */
export type LedgerKeys = {
  /** The newest key of a purpose and label, made when there is none: 32 random bytes unless `bytes` are given. */
  ensureKey(purpose: 'block-data' | 'log-signing' | 'stream-name', label: string, bytes?: () => Uint8Array): LedgerKey;
  /** Undefined when the key never existed or was destroyed, which only the next tells apart. */
  findKey(id: string): LedgerKey | undefined;
  /** Whether the vault holds the record of a destruction: what it lacks without one is lost. */
  isDestroyed(id: string): boolean;
};

/** Secrets kept for the server process, by name. */
export type KeptSecrets = {
  openSecret(name: string): Uint8Array | undefined;
  sealSecret(name: string, bytes: Uint8Array): void;
};
