import { decodeSegment } from '@sallyport/segment-format';

export type RecordedPicture = { readonly atMs: number; readonly jpeg: Uint8Array<ArrayBuffer> };
export type RecordedSound = { readonly atMs: number; readonly samples: Float32Array<ArrayBuffer> };
export type Recording = {
  readonly startMs: number;
  readonly endMs: number;
  readonly pictures: readonly RecordedPicture[];
  readonly sounds: readonly RecordedSound[];
};

/** A stored segment for playing. Throws `SegmentFormatError` for what is none. */
export function readRecording(bytes: Uint8Array<ArrayBuffer>): Recording {
  const { startedMs, endedMs, records } = decodeSegment(bytes);
  return {
    startMs: startedMs,
    endMs: endedMs,
    pictures: records.flatMap(({ kind, atMs, payload }) =>
      kind === 'frame' ? [{ atMs, jpeg: Uint8Array.from(payload) }] : [],
    ),
    sounds: records.flatMap(({ kind, atMs, payload }) =>
      kind === 'audio' ? [{ atMs, samples: samplesOf(payload) }] : [],
    ),
  };
}

/** PCM of 16 bits, little endian, as a browser plays it: -1 to 1. */
export function samplesOf(pcm: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  return Float32Array.from({ length: Math.floor(pcm.length / 2) }, (_, at) => view.getInt16(at * 2, true) / 32_768);
}

/** A recording of ten seconds is sealed and listed after this at most; younger pictures may still be on their way. */
export const notSealedForMs = 30_000;

type Span = { readonly start_ms: number; readonly end_ms: number };

/** The segment a moment is in, or else the next one: what playing goes on with. Segments stand in the order of time. */
export function segmentFor<Segment extends Span>(segments: readonly Segment[], atMs: number): Segment | undefined {
  return segments.find(({ end_ms }) => end_ms > atMs);
}

/** The last picture that was taken by then; the first one of the segment before that. */
export function pictureAt(pictures: readonly RecordedPicture[], atMs: number): RecordedPicture | undefined {
  return pictures.findLast((picture) => picture.atMs <= atMs) ?? pictures[0];
}

/** The picture beside the one shown at a moment; undefined at either end. */
export function pictureBeside(
  pictures: readonly RecordedPicture[],
  atMs: number,
  by: 1 | -1,
): RecordedPicture | undefined {
  return by === 1
    ? pictures.find((picture) => picture.atMs > atMs)
    : pictures.findLast((picture) => picture.atMs < (pictureAt(pictures, atMs)?.atMs ?? atMs));
}
