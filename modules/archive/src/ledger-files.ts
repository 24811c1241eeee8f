import { hash } from 'node:crypto';
import { open, readdir, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { blockStartBytes, decodeBlock, readBlockStart } from '@sallyport/ledger/blocks';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { ArchiveError } from './errors.ts';
import { spanName } from './names.ts';
import type { SpanName } from './names.ts';
import type { OutgoingFile } from './place.ts';
import { sumWhole } from './sums.ts';

/** Where the next span of a log begins: the byte after what was archived last, and its index. */
export type LogCursor = { readonly segment: number; readonly offset: number; readonly index: number };

/** Whole blocks in one segment file that go into one file of the archive. */
export type Span = SpanName & {
  /** Behind its last entry. */
  readonly endIndex: number;
  readonly firstReceivedAtMs: number;
  /** Nothing will ever be added to it: its segment is full, or it is as large as spans get. */
  readonly isFull: boolean;
};

export type LedgerFiles = {
  /** Numbers of the logs there are. */
  logs(): Promise<readonly number[]>;
  /**
   * The span that begins at a cursor and ends before `endIndex`, which must be durable, and before `endOffset` of its segment
   * where that is given. Undefined: nothing is there yet.
   */
  nextSpan(log: number, from: LogCursor, endIndex: number, endOffset?: number): Promise<Span | undefined>;
  /** Reads the span's blocks, each held against its own sums: what is damaged here is not archived as if it were sound. */
  checkedFile(span: Span): Promise<OutgoingFile>;
  /** The bytes of a span as they are now, unchecked; undefined when they are not here any more. */
  rawFile(span: SpanName): Promise<Pick<OutgoingFile, 'bytes' | 'read'> | undefined>;
  /** A small file below the ledger's directory. */
  small(path: string): Promise<Buffer | undefined>;
  /** A hash tile; full tiles only. */
  tile(log: number, path: string): Promise<Buffer | undefined>;
};

export const mostSpanBytes = 64 * 1024 * 1024;
const nameDigits = 16;
const suffix = '.blocks';

/** The ledger's files as another process writes them: only what is before a durable index is looked at. */
export function createLedgerFiles(directory: string): LedgerFiles {
  const blocksOf = (log: number): string => join(directory, 'logs', String(log), 'blocks');
  const segmentPath = (log: number, segment: number): string =>
    join(blocksOf(log), `${String(segment).padStart(nameDigits, '0')}${suffix}`);

  async function segmentsOf(log: number): Promise<readonly number[]> {
    return (await readdir(blocksOf(log)).catch(none))
      .filter((name) => /^\d{16}\.blocks$/.test(name))
      .map((name) => Number(name.slice(0, nameDigits)))
      .toSorted((a, b) => a - b);
  }
  async function small(path: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(directory, path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  return {
    async logs() {
      return (await readdir(join(directory, 'logs')).catch(none))
        .map(Number)
        .filter((number) => Number.isSafeInteger(number) && number > 0)
        .toSorted((a, b) => a - b);
    },
    async nextSpan(log, from, endIndex, endOffset = Infinity) {
      const segments = await segmentsOf(log);
      const at = segments.indexOf(from.segment);
      if (at < 0) {
        const [first] = segments.filter((segment) => segment >= from.index);
        // Pruned before it was archived: what is left goes, and the gap shows in the names.
        return first === undefined || from.index >= endIndex
          ? undefined
          : walk(
              { log, segmentPath, hasSuccessor: segments.at(-1) !== first, endIndex, endOffset },
              { segment: first, offset: 0, index: first },
            );
      }
      const hasSuccessor = at < segments.length - 1;
      const span = await walk({ log, segmentPath, hasSuccessor, endIndex, endOffset }, from);
      const next = segments[at + 1];
      if (span !== undefined || next === undefined) return span;
      return walk(
        { log, segmentPath, hasSuccessor: at + 1 < segments.length - 1, endIndex, endOffset },
        { segment: next, offset: 0, index: next },
      );
    },
    async checkedFile(span) {
      const path = segmentPath(span.log, span.segment);
      const read = async (offset: number, length: number): Promise<Buffer> => {
        await using file = await open(path, 'r');
        return readAt(file, span.offset + offset, length);
      };
      const bytes = span.end - span.offset;
      const name = spanName(span);
      let index = span.first;
      await using file = await open(path, 'r');
      for (let offset = span.offset; offset < span.end;) {
        const start = readBlockStart(await readAt(file, offset, blockStartBytes));
        if (start === undefined || offset + start.length > span.end || start.firstIndex !== index)
          throw damaged(name, `the block at ${offset} is not the one of entry ${index}`);
        try {
          decodeBlock(await readAt(file, offset, start.length));
        } catch (error) {
          throw damaged(name, messageOf(error));
        }
        offset += start.length;
        index += start.eventCount + 1;
      }
      return { name, bytes, sha256: await sumWhole(read, bytes), read };
    },
    async rawFile({ log, segment, offset, end }) {
      const path = segmentPath(log, segment);
      try {
        await using file = await open(path, 'r');
        if ((await file.stat()).size < end) return undefined;
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
      return {
        bytes: end - offset,
        async read(at, length) {
          await using file = await open(path, 'r');
          return readAt(file, offset + at, length);
        },
      };
    },
    small,
    tile: (log, path) => small(join('logs', String(log), path)),
  };
}

type Walked = {
  readonly log: number;
  readonly segmentPath: (log: number, segment: number) => string;
  readonly hasSuccessor: boolean;
  readonly endIndex: number;
  readonly endOffset: number;
};

async function walk(
  { log, segmentPath, hasSuccessor, endIndex, endOffset }: Walked,
  from: LogCursor,
): Promise<Span | undefined> {
  await using file = await open(segmentPath(log, from.segment), 'r');
  const { size } = await file.stat();
  let { offset, index } = from;
  let firstReceivedAtMs: number | undefined;
  let isFull = false;
  for (;;) {
    const start = offset + blockStartBytes > size ? undefined : readBlockStart(await readAt(file, offset, blockStartBytes));
    if (start === undefined || offset + start.length > size) {
      // The writer finishes a segment before it begins the next.
      if (hasSuccessor && offset < size)
        throw damaged(`log ${log}, segment ${from.segment}`, `what stands at ${offset} is no block`);
      isFull = hasSuccessor;
      break;
    }
    const after = index + start.eventCount + 1;
    if (after > endIndex || offset + start.length > endOffset) break;
    if (start.log !== log || start.firstIndex !== index)
      throw damaged(`log ${log}, segment ${from.segment}`, `the block at ${offset} is not the one of entry ${index}`);
    if (offset + start.length - from.offset > mostSpanBytes && offset > from.offset) {
      isFull = true;
      break;
    }
    firstReceivedAtMs ??= start.receivedAtMs;
    offset += start.length;
    index = after;
  }
  if (firstReceivedAtMs === undefined) return undefined;
  return { log, segment: from.segment, offset: from.offset, end: offset, first: from.index, endIndex: index, firstReceivedAtMs, isFull };
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

function none(error: unknown): string[] {
  if (codeOf(error) === 'ENOENT') return [];
  throw error;
}

function damaged(what: string, why: string): ArchiveError {
  return new ArchiveError('archive_invalid', `Cannot archive ${what}: ${why}`, {
    hint: 'sallyport ledger verify tells what is damaged on this disk',
  });
}

/** Hex SHA-256 of what is in memory. */
export function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
