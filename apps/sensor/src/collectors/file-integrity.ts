import { parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import type { BaselineStore } from '../baseline-store.ts';
import type { Accounts } from '../host/accounts.ts';
import type { FileHasher } from '../host/hash-file.ts';
import type { HostFiles } from '../host/host-files.ts';
import { createReadAllowance } from '../host/read-allowance.ts';
import type { WatchFolder } from '../host/watch-folder.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { WhoData } from './audit-log.ts';
import type { Collected, Collector } from './collector.ts';
import { changeBetween, decodeEntries, encodeEntry, mayDiffer } from './file-entry.ts';
import type { FileEntry } from './file-entry.ts';
import { fileRecord } from './file-record.ts';
import type { Content } from './matches.ts';
import { createNamedChanges } from './named-changes.ts';
import { expandPaths, walkBounded } from './walk-files.ts';

export type FileIntegrityNeeds = {
  readonly files: HostFiles;
  readonly accounts: Accounts;
  readonly hasher: FileHasher;
  readonly clock: Clock;
  readonly watch: WatchFolder;
  readonly baselines: BaselineStore;
  /** Files and folders; a `*` stands for one name. Folders count with all in them. */
  readonly paths: readonly string[];
  readonly excluded: readonly string[];
  /** The sensor's own program, key and settings: whoever changes them is told of as such. */
  readonly own?: readonly string[];
  /** Names the baseline that counts. */
  readonly position: string | undefined;
  readonly whoTouched: (path: string, sinceMs: number) => WhoData | undefined;
  /** A file with new content, for whoever looks into it. */
  readonly onContent?: (content: Content) => void;
  readonly rescanEveryMs?: number;
};

export type FileIntegrityCollector = Collector & {
  /** The regular files that are watched; undefined while they are being learnt. */
  watched(): Iterable<string> | undefined;
};

const defaultRescanMs = 15 * 60_000;
const pathsAtOnce = 200;
/** Names that found no room are looked for as soon as this. */
const walkAgainMs = 10_000;
const maxChangesAtOnce = 500;
const maxWatches = 4096;
const maxEntries = 50_000;
/** Of a folder that is watched, with all in it; somebody’s home must not use up what there is for all. */
const maxOfPath = 10_000;
const maxNewFolders = 1000;
const largeFromBytes = 1 << 20;
const settledAfterMs = 100;
const maxLarge = 1000;

/**
 * Changes of watched files. The kernel tells of most at once; a walk over all of them every quarter of an hour finds what it did
 * not tell, as when too many changed at once. The baseline survives restarts: what changed while the sensor was stopped is told.
 */
export function createFileIntegrityCollector(needs: FileIntegrityNeeds): FileIntegrityCollector {
  const { files, hasher, clock, watch, baselines, rescanEveryMs = defaultRescanMs } = needs;
  const stored = needs.position === undefined ? undefined : baselines.load(needs.position);
  const loaded = stored === undefined ? undefined : decodeEntries(parseJson(stored));
  const known = loaded ?? new Map<string, FileEntry>();
  const isExcluded = (path: string): boolean =>
    needs.excluded.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  let version = loaded === undefined ? Number(needs.position ?? 0) + 1 : Number(needs.position);
  /** While the first baseline is made nothing is told: there is nothing to compare with. */
  let isLearning = loaded === undefined;
  let wasLost = needs.position !== undefined && loaded === undefined;
  const named = createNamedChanges();
  /** Folders that are new: what was put into them before they were followed was told by nobody. */
  const newFolders = new Set<string>();
  /** Changed, and so long that they wait for the rest. */
  const large = new Set<string>();
  const smallReads = createReadAllowance(clock, 32 << 20, 64 << 20);
  const largeReads = createReadAllowance(clock, 16 << 20, 16 << 20);
  let inside: Generator<string> | undefined;
  /** Known, and not met by the last walk. */
  let unseen: string[] = [];
  const watches = new Map<string, () => void>();
  let walk: Generator<string> | undefined;
  let seen = new Set<string>();
  let nextWalkMs = clock.monotonicMs();
  let watchFault: string | undefined;
  let unreadable = 0;
  let isFull = false;
  let cut = new Set<string>();

  function follow(folder: string): void {
    if (watches.has(folder)) return;
    if (watches.size >= maxWatches) {
      watchFault = `more than ${maxWatches} folders`;
      return;
    }
    const stop = (): void => {
      watches.get(folder)?.();
      watches.delete(folder);
    };
    try {
      watches.set(
        folder,
        watch(
          files.at(folder),
          (name) => {
            if (name !== undefined) named.add(folder, `${folder === '/' ? '' : folder}/${name}`);
            named.add(folder, folder);
          },
          stop,
        ),
      );
    } catch (error) {
      watchFault = codeOf(error) ?? 'not possible';
    }
  }

  async function look(path: string): Promise<FileEntry | undefined> {
    const facts = files.facts(path);
    if (facts === undefined || isExcluded(path)) return undefined;
    if (facts.kind === 'folder') follow(path);
    const before = known.get(path);
    const { kind, inode, size, modifiedMs, changedMs, mode, userId, groupId } = facts;
    const isNew = mayDiffer(before, facts);
    if (kind === 'file' && isNew) (size < largeFromBytes ? smallReads : largeReads).use(size);
    const sha256 = kind !== 'file' ? undefined : isNew ? await hasher.sha256(files.at(path)) : before?.sha256;
    const target = facts.kind === 'link' ? files.link(path) : undefined;
    // Another change within the same tick of the clock leaves the time as it is: the next look reads it again.
    const settledMs = clock.nowMs() - changedMs < settledAfterMs ? changedMs - 1 : changedMs;
    return { kind, inode, size, modifiedMs, changedMs: settledMs, mode, userId, groupId, sha256, target };
  }

  /** Long files are looked at when there is time; while the first baseline is made everything waits for them. */
  function isPutOff(path: string): boolean {
    const facts = files.facts(path);
    if (isLearning || facts?.kind !== 'file' || facts.size < largeFromBytes || !mayDiffer(known.get(path), facts))
      return false;
    if (large.size >= maxLarge) return false;
    large.add(path);
    return true;
  }

  async function check(path: string, records: SensorRecord[]): Promise<boolean> {
    const before = known.get(path);
    const after = await look(path);
    if (after?.kind === 'file' && after.sha256 === undefined) unreadable += 1;
    const change = changeBetween(before, after);
    if (after === undefined) known.delete(path);
    else if (before === undefined && known.size >= maxEntries) isFull = true;
    else known.set(path, after);
    if (change === undefined)
      return before !== undefined && after !== undefined && mayDiffer(before, { ...after, device: 0 });
    if (isLearning) return true;
    const record = fileRecord({ path, change, before, after }, needs);
    records.push(record);
    if (after?.sha256 !== undefined && after.sha256 !== before?.sha256) {
      const { User, LogonUser, Image, ProcessId } = record.fields;
      const fields = present({ User, LogonUser, Image, ProcessId });
      needs.onContent?.({ trigger: 'file_changed', path, at: files.at(path), fields });
    }
    return true;
  }

  const bounded = (paths: readonly string[]): Generator<string> =>
    walkBounded(files, paths, { isExcluded, maxOfPath, onCut: (path) => cut.add(path) });
  const hasTime = (): boolean => smallReads.has() && (!isLearning || largeReads.has());

  /** The next part of what is in new folders. */
  async function lookInside(records: SensorRecord[]): Promise<boolean> {
    let changed = false;
    for (let count = 0; count < pathsAtOnce && records.length < maxChangesAtOnce && hasTime(); count += 1) {
      const [folder] = newFolders;
      if (inside === undefined && folder === undefined) return changed;
      if (inside === undefined && folder !== undefined) {
        newFolders.delete(folder);
        inside = bounded([folder]);
      }
      const step = inside?.next();
      if (step === undefined || step.done === true) inside = undefined;
      else if (!isPutOff(step.value)) changed = (await check(step.value, records)) || changed;
    }
    return changed;
  }

  /** The next part of the walk; true when it just ended. */
  async function goOn(records: SensorRecord[]): Promise<{ changed: boolean; ended: boolean }> {
    if (walk === undefined) {
      if (unseen.length > 0) return { changed: false, ended: false };
      if (named.takeOverflow()) nextWalkMs = Math.min(nextWalkMs, clock.monotonicMs() + walkAgainMs);
      if (clock.monotonicMs() < nextWalkMs) return { changed: false, ended: false };
      cut = new Set();
      walk = bounded(expandPaths(files, needs.paths));
      seen = new Set();
      unreadable = 0;
    }
    let changed = false;
    for (let count = 0; count < pathsAtOnce && records.length < maxChangesAtOnce && hasTime(); count += 1) {
      const step = walk.next();
      if (step.done === true) {
        walk = undefined;
        nextWalkMs = clock.monotonicMs() + rescanEveryMs;
        unseen = [...known.keys()].filter((path) => !seen.has(path));
        return { changed, ended: true };
      }
      seen.add(step.value);
      // What there was no room for was told when it came.
      if (isFull && known.size >= maxEntries && !known.has(step.value)) continue;
      if (!isPutOff(step.value)) changed = (await check(step.value, records)) || changed;
    }
    return { changed, ended: false };
  }

  function commit(records: SensorRecord[]): Collected {
    version += 1;
    baselines.save(
      String(version),
      JSON.stringify(Object.fromEntries([...known].map(([path, entry]) => [path, encodeEntry(entry)]))),
    );
    return { records, position: String(version) };
  }

  const told = (event: string): SensorRecord => ({
    kind: 'file',
    collector: 'files',
    lossy: false,
    timeMs: clock.nowMs(),
    event,
    fields: { entries: known.size, paths: needs.paths },
  });

  return {
    watched: () =>
      isLearning ? undefined : [...known].flatMap(([path, entry]) => (entry.sha256 === undefined ? [] : [path])),
    name: 'files',
    everyMs: 1000,
    async collect() {
      const records: SensorRecord[] = [];
      let changed = false;
      const roots = expandPaths(files, needs.paths);
      const isWatched = (path: string): boolean => roots.some((root) => path === root || path.startsWith(`${root}/`));
      while (records.length < maxChangesAtOnce && hasTime()) {
        const [path] = named.take(1);
        if (path === undefined) break;
        if ((!known.has(path) && !isWatched(path)) || isPutOff(path)) continue;
        const isNewFolder = !known.has(path) && files.facts(path)?.kind === 'folder';
        if (isNewFolder && newFolders.size < maxNewFolders) newFolders.add(path);
        changed = (await check(path, records)) || changed;
      }
      changed = (await lookInside(records)) || changed;
      for (const path of large) {
        if (!largeReads.has()) break;
        large.delete(path);
        changed = (await check(path, records)) || changed;
      }
      const walked = await goOn(records);
      while (unseen.length > 0 && records.length < maxChangesAtOnce)
        changed = (await check(unseen.pop() ?? '', records)) || changed;
      if (isLearning && walked.ended) {
        isLearning = false;
        const event = wasLost ? 'baseline_lost' : 'baseline_made';
        wasLost = false;
        return commit([told(event)]);
      }
      return !isLearning && (changed || walked.changed) ? commit(records) : { records: [] };
    },
    committed: () => baselines.removeAllBut(String(version)),
    coverage() {
      const misses = [
        ...(unreadable > 0 ? [`the content of ${unreadable} files this user may not read`] : []),
        ...(watchFault === undefined
          ? []
          : [`changes between two walks (the kernel follows no more folders: ${watchFault})`]),
        ...(isFull ? [`files beyond ${maxEntries}`] : []),
        ...(cut.size > 0 ? [`files beyond ${maxOfPath} under ${[...cut].slice(0, 3).join(', ')}`] : []),
      ];
      return {
        collector: 'files',
        state: misses.length === 0 ? 'full' : 'partial',
        sees: `${known.size} files and folders under ${needs.paths.join(', ')}`,
        misses: misses.join('; '),
        remedy:
          watchFault === 'ENOSPC'
            ? 'sysctl fs.inotify.max_user_watches=524288'
            : unreadable > 0
              ? 'setcap is not needed: run the service with AmbientCapabilities=CAP_DAC_READ_SEARCH (systemctl edit sallyport-sensor)'
              : undefined,
      };
    },
    problem: () => (isFull ? `more than ${maxEntries} files are watched` : undefined),
    close() {
      for (const stop of watches.values()) stop();
      watches.clear();
    },
  };
}
