/** What a segment may hold; encoder and decoder refuse the same. */
export const segmentLimits = {
  /** Of the whole segment; a recorder closes a segment before. */
  bytes: 64 * 1024 * 1024,
  headerBytes: 1024,
  records: 8192,
  /** From the first to the last moment. */
  durationMs: 120_000,
  cameraCharacters: 64,
} as const;

/** A segment that is not one, or cannot be made. The message is safe to log. */
export class SegmentFormatError extends Error {
  readonly code = 'segment_invalid';

  constructor(reason: string) {
    super(`Cannot read segment: ${reason}`);
    this.name = 'SegmentFormatError';
  }
}
