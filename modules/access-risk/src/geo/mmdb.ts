import { addressBytes } from './address.ts';

/** A value of the data section: text, number, boolean, or a map of such. What is anything else reads as undefined. */
export type MmdbValue = string | number | boolean | MmdbMap | undefined;
export type MmdbMap = { readonly [name: string]: MmdbValue };

export type MmdbFacts = {
  readonly type: string;
  readonly builtAtMs: number;
  readonly ipVersion: 4 | 6;
  readonly nodes: number;
  readonly bytes: number;
};

/**
 * A database in MaxMind's DB format 2.0, held in memory as it is. Made for files that anybody may have written: each lookup takes at most
 * 128 steps through the tree and `mostValues` of the record, whatever pointers and lengths say, and never throws.
 */
export type Mmdb = {
  readonly facts: MmdbFacts;
  /** Undefined for what is no address, is not in the file, or cannot be read. */
  find(address: string): MmdbMap | undefined;
};

const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const mostMetadata = 131_072;
const separatorBytes = 16;
const mostValues = 400;
const mostDepth = 8;
const longestText = 1024;

class MmdbError extends Error {}

/** Throws `MmdbError` for what is no such file. Reads the metadata alone; records are read when they are asked for. */
export function openMmdb(bytes: Buffer): Mmdb {
  const searchFrom = Math.max(0, bytes.length - mostMetadata);
  const at = bytes.subarray(searchFrom).lastIndexOf(marker);
  if (at < 0) throw new MmdbError('the mark of the format is missing');
  const metadataAt = searchFrom + at + marker.length;
  const metadata = mapOf(readValue(bytes.subarray(metadataAt), 0));
  if (metadata === undefined) throw new MmdbError('its description cannot be read');
  const nodes = wholeNumber(metadata, 'node_count', 1, 0xff_ff_ff_ff);
  const recordBits = wholeNumber(metadata, 'record_size', 24, 32);
  const ipVersion = wholeNumber(metadata, 'ip_version', 4, 6) === 6 ? 6 : 4;
  if (recordBits !== 24 && recordBits !== 28 && recordBits !== 32)
    throw new MmdbError(`its records have ${recordBits} bits, must have 24, 28 or 32`);
  if (metadata['binary_format_major_version'] !== 2) throw new MmdbError('its format must be version 2');
  const treeBytes = (nodes * recordBits) / 4;
  const dataAt = treeBytes + separatorBytes;
  if (dataAt > searchFrom + at) throw new MmdbError('its tree is longer than the file');
  const data = bytes.subarray(dataAt, searchFrom + at);
  const { database_type: type, build_epoch: built } = metadata;

  function recordOf(node: number, bit: number): number {
    const nodeAt = (node * recordBits) / 4;
    if (recordBits === 24) return bytes.readUIntBE(nodeAt + bit * 3, 3);
    if (recordBits === 32) return bytes.readUInt32BE(nodeAt + bit * 4);
    const middle = bytes.readUInt8(nodeAt + 3);
    return bit === 0
      ? ((middle & 0xf0) << 20) | bytes.readUIntBE(nodeAt, 3)
      : ((middle & 0x0f) << 24) | bytes.readUIntBE(nodeAt + 4, 3);
  }

  function walk(from: number, address: Uint8Array): number {
    let node = from;
    for (let bit = 0; bit < address.length * 8 && node < nodes; bit += 1)
      node = recordOf(node, ((address[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
    return node;
  }

  let startOf4: number | undefined;

  return {
    facts: {
      type: typeof type === 'string' ? type.slice(0, 100) : '',
      builtAtMs: typeof built === 'number' ? built * 1000 : 0,
      ipVersion,
      nodes,
      bytes: bytes.length,
    },
    find(address) {
      const binary = addressBytes(address);
      if (binary === undefined || (binary.length === 16 && ipVersion === 4)) return undefined;
      if (binary.length === 4) startOf4 ??= ipVersion === 4 ? 0 : walk(0, new Uint8Array(12));
      const record = walk(binary.length === 4 ? (startOf4 ?? 0) : 0, binary);
      return record <= nodes ? undefined : mapOf(readValue(data, record - nodes - separatorBytes));
    },
  };
}

/** Undefined where the bytes say nothing sensible, or too much. */
function readValue(data: Buffer, from: number): MmdbValue {
  let budget = mostValues;

  function read(at: number, depth: number, mayPoint: boolean): { value: MmdbValue; next: number } | undefined {
    budget -= 1;
    if (budget < 0 || depth > mostDepth || at < 0 || at >= data.length) return undefined;
    const control = data.readUInt8(at);
    let next = at + 1;
    let type = control >> 5;
    if (type === 1) {
      const sizeBits = (control >> 3) & 3;
      if (next + sizeBits + 1 > data.length || !mayPoint) return undefined;
      const low = data.readUIntBE(next, sizeBits + 1);
      const high = sizeBits === 3 ? 0 : (control & 7) * 2 ** (8 * (sizeBits + 1));
      const target = high + low + ([0, 2048, 526_336, 0][sizeBits] ?? 0);
      const found = read(target, depth + 1, false);
      return found === undefined ? undefined : { value: found.value, next: next + sizeBits + 1 };
    }
    if (type === 0) {
      if (next >= data.length) return undefined;
      type = 7 + data.readUInt8(next);
      next += 1;
    }
    let size = control & 31;
    if (size >= 29) {
      const more = size - 28;
      if (next + more > data.length) return undefined;
      size = data.readUIntBE(next, more) + ([0, 29, 285, 65_821][more] ?? 0);
      next += more;
    }
    if (type === 7) return readMap(next, size, depth);
    if (type === 11) return readList(next, size, depth);
    if (type === 14) return { value: size === 1, next };
    const end = next + size;
    if (end > data.length) return undefined;
    if (type === 2) return { value: data.toString('utf8', next, Math.min(end, next + longestText)), next: end };
    if (type === 3) return size === 8 ? { value: finite(data.readDoubleBE(next)), next: end } : undefined;
    if (type === 15) return size === 4 ? { value: finite(data.readFloatBE(next)), next: end } : undefined;
    if (type === 5 || type === 6 || type === 9) return { value: unsigned(data, next, size), next: end };
    if (type === 8) return { value: size === 4 ? data.readInt32BE(next) : unsigned(data, next, size), next: end };
    // Bytes and very large numbers: nothing here asks for them.
    return type === 4 || type === 10 ? { value: undefined, next: end } : undefined;
  }

  function readMap(at: number, size: number, depth: number): { value: MmdbValue; next: number } | undefined {
    const entries: [string, MmdbValue][] = [];
    let next = at;
    for (let entry = 0; entry < size; entry += 1) {
      const key = read(next, depth + 1, true);
      if (key === undefined || typeof key.value !== 'string') return undefined;
      const value = read(key.next, depth + 1, true);
      if (value === undefined) return undefined;
      entries.push([key.value, value.value]);
      next = value.next;
    }
    return { value: Object.fromEntries(entries), next };
  }

  function readList(at: number, size: number, depth: number): { value: MmdbValue; next: number } | undefined {
    let next = at;
    for (let entry = 0; entry < size; entry += 1) {
      const value = read(next, depth + 1, true);
      if (value === undefined) return undefined;
      next = value.next;
    }
    return { value: undefined, next };
  }

  return read(from, 0, true)?.value;
}

function mapOf(value: MmdbValue): MmdbMap | undefined {
  return typeof value === 'object' ? value : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function unsigned(data: Buffer, at: number, size: number): number | undefined {
  if (size === 0) return 0;
  return size > 6 ? Number(BigInt(`0x${data.toString('hex', at, at + Math.min(size, 8))}`)) : data.readUIntBE(at, size);
}

function wholeNumber(metadata: MmdbMap, name: string, least: number, most: number): number {
  const value = metadata[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new MmdbError(`its ${name} must be a whole number from ${least} to ${most}`);
}
