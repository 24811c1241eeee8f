import { ArchiveError } from '../errors.ts';
import { isName, parseSpanName } from '../names.ts';
import type { ListedVersion } from '../s3/s3-versions.ts';

export type PlannedFile = {
  readonly name: string;
  /** Of the version that is tried first. */
  readonly bytes: number;
  /** Oldest first: the archive never replaces a file, so whatever is newer is the same again or somebody else's. */
  readonly versions: readonly Pick<ListedVersion, 'version' | 'bytes'>[];
};
export type FetchPlan = {
  readonly files: readonly PlannedFile[];
  readonly bytes: number;
  /** Behind a delete marker, fetched all the same. */
  readonly hidden: number;
  /** Names of which nothing but a delete marker is left. */
  readonly gone: readonly string[];
  /** What no archive of ours has written. */
  readonly foreign: number;
};

const mostFiles = 1_000_000;

/** What to fetch of everything a bucket lists. Throws `off_site_missing` when no archive is among it. */
export function planFetch(place: string, listed: readonly ListedVersion[]): FetchPlan {
  // The command line runs on Node 20 too, which has no Map.groupBy.
  const byName = new Map<string, ListedVersion[]>();
  for (const one of listed) {
    const known = byName.get(one.name);
    if (known === undefined) byName.set(one.name, [one]);
    else known.push(one);
  }
  // A file named like a folder of others would keep them out of it.
  const folders = new Set<string>();
  for (const name of byName.keys())
    for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) folders.add(name.slice(0, at));
  const files: PlannedFile[] = [];
  const gone: string[] = [];
  let hidden = 0;
  let foreign = 0;
  for (const [name, all] of byName) {
    if (!isName(name) || name.endsWith('.new') || folders.has(name)) {
      foreign += 1;
      continue;
    }
    const versions = all.filter(({ isMarker }) => !isMarker).toReversed();
    const [first] = versions;
    if (first === undefined) gone.push(name);
    else files.push({ name, bytes: parseSpanName(name)?.bytes ?? first.bytes, versions });
    if (first !== undefined && all.some(({ isMarker, isLatest }) => isMarker && isLatest)) hidden += 1;
  }
  if (files.length > mostFiles)
    throw new ArchiveError('off_site_mismatch', `Cannot fetch "${place}": it has over ${mostFiles} files`);
  if (!files.some(({ name }) => parseSpanName(name) !== undefined))
    throw new ArchiveError('off_site_missing', `Cannot find an archive in "${place}": it has no blocks of a ledger`, {
      hint: 'name the prefix the server archives under, as sallyport archive status shows it',
    });
  return { files, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0), hidden, gone, foreign };
}
