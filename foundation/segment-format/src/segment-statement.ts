/**
 * What a camera signs for a segment it kept itself and sends later (ECDSA P-256 with SHA-256 over the UTF-8 bytes,
 * the signature as 64 bytes r ‖ s): whose, when and which bytes.
 */
export function segmentStatement(segment: {
  readonly camera: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** SHA-256 of the whole segment, lowercase hex. */
  readonly plainSha256: string;
}): string {
  const { camera, startedMs, endedMs, plainSha256 } = segment;
  return `sallyport-segment/1\n${camera}\n${startedMs}\n${endedMs}\n${plainSha256}`;
}
