import { parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import type { BaselineStore } from '../baseline-store.ts';
import type { Accounts } from '../host/accounts.ts';
import type { FileHasher } from '../host/hash-file.ts';
import type { HostFiles } from '../host/host-files.ts';
import type { WatchFolder } from '../host/watch-folder.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { WhoData } from './audit-log.ts';
import type { Collected, Collector } from './collector.ts';
import { changeBetween, decodeEntries, encodeEntry, mayDiffer } from './file-entry.ts';
import type { FileChange, FileEntry } from './file-entry.ts';
import type { Content } from './matches.ts';
import { expandPaths, walkFiles } from './walk-files.ts';

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
const maxChangesAtOnce = 500;
const maxWatches = 4096;
const maxEntries = 50_000;

/**
 * Changes of watched files. The kernel tells of most at once; a walk over all of them every quarter of an hour finds what it did
 * not tell, as when too many changed at once. The baseline survives restarts: what changed while the sensor was stopped is told.
 */
export function createFileIntegrityCollector(needs: FileIntegrityNeeds): FileIntegrityCollector {
  const { files, accounts, hasher, clock, watch, baselines, whoTouched, rescanEveryMs = defaultRescanMs } = needs;
  const stored = needs.position === undefined ? undefined : baselines.load(needs.position);
  const loaded = stored === undefined ? undefined : decodeEntries(parseJson(stored));
  const known = loaded ?? new Map<string, FileEntry>();
  const isExcluded = (path: string): boolean =>
    needs.excluded.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  let version = loaded === undefined ? Number(needs.position ?? 0) + 1 : Number(needs.position);
  /** While the first baseline is made nothing is told: there is nothing to compare with. */
  let isLearning = loaded === undefined;
  let wasLost = needs.position !== undefined && loaded === undefined;
  const dirty = new Set<string>();
  const watches = new Map<string, () => void>();
  let walk: Generator<string> | undefined;
  let seen = new Set<string>();
  let nextWalkMs = clock.monotonicMs();
  let watchFault: string | undefined;
  let unreadable = 0;
  let isFull = false;

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
            dirty.add(name === undefined ? folder : `${folder === '/' ? '' : folder}/${name}`);
            dirty.add(folder);
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
    const sha256 =
      facts.kind !== 'file'
        ? undefined
        : mayDiffer(before, facts)
          ? await hasher.sha256(files.at(path))
          : before?.sha256;
    const target = facts.kind === 'link' ? files.link(path) : undefined;
    return { kind, inode, size, modifiedMs, changedMs, mode, userId, groupId, sha256, target };
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
    const record = recordOf(path, change, before, after);
    records.push(record);
    if (after?.sha256 !== undefined && after.sha256 !== before?.sha256) {
      const { User, LogonUser, Image, ProcessId } = record.fields;
      const fields = present({ User, LogonUser, Image, ProcessId });
      needs.onContent?.({ trigger: 'file_changed', path, at: files.at(path), fields });
    }
    return true;
  }

  function recordOf(
    path: string,
    change: FileChange,
    before: FileEntry | undefined,
    after: FileEntry | undefined,
  ): SensorRecord {
    const entry = after ?? before;
    const who = whoTouched(path, clock.nowMs() - 120_000);
    return {
      kind: 'file',
      collector: 'files',
      lossy: false,
      timeMs: Math.min(clock.nowMs(), after?.changedMs ?? clock.nowMs()),
      event: change,
      fields: present({
        TargetFilename: path,
        FileName: path.slice(path.lastIndexOf('/') + 1),
        FileKind: entry?.kind,
        Size: after?.size,
        Mode: after === undefined ? undefined : modeText(after.mode),
        Owner: after === undefined ? undefined : (accounts.userName(after.userId) ?? String(after.userId)),
        Group: after === undefined ? undefined : (accounts.groupName(after.groupId) ?? String(after.groupId)),
        Hashes: after?.sha256 === undefined ? undefined : `SHA256=${after.sha256}`,
        sha256: after?.sha256,
        Target: after?.target,
        PreviousHashes: before?.sha256 === undefined ? undefined : `SHA256=${before.sha256}`,
        previous_sha256: before?.sha256,
        PreviousMode: before === undefined || before.mode === after?.mode ? undefined : modeText(before.mode),
        PreviousOwner:
          before === undefined || before.userId === after?.userId
            ? undefined
            : (accounts.userName(before.userId) ?? String(before.userId)),
        PreviousTarget: before?.target,
        Concerns: needs.own?.some((own) => path === own || path.startsWith(`${own}/`)) === true ? 'sensor' : undefined,
        who: who === undefined ? 'unknown' : 'audit',
        ...who?.fields,
      }),
    };
  }

  /** The next part of the walk; true when it just ended. */
  async function goOn(records: SensorRecord[]): Promise<{ changed: boolean; ended: boolean }> {
    if (walk === undefined) {
      if (clock.monotonicMs() < nextWalkMs) return { changed: false, ended: false };
      walk = walkFiles(files, expandPaths(files, needs.paths), isExcluded);
      seen = new Set();
      unreadable = 0;
    }
    let changed = false;
    for (let count = 0; count < pathsAtOnce && records.length < maxChangesAtOnce; count += 1) {
      const step = walk.next();
      if (step.done === true) {
        walk = undefined;
        nextWalkMs = clock.monotonicMs() + rescanEveryMs;
        for (const path of known.keys()) if (!seen.has(path)) changed = (await check(path, records)) || changed;
        return { changed, ended: true };
      }
      seen.add(step.value);
      changed = (await check(step.value, records)) || changed;
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
      const waiting = [...dirty].slice(0, maxChangesAtOnce);
      for (const path of waiting) {
        dirty.delete(path);
        const isNewFolder = !known.has(path) && files.facts(path)?.kind === 'folder';
        if (
          !known.has(path) &&
          !expandPaths(files, needs.paths).some((root) => path === root || path.startsWith(`${root}/`))
        )
          continue;
        changed = (await check(path, records)) || changed;
        // What was put into a new folder before it was followed was told by nobody.
        if (isNewFolder)
          for (const inner of walkFiles(files, [path], isExcluded)) changed = (await check(inner, records)) || changed;
      }
      const walked = await goOn(records);
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

function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
