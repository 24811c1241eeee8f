import type { OffSiteFacts } from '@sallyport/key-vault/server';

/** A file on its way to the archive. Its bytes are read piece by piece, so that memory stays bounded. */
export type OutgoingFile = {
  /** Under the archive's prefix; see `names.ts`. */
  readonly name: string;
  readonly bytes: number;
  /** Hex, of the whole. */
  readonly sha256: string;
  /** Throws when the file is not the one the sum is of any more. */
  read(offset: number, length: number): Promise<Buffer>;
};

/** What the place says of a file it keeps. */
export type KeptFile = {
  readonly name: string;
  readonly bytes: number;
  /** Which of several under one name; undefined where there can be one only. */
  readonly version: string | undefined;
  /** The place's own sum of what it keeps: of the whole in hex, or of the parts as S3 composes it. Undefined: it has none. */
  readonly sum: KeptSum | undefined;
  readonly storedAtMs: number;
  readonly lock: { readonly mode: 'compliance' | 'governance'; readonly untilMs: number } | undefined;
  readonly isHeld: boolean;
};
export type KeptSum = { readonly kind: 'whole' | 'parts'; readonly value: string };

export type Outgoing = {
  readonly lockUntilMs: number | undefined;
  readonly isHeld: boolean;
  /** The upload in parts that was begun before, if any, and where to note one that begins. */
  readonly uploadId: string | undefined;
  begun(uploadId: string): Promise<void>;
  /** Before each part: resolves when it may go. */
  turn(): Promise<void>;
};

/** Where archives are kept. No call changes or removes what is kept; errors as of `OffSite`. */
export type ArchivePlace = {
  readonly facts: OffSiteFacts;
  /** Throws `bucket_not_lockable` where nothing can be locked, `off_site_refused` or `off_site_unavailable` where it does not work. */
  prepare(signal: AbortSignal): Promise<void>;
  /** What a reader of this name gets now, or of one version of it. Undefined when there is none, or it was hidden. */
  find(name: string, version: string | undefined, signal: AbortSignal): Promise<KeptFile | undefined>;
  /** Resolves when the place has confirmed the bytes; resumes an upload in parts. Never replaces: the caller looked before. */
  put(file: OutgoingFile, options: Outgoing, signal: AbortSignal): Promise<KeptFile>;
  /** At most `mostBytes`, over a new request. */
  read(name: string, version: string | undefined, mostBytes: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** In the order of names; of each name what a reader gets now. */
  list(prefix: string, signal: AbortSignal): AsyncIterable<Pick<KeptFile, 'name' | 'bytes' | 'storedAtMs'>>;
  /** The sum it must show for a file. */
  sumOf(file: OutgoingFile, signal: AbortSignal): Promise<KeptSum | undefined>;
  /** Has the lock of a kept version end later; never sooner. */
  prolong(
    name: string,
    version: string | undefined,
    lock: NonNullable<KeptFile['lock']>,
    signal: AbortSignal,
  ): Promise<void>;
  setHold(name: string, version: string | undefined, isHeld: boolean, signal: AbortSignal): Promise<void>;
  close(): void;
};
