import type { FileHashes, HashAlgorithm } from '../host/hash-file.ts';
import type { HostFiles } from '../host/host-files.ts';
import { walkFiles } from '../collectors/walk-files.ts';

export type ListedHash = {
  readonly algorithm: HashAlgorithm;
  readonly value: string;
  /** The file that lists it. */
  readonly list: string;
};

/** Hashes that must not be on this host, from plain files: one a line, hexadecimal; what follows a blank or comma is a remark, as is a line with `#`. */
export type HashLists = {
  /** Reads lists that changed. True when something did. */
  refresh(): boolean;
  /** What is listed of a file, by the strongest hash. */
  find(hashes: FileHashes): ListedHash | undefined;
  /** Hashes beside SHA-256 that must be made of files for the lists. */
  algorithms(): ReadonlySet<HashAlgorithm>;
  readonly count: () => number;
  /** Changes with the content of the lists. */
  readonly stamp: () => string;
  problem(): string | undefined;
};

const algorithmOfLength = new Map<number, HashAlgorithm>([
  [64, 'sha256'],
  [40, 'sha1'],
  [32, 'md5'],
]);
const strongestFirst: readonly HashAlgorithm[] = ['sha256', 'sha1', 'md5'];
/** 16 MiB of SHA-256. */
const maxHashes = 500_000;
const maxListBytes = 64 << 20;
const maxLineCharacters = 4096;

/** The hash a line names; undefined for remarks. A line that is neither gives `refused`. */
export function parseHashLine(line: string): { algorithm: HashAlgorithm; value: string } | 'refused' | undefined {
  const text = line.trim();
  if (text === '' || /^[#;]|^\/\//.test(text)) return undefined;
  const value = (/^["']?([0-9a-f]+)["']?(?=[\s,;#]|$)/i.exec(text)?.[1] ?? '').toLowerCase();
  const algorithm = algorithmOfLength.get(value.length);
  return algorithm === undefined ? 'refused' : { algorithm, value };
}

/** Sorted, so that half a million of them cost what they are long. */
export type SortedHashes = { has(value: string): boolean; readonly count: number };

/** Of hashes that follow each other, each `bytesEach` long; doubles go. */
export function sortedHashes(packed: Uint8Array, bytesEach: number): SortedHashes {
  const given = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const total = Math.floor(given.length / bytesEach);
  // By their first four bytes, with their place in the rest of a number that a double holds: sorting numbers needs no memory beside.
  const keys = new Float64Array(total);
  for (let at = 0; at < total; at += 1) keys[at] = given.readUInt32BE(at * bytesEach) * placeRange + at;
  keys.sort();
  const sorted = Buffer.alloc(total * bytesEach);
  let count = 0;
  let groupFrom = 0;

  const prefixAt = (at: number): number => sorted.readUInt32BE(at * bytesEach);
  /** Among those from `from` on that begin like it. */
  const isIn = (value: Uint8Array, from: number, prefix: number): boolean => {
    for (let at = from; at < count && prefixAt(at) === prefix; at += 1)
      if (sorted.compare(value, 0, bytesEach, at * bytesEach, (at + 1) * bytesEach) === 0) return true;
    return false;
  };

  for (const key of keys) {
    const place = (key % placeRange) * bytesEach;
    const value = given.subarray(place, place + bytesEach);
    const prefix = Math.floor(key / placeRange);
    if (count > 0 && prefixAt(groupFrom) !== prefix) groupFrom = count;
    if (isIn(value, groupFrom, prefix)) continue;
    value.copy(sorted, count * bytesEach);
    count += 1;
  }

  return {
    count,
    has(value) {
      const wanted = Buffer.from(value, 'hex');
      if (wanted.length !== bytesEach) return false;
      const prefix = wanted.readUInt32BE(0);
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (prefixAt(middle) < prefix) low = middle + 1;
        else high = middle;
      }
      return isIn(wanted, low, prefix);
    },
  };
}

/** More than `maxHashes`, and 2^32 of these are within a double. */
const placeRange = 2 ** 20;

type LoadedList = {
  readonly stamp: string;
  readonly hashes: ReadonlyMap<HashAlgorithm, SortedHashes>;
  readonly refused: number;
};

/** `paths` are files, or folders of them. A list that is being replaced and cannot be read for a moment stays as it was. */
export function createHashLists(files: HostFiles, paths: readonly string[]): HashLists {
  const lists = new Map<string, LoadedList>();
  let missing: readonly string[] = [];
  let isFull = false;

  /** In pieces: a list is longer than this process may be. */
  function load(path: string, stamp: string, room: number): LoadedList | undefined {
    const values = new Map<HashAlgorithm, { packed: Buffer; used: number; readonly bytesEach: number }>();
    let refused = 0;
    let taken = 0;

    function take(line: string): void {
      const parsed = parseHashLine(line);
      if (parsed === undefined) return;
      if (parsed === 'refused') refused += 1;
      else if (taken >= room) isFull = true;
      else {
        taken += 1;
        const bytesEach = parsed.value.length / 2;
        const same = values.get(parsed.algorithm) ?? { packed: Buffer.alloc(4096), used: 0, bytesEach };
        values.set(parsed.algorithm, same);
        if (same.used + bytesEach > same.packed.length)
          same.packed = Buffer.concat([same.packed, Buffer.alloc(same.packed.length)]);
        same.used += same.packed.write(parsed.value, same.used, 'hex');
      }
    }

    let rest = '';
    let isThere = false;
    for (const piece of files.pieces(path, maxListBytes)) {
      isThere = true;
      const lines = (rest + piece.toString('latin1')).split('\n');
      // What is longer is no hash, whatever follows.
      rest = (lines.pop() ?? '').slice(0, maxLineCharacters);
      for (const line of lines) take(line);
    }
    if (!isThere) return undefined;
    take(rest);
    const hashes = new Map(
      [...values].map(
        ([algorithm, { packed, used, bytesEach }]) =>
          [algorithm, sortedHashes(packed.subarray(0, used), bytesEach)] as const,
      ),
    );
    return { stamp, hashes, refused };
  }

  const count = (): number =>
    [...lists.values()].reduce(
      (sum, { hashes }) => sum + [...hashes.values()].reduce((all, set) => all + set.count, 0),
      0,
    );

  return {
    count,
    refresh() {
      let changed = false;
      isFull = false;
      missing = paths.filter((path) => files.facts(path) === undefined);
      const found = [...walkFiles(files, paths, () => false)].filter((path) => files.facts(path)?.kind === 'file');
      for (const path of lists.keys())
        if (!found.includes(path) && !missing.some((gone) => path === gone || path.startsWith(`${gone}/`))) {
          lists.delete(path);
          changed = true;
        }
      for (const path of found) {
        const facts = files.facts(path);
        const stamp = `${facts?.inode ?? 0} ${facts?.size ?? 0} ${facts?.modifiedMs ?? 0} ${facts?.changedMs ?? 0}`;
        if (lists.get(path)?.stamp === stamp) continue;
        lists.delete(path);
        const loaded = load(path, stamp, maxHashes - count());
        if (loaded !== undefined) lists.set(path, loaded);
        changed = true;
      }
      return changed;
    },
    find(given) {
      for (const algorithm of strongestFirst) {
        const value = given[algorithm];
        if (value === undefined) continue;
        for (const [list, { hashes }] of lists)
          if (hashes.get(algorithm)?.has(value) === true) return { algorithm, value, list };
      }
      return undefined;
    },
    algorithms: () => new Set([...lists.values()].flatMap(({ hashes }) => [...hashes.keys()])),
    stamp: () => [...lists].map(([path, { stamp }]) => `${path} ${stamp}`).join('\n'),
    problem() {
      const refused = [...lists].find(([, list]) => list.refused > 0);
      const [gone] = missing;
      if (gone !== undefined) return `the list of hashes ${gone} is not there`;
      if (isFull) return `more than ${maxHashes} hashes are listed`;
      return refused === undefined ? undefined : `${refused[1].refused} lines of ${refused[0]} are no hash`;
    },
  };
}
