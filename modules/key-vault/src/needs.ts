import type { Clock } from '@sallyport/platform/clock';
import type { DestructionNeeds } from './destruction/needs.ts';
import type { KeyProvider, ProviderKind } from './key-provider.ts';

/** The few things the vault and the sealed file do to a disk. */
export type VaultFiles = {
  /** Undefined when there is no such file; other errors are thrown. */
  read(path: string): Buffer | undefined;
  /** Replaces a file so that a crash at any moment leaves the old or the new content, and the new one survives power loss. */
  write(path: string, bytes: Uint8Array): void;
  /** Overwrites a file in place and removes it, which survives power loss; no error when there is none. */
  erase(path: string): void;
  /** The names in a directory. */
  list(directory: string): readonly string[];
  makeDirectory(path: string): void;
};

/** What somebody outside these directories knows about the vault. */
export type KnownVault = { readonly vault: string; readonly generation: number };

/** What is handed in at a start from outside the vault's directories. */
export type Outside = {
  readonly known: KnownVault | undefined;
  /** An operator says that everything was put back from a backup, perhaps on another machine. */
  readonly isRestored: boolean;
};

export type KeyVaultNeeds = {
  /** Two directories; a wrapped key is used only after it is on disk in both. */
  readonly directories: readonly [string, string];
  /** By kind. Those not used by any epoch are never asked. */
  readonly providers: ReadonlyMap<ProviderKind, KeyProvider>;
  /** Which of them wrap a new vault's first epoch: one is enough to open it. */
  readonly firstProviders: readonly ProviderKind[];
  /** Names the machine this runs on, where one can be told from its copy: master keys are made and destroyed on one alone. */
  readonly machine: string | undefined;
  readonly clock: Clock;
  /** Cryptographically secure random bytes. A source that repeats after a snapshot was put back never repeats (key, nonce). */
  readonly random: (bytes: number) => Buffer;
  readonly files: VaultFiles;
  /** Opens a vault of version 1, when that is what lies in the directories. */
  readonly versionOne?: { unwrap(wrapped: Uint8Array, context: string): Promise<Buffer>; forget(): void };
  /** Whether data lies beside it that only the vault of its day opens: then another one is never made in its place. */
  readonly isNeeded?: boolean;
  /** Lets other work run between the pieces of a long re-wrapping. */
  readonly pause: () => Promise<void>;
  /** A write failed, other than for want of room: nobody knows what is on the disk until the vault is opened anew. */
  readonly broken: (error: unknown) => void;
  /** Ends waiting for providers. */
  readonly signal: AbortSignal;
  /** Without them nothing is ever destroyed. */
  readonly destruction?: DestructionNeeds;
};
