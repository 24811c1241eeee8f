/**
 * A place apart from this machine that keeps files and gives them back: an S3 bucket with Object Lock, or a directory on
 * another disk. Nothing here changes or deletes what it keeps.
 *
 * Errors are coded: `off_site_unavailable` (away, slow, full: try again) · `off_site_refused` (credential, policy, bucket
 * without lock) · `off_site_missing` (no file of this name) · `off_site_mismatch` (what is kept is not what was stored, or
 * its lock was shortened) · `name_taken` (the name holds other bytes).
 */
export type OffSite = {
  readonly facts: OffSiteFacts;
  /**
   * Keeps bytes under a name, e.g. `vault/0000000042.vault`: lower case, digits, `.`, `_`, `-` and `/`, at most 200
   * characters. Resolves after the place has confirmed the bytes' SHA-256 and the lock. The same bytes again give the same
   * answer; other bytes under a name that is taken are refused.
   */
  store(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<OffSiteReceipt>;
  /** The whole file, read over a new request, and compared with the checksum the place gives. At most `maxReadBackBytes`. */
  readBack(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Every file whose name begins so, in the order of names. At most 100,000. */
  list(prefix: string, signal?: AbortSignal): Promise<readonly OffSiteFile[]>;
};

export type OffSiteFacts = {
  readonly kind: 's3' | 'directory';
  /** For people: `s3://bucket/prefix` or the directory's path. */
  readonly place: string;
  /** Who can shorten the retention: nobody before its end, people with a special right, or anybody who may write there. */
  readonly lock: 'compliance' | 'governance' | 'none';
  /** Sentences for certificates and the console. */
  readonly notPromised: readonly string[];
};

export type OffSiteReceipt = {
  /** Hex. Confirmed by the place, not only computed here. */
  readonly sha256: string;
  /** Where to find exactly these bytes again: with S3 bucket, key and version. */
  readonly location: string;
  /** Undefined: the place locks nothing. */
  readonly lockedUntilMs: number | undefined;
};

export type OffSiteFile = { readonly name: string; readonly bytes: number; readonly storedAtMs: number };

/** Vault exports and destruction records are far smaller; segments are not read back whole through this. */
export const maxReadBackBytes = 64 * 1024 * 1024;
