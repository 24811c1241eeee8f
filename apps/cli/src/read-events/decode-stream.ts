import zlib from 'node:zlib';
import { pipeline, type Duplex, type Readable } from 'node:stream';
import { readEvtx } from '@sallyport/evtx';
import { CliError } from '../errors.ts';

/** Unpacking stops where the output is this many times the input: logs reach 100, a bomb 1,000. */
const maxExpansion = 300;
const expansionFreeBytes = 128 * 1024 * 1024;

type Format = 'gzip' | 'zstd' | 'zip' | 'evtx' | 'utf-16le' | 'utf-16be' | 'utf-8-bom' | 'binary' | 'text';

/** Told by the first bytes, never by the name. */
export function detectFormat(head: Buffer): Format {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  if (head[0] === 0x50 && head[1] === 0x4b && (head[2] === 3 || head[2] === 5) && (head[3] === 4 || head[3] === 6))
    return 'zip';
  if (head.toString('latin1', 0, 7) === 'ElfFile') return 'evtx';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8-bom';
  // The export format of the journal has lengths in bytes.
  if (/^__(?:CURSOR|REALTIME_TIMESTAMP)=/.test(head.toString('latin1', 0, 30))) return 'text';
  return head.includes(0) ? 'binary' : 'text';
}

/**
 * UTF-8 text from a stream that may be compressed (gzip; zstd where this Node knows it), UTF-16 or a Windows event log, in bounded memory.
 * Refuses what is no text, and output out of all proportion to its input.
 */
export async function* decodeStream(source: AsyncIterable<Buffer>, name: string, depth = 0): AsyncGenerator<Buffer> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let done = false;
  while (head.length < 4096 && !done) {
    const next = await iterator.next();
    if (next.done === true) done = true;
    else head = Buffer.concat([head, next.value]);
  }
  const whole = rejoin(head, iterator);
  const format = detectFormat(head);
  try {
    yield* decoded(format, { head, whole, iterator, name, depth });
  } finally {
    // What is refused is not read to its end: its file must be closed all the same.
    await iterator.return?.();
  }
}

type Source = {
  readonly head: Buffer;
  readonly whole: AsyncGenerator<Buffer>;
  readonly iterator: AsyncIterator<Buffer>;
  readonly name: string;
  readonly depth: number;
};

async function* decoded(format: Format, { head, whole, iterator, name, depth }: Source): AsyncGenerator<Buffer> {
  switch (format) {
    case 'text':
      yield* whole;
      return;
    case 'utf-8-bom':
      yield head.subarray(3);
      yield* remaining(iterator);
      return;
    case 'utf-16le':
    case 'utf-16be':
      yield* fromUtf16(whole, format);
      return;
    case 'gzip':
    case 'zstd':
      if (depth > 0) throw unreadable(name, 'it is compressed more than once');
      yield* decodeStream(unpack(whole, format, name), name, depth + 1);
      return;
    case 'zip':
      throw unreadable(name, 'it is a zip inside another archive', 'unpack the outer archive first');
    case 'evtx':
      yield* evtxAsLines(whole);
      return;
    case 'binary':
      throw unreadable(
        name,
        'it is neither text nor a known compression',
        'pass a log as text, JSON, EVTX, a zip, or a gzip of them',
      );
  }
}

/** The records of a Windows event log as NDJSON; what is damaged is a line that says so. */
async function* evtxAsLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // GUIDs as the server writes them when it is given the log itself.
  for await (const item of readEvtx(source, { guids: 'braced' })) {
    if (item.kind === 'record') yield Buffer.from(`${JSON.stringify(item.event)}\n`);
    else if (item.kind === 'damaged') {
      const { code, offset, why } = item;
      yield Buffer.from(`${JSON.stringify({ evtx_damaged: { code, offset, why } })}\n`);
    }
  }
}

function unreadable(name: string, why: string, hint?: string): CliError {
  return new CliError('input_unreadable', `Cannot read "${name}": ${why}`, hint === undefined ? {} : { hint });
}

async function* remaining(iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

async function* rejoin(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  yield* remaining(iterator);
}

async function* fromUtf16(source: AsyncIterable<Buffer>, format: 'utf-16le' | 'utf-16be'): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(format);
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

function unpacker(format: 'gzip' | 'zstd', name: string): Duplex {
  if (format === 'gzip') return zlib.createGunzip();
  // Node 20 and early 22 have no zstd.
  if (typeof zlib.createZstdDecompress !== 'function')
    throw unreadable(name, `Node ${process.versions.node} cannot unpack zstd`, 'unpack it with zstd -d first');
  return zlib.createZstdDecompress();
}

async function* unpack(source: AsyncIterable<Buffer>, format: 'gzip' | 'zstd', name: string): AsyncGenerator<Buffer> {
  let packedBytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      packedBytes += chunk.length;
      yield chunk;
    }
  };
  const output = unpacker(format, name);
  // The reader below sees the error; without a callback it would also be thrown out of band.
  pipeline(counted, output, () => undefined);
  yield* boundExpansion(output, { packedBytes: () => packedBytes, unpacked: { bytes: 0 }, name });
}

/** Passes a decompressed stream on, counting it into `unpacked`, until that grows out of proportion to what was read for it. */
export async function* boundExpansion(
  output: Readable,
  { packedBytes, unpacked, name }: { packedBytes(): number; unpacked: { bytes: number }; name: string },
): AsyncGenerator<Buffer> {
  const chunks: AsyncIterable<Buffer> = output;
  for await (const chunk of chunks) {
    unpacked.bytes += chunk.length;
    if (unpacked.bytes > expansionFreeBytes && unpacked.bytes > maxExpansion * packedBytes()) {
      throw unreadable(
        name,
        `it unpacks to more than ${maxExpansion} times its size`,
        'unpack it yourself if you trust it',
      );
    }
    yield chunk;
  }
}
