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

/** The hash a line names; undefined for remarks. A line that is neither gives `refused`. */
export function parseHashLine(line: string): { algorithm: HashAlgorithm; value: string } | 'refused' | undefined {
  const text = line.trim();
  if (text === '' || /^[#;]|^\/\//.test(text)) return undefined;
  const value = (/^["']?([0-9a-f]+)["']?(?=[\s,;#]|$)/i.exec(text)?.[1] ?? '').toLowerCase();
  const algorithm = algorithmOfLength.get(value.length);
  return algorithm === undefined ? 'refused' : { algorithm, value };
}

/** Sorted, without doubles, so that half a million of them cost what they are long. */
export type SortedHashes = { has(value: string): boolean; readonly count: number };

export function sortedHashes(values: readonly string[], bytesEach: number): SortedHashes {
  const sorted = [...new Set(values)].toSorted();
  const packed = Buffer.alloc(sorted.length * bytesEach);
  for (const [at, value] of sorted.entries()) packed.write(value, at * bytesEach, 'hex');
  return {
    count: sorted.length,
    has(value) {
      const wanted = Buffer.from(value, 'hex');
      if (wanted.length !== bytesEach) return false;
      let low = 0;
      let high = packed.length / bytesEach;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const order = packed.compare(wanted, 0, bytesEach, middle * bytesEach, (middle + 1) * bytesEach);
        if (order === 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return false;
    },
  };
}

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

  function load(path: string, stamp: string, room: number): LoadedList | undefined {
    const text = files.text(path, maxListBytes);
    if (text === undefined) return undefined;
    const values = new Map<HashAlgorithm, string[]>();
    let refused = 0;
    let taken = 0;
    for (const line of text.split('\n')) {
      const parsed = parseHashLine(line);
      if (parsed === undefined) continue;
      if (parsed === 'refused') refused += 1;
      else if (taken >= room) isFull = true;
      else {
        taken += 1;
        const same = values.get(parsed.algorithm) ?? [];
        if (same.push(parsed.value) === 1) values.set(parsed.algorithm, same);
      }
    }
    const hashes = new Map(
      [...values].map(([algorithm, found]) => [algorithm, sortedHashes(found, (found[0] ?? '').length / 2)] as const),
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
