import { syncDirectory, writeFileDurably, writeFully } from '@sallyport/platform/files';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, readSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeFrame, encodeFrame } from './frame-content.ts';
import type { FrameContent, SpoolEntry } from './frame-content.ts';
import { knownSegment, newSegment, openFrames, segmentHeaderBytes } from './segment-format.ts';
import type { SegmentCipher } from './segment-format.ts';

/** One file of the spool, and what is known of it without reading it again. */
export type Segment = {
  readonly serial: number;
  readonly file: string;
  cipher: SegmentCipher;
  bytes: number;
  /** Numbers of the records from `first` up to, not including, `end`. */
  first: number;
  end: number;
  /** Of all entries in it, acknowledged ones included. */
  readonly counts: Map<string, number>;
  /** Frames before this place are acknowledged or on their way. */
  readOffset: number;
  /** Present while this process appends to it. */
  descriptor: number | undefined;
};

export type SegmentFiles = {
  /** Everything in the directory, oldest first; a file that does not open at all has no frames. */
  load(): { readonly segment: Segment; readonly frames: readonly FrameContent[] }[];
  create(serial: number, first: number): Segment;
  append(segment: Segment, content: FrameContent): void;
  /** Frames from `readOffset` on, with the place behind each. */
  read(segment: Segment): { readonly content: FrameContent; readonly end: number }[];
  /** Replaces the whole content in one step, durably, under a key of its own. */
  replace(segment: Segment, content: FrameContent): void;
  sync(segment: Segment): void;
  close(segment: Segment): void;
  remove(segment: Segment): void;
};

export function createSegmentFiles(needs: {
  readonly directory: string;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
}): SegmentFiles {
  const { directory, key, random } = needs;
  const nameOf = (serial: number): string => join(directory, `${String(serial).padStart(12, '0')}.spool`);

  function framesIn(cipher: SegmentCipher, bytes: Buffer, from: number): { content: FrameContent; end: number }[] {
    const found: { content: FrameContent; end: number }[] = [];
    for (const { plain, end } of openFrames(cipher, bytes, from)) {
      const content = decodeFrame(plain);
      if (content !== undefined) found.push({ content, end });
    }
    return found;
  }

  const files: SegmentFiles = {
    load() {
      const serials = readdirSync(directory).flatMap((name) => {
        const match = /^(\d{12})\.spool$/.exec(name);
        return match === null ? [] : [Number(match[1])];
      });
      return serials
        .toSorted((left, right) => left - right)
        .map((serial) => {
          const file = nameOf(serial);
          const bytes = readFileSync(file);
          const cipher = knownSegment(key, bytes);
          const frames =
            cipher === undefined ? [] : framesIn(cipher, bytes, segmentHeaderBytes).map(({ content }) => content);
          const segment: Segment = {
            serial,
            file,
            cipher: cipher ?? newSegment(key, random(16)),
            bytes: bytes.length,
            first: frames[0]?.first ?? 0,
            end: frames.reduce((end, { first, covers }) => Math.max(end, first + covers), 0),
            counts: new Map(),
            readOffset: segmentHeaderBytes,
            descriptor: undefined,
          };
          for (const { entries } of frames) countInto(segment.counts, entries);
          return { segment, frames };
        });
    },
    create(serial, first) {
      const file = nameOf(serial);
      const cipher = newSegment(key, random(16));
      const descriptor = openSync(file, 'wx', 0o600);
      writeFully(descriptor, cipher.header);
      syncDirectory(directory);
      return {
        serial,
        file,
        cipher,
        bytes: cipher.header.length,
        first,
        end: first,
        counts: new Map(),
        readOffset: segmentHeaderBytes,
        descriptor,
      };
    },
    append(segment, content) {
      if (segment.descriptor === undefined) throw new TypeError('Cannot append to a closed segment');
      const sealed = segment.cipher.seal(encodeFrame(content), segment.bytes);
      writeFully(segment.descriptor, sealed);
      segment.bytes += sealed.length;
      segment.end = Math.max(segment.end, content.first + content.covers);
      countInto(segment.counts, content.entries);
    },
    read(segment) {
      const descriptor = openSync(segment.file, 'r');
      try {
        const size = fstatSync(descriptor).size;
        // Places are of the whole file, as the nonces are: what was read before is left as zeros.
        const bytes = Buffer.alloc(size);
        let at = segment.readOffset;
        while (at < size) {
          const read = readSync(descriptor, bytes, at, size - at, at);
          if (read === 0) break;
          at += read;
        }
        return framesIn(segment.cipher, bytes, segment.readOffset);
      } finally {
        closeSync(descriptor);
      }
    },
    replace(segment, content) {
      files.close(segment);
      const cipher = newSegment(key, random(16));
      const bytes = Buffer.concat([cipher.header, cipher.seal(encodeFrame(content), segmentHeaderBytes)]);
      writeFileDurably(segment.file, bytes);
      segment.cipher = cipher;
      segment.bytes = bytes.length;
      segment.first = content.first;
      segment.end = content.first + content.covers;
      segment.readOffset = segmentHeaderBytes;
      segment.counts.clear();
      countInto(segment.counts, content.entries);
    },
    sync(segment) {
      if (segment.descriptor !== undefined) fsyncSync(segment.descriptor);
    },
    close(segment) {
      if (segment.descriptor === undefined) return;
      fsyncSync(segment.descriptor);
      closeSync(segment.descriptor);
      segment.descriptor = undefined;
    },
    remove(segment) {
      if (segment.descriptor !== undefined) closeSync(segment.descriptor);
      segment.descriptor = undefined;
      rmSync(segment.file, { force: true });
    },
  };
  return files;
}

function countInto(counts: Map<string, number>, entries: readonly SpoolEntry[]): void {
  for (const { kind } of entries) counts.set(kind, (counts.get(kind) ?? 0) + 1);
}
