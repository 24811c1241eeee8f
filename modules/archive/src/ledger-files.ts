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
  /** Where it begins in its segment, and what follows it. A segment that is pruned later moves them. */
  readonly offset: number;
  readonly endOffset: number;
  readonly firstReceivedAtMs: number;
  /** Nothing will ever be added to it: its segment is full, or it is as large as spans get. */
  readonly isFull: boolean;
};

export type LedgerFiles = {
  /** Numbers of the logs there are. */
  logs(): Promise<readonly number[]>;
  /** The span that begins at a cursor and ends before `endIndex`, which must be durable. Undefined: nothing is there yet. */
  nextSpan(log: number, from: LogCursor, endIndex: number): Promise<Span | undefined>;
  /** Reads the span's blocks, each held against its own sums: what is damaged here is not archived as if it were sound. */
  checkedFile(span: Span): Promise<OutgoingFile>;
  /** Whether the blocks of a span are here as they were: `pruned` when there are fewer bytes of them, or none. */
  compare(span: SpanName, sha256: string): Promise<'same' | 'other' | 'pruned'>;
  /** Whether content of a span was let go of here: its segment is there, with fewer bytes of it. One that is gone as a whole was not let go of. */
  isLetGo(span: SpanName): Promise<boolean>;
  /** A small file below the ledger's directory. */
  small(path: string): Promise<Buffer | undefined>;
  /** A hash tile; full tiles only. */
  tile(log: number, path: string): Promise<Buffer | undefined>;
};

const mostSpanBytes = 64 * 1024 * 1024;
const nameDigits = 16;
const suffix = '.blocks';

/** The ledger's files as another process writes them: only what is before a durable index is looked at. */
export function createLedgerFiles(directory: string): LedgerFiles {
  const blocksOf = (log: number): string => join(directory, 'logs', String(log), 'blocks');
  const segmentPath = (log: number, segment: number): string =>
    join(blocksOf(log), `${String(segment).padStart(nameDigits, '0')}${suffix}`);

  /** The span found last, by log, and the file it was found in: a segment that is pruned becomes another file. */
  const seen = new Map<number, Span & { readonly ino: number }>();

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

  /** The blocks of a span as they are here now. */
  async function found({ log, segment, first, end }: SpanName): Promise<Span | 'absent' | 'other' | undefined> {
    const segments = await segmentsOf(log);
    if (!segments.includes(segment)) return 'absent';
    const path = segmentPath(log, segment);
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const walked = { log, segment, isLast: segment === segments.at(-1), path };
    const offset = await locate(file, { ...walked, size, hint: 0, index: first });
    if (offset === undefined) return 'other';
    return await walk(file, { ...walked, size, offset, index: first, endIndex: end });
  }

  return {
    async logs() {
      return (await readdir(join(directory, 'logs')).catch(none))
        .map(Number)
        .filter((number) => Number.isSafeInteger(number) && number > 0)
        .toSorted((a, b) => a - b);
    },
    async nextSpan(log, from, endIndex) {
      const segments = await segmentsOf(log);
      // Files pruned before they were archived: what is left goes, and the gap shows in the names.
      const segment = segments.findLast((first) => first <= from.index) ?? segments[0];
      if (segment === undefined || segment >= endIndex) return undefined;
      const index = Math.max(segment, from.index);
      const walked = { log, segment, isLast: segment === segments.at(-1), path: segmentPath(log, segment) };
      await using file = await open(walked.path, 'r');
      const { size, ino } = await file.stat();
      const hint = segment === from.segment ? from.offset : 0;
      const offset = await locate(file, { ...walked, size, hint, index });
      if (offset === undefined) return undefined;
      // Asked every second or so, while blocks are added by the dozen: what was walked before is not walked again.
      const before = seen.get(log);
      const isOfThis =
        before?.ino === ino && before.segment === segment && before.offset === offset && before.endOffset <= size;
      const known = isOfThis && before.first === index && before.end <= endIndex ? before : undefined;
      const span = await walk(file, { ...walked, size, offset, index, endIndex, known });
      if (span === undefined) seen.delete(log);
      else seen.set(log, { ...span, ino });
      return span;
    },
    async checkedFile({ log, segment, first, end, bytes, offset, endOffset }) {
      const path = segmentPath(log, segment);
      const name = spanName({ log, segment, first, end, bytes });
      const read = async (at: number, length: number): Promise<Buffer> => {
        await using file = await open(path, 'r');
        return await readAt(file, offset + at, length);
      };
      await using file = await open(path, 'r');
      let index = first;
      for (let at = offset; at < endOffset;) {
        const start = readBlockStart(await readAt(file, at, blockStartBytes));
        if (start === undefined || at + start.length > endOffset || start.firstIndex !== index)
          throw damaged(name, `the block at ${at} is not the one of entry ${index}`);
        try {
          decodeBlock(await readAt(file, at, start.length));
        } catch (error) {
          throw damaged(name, messageOf(error));
        }
        at += start.length;
        index += start.eventCount + 1;
      }
      return { name, bytes, sha256: await sumWhole(read, bytes), read };
    },
    async compare(span, sha256) {
      const { log, segment, bytes } = span;
      const here = await found(span);
      if (here === 'absent') return 'pruned';
      if (here === 'other') return 'other';
      if (here === undefined || here.bytes < bytes) return 'pruned';
      await using file = await open(segmentPath(log, segment), 'r');
      const sum = await sumWhole((at, length) => readAt(file, here.offset + at, length), bytes);
      return sum === sha256 ? 'same' : 'other';
    },
    async isLetGo(span) {
      const here = await found(span);
      return here !== 'absent' && here !== 'other' && (here === undefined || here.bytes < span.bytes);
    },
    small,
    tile: (log, path) => small(join('logs', String(log), path)),
  };
}

type Walked = { readonly log: number; readonly segment: number; readonly isLast: boolean; readonly size: number };

/**
 * Where the block of an entry begins. A segment is rewritten, shorter, when content in it is pruned: the place noted before is
 * only tried first. Undefined: the block is not written yet.
 */
async function locate(
  file: FileHandle,
  { log, segment, isLast, size, hint, index }: Walked & { readonly hint: number; readonly index: number },
): Promise<number | undefined> {
  const startAt = async (offset: number) => readBlockStart(await readAt(file, offset, blockStartBytes));
  if (hint === size && isLast) return undefined;
  if (hint < size && (await startAt(hint))?.firstIndex === index) return hint;
  for (let offset = 0; offset < size;) {
    const start = await startAt(offset);
    if (start === undefined) break;
    if (start.firstIndex === index) return offset;
    offset += start.length;
  }
  if (isLast) return undefined;
  throw damaged(`log ${log}, segment ${segment}`, `it has no block of entry ${index}`);
}

/** Whole blocks from a place on, as many as are durable and fit. */
async function walk(
  file: FileHandle,
  {
    log,
    segment,
    isLast,
    size,
    offset: begin,
    index: first,
    endIndex,
    known,
  }: Walked & {
    readonly offset: number;
    readonly index: number;
    readonly endIndex: number;
    /** Walked before, from the same place on. */
    readonly known?: Span | undefined;
  },
): Promise<Span | undefined> {
  let [offset, index] = [known?.endOffset ?? begin, known?.end ?? first];
  let firstReceivedAtMs = known?.firstReceivedAtMs;
  let isFull = false;
  for (;;) {
    const start = readBlockStart(await readAt(file, offset, blockStartBytes));
    if (start === undefined || offset + start.length > size) {
      // The writer finishes a segment before it begins the next.
      if (!isLast && offset < size)
        throw damaged(`log ${log}, segment ${segment}`, `what stands at ${offset} is no block`);
      isFull = !isLast;
      break;
    }
    const after = index + start.eventCount + 1;
    if (after > endIndex) break;
    if (start.log !== log || start.firstIndex !== index)
      throw damaged(`log ${log}, segment ${segment}`, `the block at ${offset} is not the one of entry ${index}`);
    if (offset + start.length - begin > mostSpanBytes && offset > begin) {
      isFull = true;
      break;
    }
    firstReceivedAtMs ??= start.receivedAtMs;
    offset += start.length;
    index = after;
  }
  if (firstReceivedAtMs === undefined) return undefined;
  const bytes = offset - begin;
  return { log, segment, first, end: index, bytes, offset: begin, endOffset: offset, firstReceivedAtMs, isFull };
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
