/** Bounds on what one request, one event and all requests together may take. */
export type IntakeLimits = {
  readonly maxCompressedBytes: number;
  readonly maxDecompressedBytes: number;
  /** Of a body that has to be seen whole before it can be cut. */
  readonly maxWholeBodyBytes: number;
  /** Decompressed to compressed bytes, checked once more than a mebibyte has come out. */
  readonly maxExpansion: number;
  readonly maxEvents: number;
  /** A longer event is kept as a raw event with its first `keptBytesOfLongEvent`. */
  readonly maxEventBytes: number;
  readonly keptBytesOfLongEvent: number;
  readonly maxDepth: number;
  readonly maxFields: number;
  /** Events and bytes of one batch for the normaliser and of one append to the ledger. */
  readonly maxBatchEvents: number;
  readonly maxBatchBytes: number;
  readonly maxAppendBytes: number;
  /** Memory all requests together may hold, and those of one key; over it new ones are refused. */
  readonly maxBytesInFlight: number;
  readonly maxBytesInFlightPerKey: number;
  /** Events that detection may be behind before who sends much has to wait, and how little is let in all the same; see backlog.ts. */
  readonly maxBehind: number;
  readonly quietBytesPerMinute: number;
  /** A body may take this long, and beyond `bodyGraceMs` must keep up `minBytesPerSecond`. Only waiting for the client counts. */
  readonly bodyDeadlineMs: number;
  readonly bodyGraceMs: number;
  readonly minBytesPerSecond: number;
  readonly normaliseTimeLimitMs: number;
  readonly normaliseThreads: number;
  /** For one event of a preview. */
  readonly previewTimeLimitMs: number;
  /** Thread ends one batch may cause before the rest of it is kept raw. */
  readonly maxThreadEnds: number;
  readonly maxSourcesPerKey: number;
  /** Whose figures are in memory; the others' are kept. */
  readonly maxSourcesHeld: number;
  /** Reasons told in the reply; the counts cover the rest. */
  readonly maxReasonsTold: number;
};

const mebibyte = 1_048_576;

/** Of a body that goes on for as long as its sender has entries; it is taken in piece by piece. */
export const longBodyBytes = 4 * 1024 * mebibyte;
export const longBodyEvents = 10_000_000;

export const defaultLimits: IntakeLimits = {
  maxCompressedBytes: 32 * mebibyte,
  maxDecompressedBytes: 128 * mebibyte,
  maxWholeBodyBytes: 8 * mebibyte,
  maxExpansion: 200,
  maxEvents: 100_000,
  maxEventBytes: mebibyte,
  keptBytesOfLongEvent: 65_536,
  maxDepth: 64,
  maxFields: 10_000,
  maxBatchEvents: 1000,
  maxBatchBytes: mebibyte,
  maxAppendBytes: 4 * mebibyte,
  maxBytesInFlight: 256 * mebibyte,
  maxBytesInFlightPerKey: 96 * mebibyte,
  maxBehind: 500_000,
  quietBytesPerMinute: 4 * mebibyte,
  bodyDeadlineMs: 120_000,
  bodyGraceMs: 10_000,
  minBytesPerSecond: 1024,
  normaliseTimeLimitMs: 10_000,
  normaliseThreads: 1,
  previewTimeLimitMs: 2000,
  maxThreadEnds: 6,
  maxSourcesPerKey: 10_000,
  maxSourcesHeld: 10_000,
  maxReasonsTold: 100,
};
