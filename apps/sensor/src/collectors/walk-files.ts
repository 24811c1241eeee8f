import type { HostFiles } from '../host/host-files.ts';

const maxDepth = 24;

/** Paths with `*`, which stands for one name, as they are now on this host. */
export function expandPaths(files: HostFiles, paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    if (!path.includes('*')) return [path];
    let found = [''];
    for (const part of path.split('/').slice(1))
      found =
        part === '*'
          ? found.flatMap((before) => files.list(before === '' ? '/' : before).map((name) => `${before}/${name}`))
          : found.map((before) => `${before}/${part}`);
    return found.filter((candidate) => files.facts(candidate) !== undefined);
  });
}

/** Everything at and under the paths, folders before what is in them. Links are told, not followed. */
export function* walkFiles(
  files: HostFiles,
  paths: Iterable<string>,
  isExcluded: (path: string) => boolean,
  depth = 0,
): Generator<string> {
  for (const path of paths) {
    const facts = isExcluded(path) ? undefined : files.facts(path);
    if (facts === undefined) continue;
    yield path;
    if (facts.kind === 'folder' && depth < maxDepth) {
      yield* walkFiles(files, innerOf(files, path), isExcluded, depth + 1);
    }
  }
}

/** The same, of each path only so many: one folder that somebody fills must not keep the walk from the others. */
export function* walkBounded(
  files: HostFiles,
  paths: readonly string[],
  bound: {
    readonly isExcluded: (path: string) => boolean;
    readonly maxOfPath: number;
    readonly onCut: (path: string) => void;
  },
): Generator<string> {
  for (const path of paths) {
    let count = 0;
    for (const found of walkFiles(files, [path], bound.isExcluded)) {
      if (count >= bound.maxOfPath) {
        bound.onCut(path);
        break;
      }
      count += 1;
      yield found;
    }
  }
}

function* innerOf(files: HostFiles, folder: string): Generator<string> {
  for (const name of files.names(folder)) yield `${folder === '/' ? '' : folder}/${name}`;
}
