/** A picture of a camera as it arrived. The JPEG was parsed by nobody: it may be anything that begins as one. */
export type Frame = {
  readonly cameraId: string;
  /** Counted by this server for each camera, from 1, without gaps; begins anew with the process. */
  readonly sequence: number;
  readonly jpeg: Uint8Array;
  /** When it was taken, by the clock of this server as far as that can be told. Never later than `receivedMs`. */
  readonly capturedMs: number;
  readonly receivedMs: number;
  /** Nobody told when it was taken: `capturedMs` is when it arrived, and how long it took is not known. */
  readonly isCaptureUnknown?: true;
  /** As the sender claims. */
  readonly width?: number;
  readonly height?: number;
};

/** Sound beside the pictures: 16-bit PCM, little-endian, 16 kHz, one channel; at most a second. */
export type AudioChunk = {
  readonly cameraId: string;
  /** As in `Frame`, counted apart. */
  readonly sequence: number;
  readonly pcm: Uint8Array;
  /** Of its first sample. */
  readonly capturedMs: number;
  readonly receivedMs: number;
};

export const frameLimits = {
  /** A larger picture is refused. 1920×1080 at good quality is about half of it. */
  jpegBytes: 1024 * 1024,
  /** One second. */
  audioBytes: 32_000,
  headerBytes: 4096,
} as const;

/** Header length, header and the largest payload. */
export const maxMessageBytes = 4 + frameLimits.headerBytes + frameLimits.jpegBytes;

/** Whether bytes begin as a JPEG does (SOI and a marker) and may be one by size. */
export function mayBeJpeg(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 &&
    bytes.length <= frameLimits.jpegBytes &&
    bytes[0] === 0xff &&
    bytes[1] === 0xd8 &&
    bytes[2] === 0xff
  );
}

export function mayBeAudio(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes.length <= frameLimits.audioBytes && bytes.length % 2 === 0;
}
