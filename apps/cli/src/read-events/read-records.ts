import { CliError } from '../errors.ts';
import { openRegularFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { boundExpansion, decodeStream, detectFormat } from './decode-stream.ts';
import { createRecordSplitter, type RecordSplitter, type SplitRecord } from './record-splitter.ts';
import { guessFormat, type Guess, type TextFormat } from './text-format.ts';
import { createTextSplitter } from './text-records.ts';
import { zipMembers } from './zip-members.ts';

/** A record with its place in the file: counted from 0 over everything in it, broken records and all members of a zip included. */
export type FileRecord = SplitRecord & { readonly index: number };

export type ReadOptions = {
  readonly signal: AbortSignal;
  /** Told the share of the file that was read, between 0 and 1. */
  onProgress?(share: number): void;
  /** Told about a member of a zip that cannot be read; the others are read all the same. */
  onUnreadable(error: CliError): void;
  /** What texts are; JSON when left out. `guess`: told by their beginning, and `onGuess` is told. */
  readonly format?: TextFormat | 'guess' | undefined;
  onGuess?(guess: Guess, name: string): void;
};

/** Larger records are counted and left out. The server takes less than this in one event. */
const maxRecordBytes = 8 * 1024 * 1024;
const limits = { maxRecordBytes, maxDepth: 128 };
const guessedFromBytes = 4096;

/**
 * The events of one file in the order they stand in it, a few at a time: NDJSON, JSON, other logs, a zip of such files, or gzip.
 * Memory stays bounded by `maxRecordBytes`. Throws `CliError` `input_unreadable` and the signal's reason.
 */
export async function* readRecords(path: string, options: ReadOptions): AsyncGenerator<readonly FileRecord[]> {
  const { sizeBytes, head } = await look(path);
  let nextIndex = 0;
  const number = (records: readonly SplitRecord[]): FileRecord[] =>
    records.map((record) => Object.assign(record, { index: nextIndex++ }));
  if (detectFormat(head) === 'zip') {
    let packedBefore = 0;
    // One budget for all members: many small bombs are a bomb, and members may overlap.
    const unpacked = { bytes: 0 };
    for await (const member of zipMembers(path)) {
      const unpackedBefore = unpacked.bytes;
      const tell = (): void => {
        const share = Math.min(1, (unpacked.bytes - unpackedBefore) / Math.max(1, member.unpackedBytes));
        options.onProgress?.(Math.min(1, (packedBefore + share * member.packedBytes) / sizeBytes));
      };
      try {
        const name = `${member.name} in ${path}`;
        const bounded = boundExpansion(await member.open(), { packedBytes: () => sizeBytes, unpacked, name });
        for await (const records of splitChunks(decodeStream(bounded, name), options, name)) {
          tell();
          yield number(records);
        }
      } catch (error) {
        options.signal.throwIfAborted();
        options.onUnreadable(asUnreadable(error, `${member.name}" in "${path}`));
      }
      packedBefore += member.packedBytes;
      tell();
    }
    return;
  }
  let readBytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    const file = await openRegularFile(path);
    const chunks: AsyncIterable<Buffer> = file.createReadStream({ highWaterMark: 256 * 1024 });
    for await (const chunk of chunks) {
      readBytes += chunk.length;
      yield chunk;
      options.onProgress?.(Math.min(1, readBytes / sizeBytes));
    }
  };
  try {
    for await (const records of splitChunks(decodeStream(counted(), path), options, path)) yield number(records);
  } catch (error) {
    options.signal.throwIfAborted();
    throw asUnreadable(error, path);
  }
}

/** The records of a text. As many first bytes as a guess looks at come before the first of them. */
export async function* splitChunks(
  chunks: AsyncIterable<Buffer>,
  { signal, format = 'json', onGuess }: Pick<ReadOptions, 'signal' | 'format' | 'onGuess'>,
  name: string,
): AsyncGenerator<SplitRecord[]> {
  let start: Buffer = Buffer.alloc(0);
  let splitter = format === 'guess' ? undefined : splitterOf(format);
  const choose = (): RecordSplitter => {
    const guess = guessFormat(start);
    onGuess?.(guess, name);
    return splitterOf(guess.format);
  };
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    if (splitter === undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < guessedFromBytes) continue;
    }
    const records = splitter === undefined ? (splitter = choose()).push(start) : splitter.push(chunk);
    if (records.length > 0) yield records;
  }
  const first: SplitRecord[] = [];
  if (splitter === undefined) first.push(...(splitter = choose()).push(start));
  const last = [...first, ...splitter.end()];
  if (last.length > 0) yield last;
}

function splitterOf(format: TextFormat): RecordSplitter {
  return format === 'json' ? createRecordSplitter(limits) : createTextSplitter(format, maxRecordBytes);
}

function asUnreadable(error: unknown, name: string): CliError {
  if (error instanceof CliError) return error;
  return new CliError('input_unreadable', `Cannot read "${name}": ${whyNot(error)}`, { cause: error });
}

/** Size and first bytes. Refuses what is no file. */
async function look(path: string): Promise<{ sizeBytes: number; head: Buffer }> {
  try {
    const file = await openRegularFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      return { sizeBytes: (await file.stat()).size, head: buffer.subarray(0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, {
      cause: error,
      hint: 'check the path; files are named one by one, or with a pattern of your shell',
    });
  }
}
