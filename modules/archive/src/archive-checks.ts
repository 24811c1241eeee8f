import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { ArchiveAlarms } from './archive-alarms.ts';
import type { ArchivedFile } from './archived-file.ts';
import type { ArchiveStore } from './archive-store.ts';
import { ArchiveError } from './errors.ts';
import { recheck } from './file-keeper.ts';
import type { FileKeeper, OpenedPlace } from './file-keeper.ts';
import { instanceName, parseSpanName } from './names.ts';
import type { LedgerFiles } from './ledger-files.ts';
import type { LocalCopies } from './local-copies.ts';
import type { Told } from './needs.ts';

/** How often each file is asked for anew, and every byte of it read. */
const askEveryMs = 24 * 3_600_000;
const readEveryMs = 30 * 24 * 3_600_000;
/** A segment costs as much to fetch as it cost to send: as many bytes are read in an hour as one has. Small files take no turn away. */
const readBytesPerHour = 64 * 1024 * 1024;
const hourMs = 3_600_000;
/** Names of others that are counted before the list is taken for one without end. */
const mostUnknown = 1_000_000;

export type VerificationOptions = { readonly isDeep: boolean; readonly signal: AbortSignal };
export type Verification = {
  readonly state: 'running' | 'done' | 'failed';
  readonly isDeep: boolean;
  readonly done: number;
  readonly total: number;
  readonly bytesRead: number;
  /** Names in the archive that nobody here knows. */
  readonly unknown: number;
  readonly problems: readonly { readonly name: string; readonly message: string }[];
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly error: string | undefined;
};

export type ArchiveChecks = {
  /** Throws `off_site_mismatch` when a directory is not the one that was archived into: it is empty, or of others. */
  requireSamePlace(opened: OpenedPlace, signal: AbortSignal): Promise<void>;
  /** Looks at one file whose turn it is, if any. */
  next(opened: OpenedPlace, signal: AbortSignal): Promise<void>;
  /** Looks at all of them, and at what else is there. */
  all(opened: OpenedPlace, options: VerificationOptions, tell: (state: Verification) => void): Promise<Verification>;
};

const mostProblems = 100;
const mostFileAlarms = 1000;

export function createArchiveChecks(needs: {
  readonly store: ArchiveStore;
  readonly alarms: ArchiveAlarms;
  readonly files: LedgerFiles;
  readonly copies: LocalCopies;
  readonly keeper: Pick<FileKeeper, 'sendAnew'>;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): ArchiveChecks {
  const { store, alarms, nowMs } = needs;
  let mayReadAtMs = -Infinity;

  /** The problem, when what is there is not what was put there. Errors that say nothing of it (the place is away) are thrown. */
  async function check(
    opened: OpenedPlace,
    file: ArchivedFile,
    options: VerificationOptions & { readonly isComparedHere: boolean },
  ): Promise<string | undefined> {
    let problem: string | undefined;
    let isGone = false;
    try {
      await recheck(opened, file, options);
      if (options.isComparedHere) problem = await differsHere(file);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'off_site_mismatch' && code !== 'off_site_missing') throw error;
      problem = messageOf(error);
      isGone = code === 'off_site_missing';
    }
    const atMs = nowMs();
    await store.saveFile(opened.id, {
      ...file,
      checkedAtMs: atMs,
      readAtMs: options.isDeep ? atMs : file.readAtMs,
      problem,
    });
    const details = { name: file.name, ...(file.version === undefined ? {} : { version: file.version }) };
    if (problem === undefined)
      await alarms.settle(`file/${opened.id}/${file.name}`, () => ({
        action: 'archive.file-restored',
        outcome: 'success',
        message: `The archive shows "${file.name}" again as it was kept`,
        details,
      }));
    else {
      await raise(opened, file.name, {
        action: 'archive.file-damaged',
        outcome: 'failure',
        message: problem,
        details: { ...details, reason: problem },
      });
      if (isGone) await sendAnew(opened, file, options.signal);
    }
    return problem;
  }

  /** One alarm a file, and one for all of them when they are many: a bucket that was emptied is one thing, not a million. */
  async function raise(opened: OpenedPlace, name: string, told: Told): Promise<void> {
    const prefix = `file/${opened.id}/`;
    const standing = [...(await alarms.standing()).keys()].filter((id) => id.startsWith(prefix));
    if (standing.length < mostFileAlarms || standing.includes(`${prefix}${name}`))
      return alarms.raise(`${prefix}${name}`, told);
    return alarms.raise(`files/${opened.id}`, {
      action: 'archive.many-files-damaged',
      outcome: 'failure',
      message: `Over ${mostFileAlarms} files of the archive are damaged or gone`,
      details: { first: name },
    });
  }

  /** What is gone there and is still here goes there again, under a lock of its own. The alarm was raised before. */
  async function sendAnew(opened: OpenedPlace, file: ArchivedFile, signal: AbortSignal): Promise<void> {
    const copy = await needs.copies.find(file.name);
    if (copy?.sha256 !== file.sha256) return;
    const { entries, isHeld } = file;
    const { version } = await needs.keeper.sendAnew(opened, copy, { entries, isHeld, signal });
    await alarms.settle(`file/${opened.id}/${file.name}`, () => ({
      action: 'archive.file-sent-anew',
      outcome: 'success',
      message: `"${file.name}" was gone from the archive, and was sent there anew from this machine`,
      details: { name: file.name, ...(version === undefined ? {} : { version }) },
    }));
  }

  /** The same blocks on this disk, where they still are, must have the same sum. */
  async function differsHere(file: ArchivedFile): Promise<string | undefined> {
    const span = parseSpanName(file.name);
    if (span === undefined) return undefined;
    if ((await needs.files.compare(span, file.sha256)) !== 'other') return undefined;
    return `The archive and this disk hold different blocks for "${file.name}"`;
  }

  return {
    async requireSamePlace(opened, signal) {
      const known = await store.file(opened.id, instanceName);
      if (known === undefined) return;
      const there = await opened.place.find(instanceName, undefined, signal);
      if (there?.sum?.value === known.sha256) return;
      throw new ArchiveError(
        'off_site_mismatch',
        `Cannot archive into "${opened.place.facts.place}": what was archived there before is not there`,
        { hint: 'mount the disk that has it, or archive into another directory: everything then goes there anew' },
      );
    },
    async next(opened, signal) {
      const unread = await store.longestUnchecked(opened.id, 'read_at_ms');
      const mayRead = needs.monotonicMs() >= mayReadAtMs;
      if (unread !== undefined && mayRead && nowMs() - unread.readAtMs >= readEveryMs) {
        mayReadAtMs = needs.monotonicMs() + (hourMs * unread.bytes) / readBytesPerHour;
        await check(opened, unread, { isDeep: true, isComparedHere: true, signal });
        return;
      }
      const unasked = await store.longestUnchecked(opened.id, 'checked_at_ms');
      // A directory has no sums of its own: to ask is to read every byte.
      const everyMs = opened.place.facts.kind === 's3' ? askEveryMs : readEveryMs;
      if (unasked !== undefined && nowMs() - unasked.checkedAtMs >= everyMs)
        await check(opened, unasked, { isDeep: false, isComparedHere: false, signal });
    },
    async all(opened, options, tell) {
      let state: Verification = {
        state: 'running',
        isDeep: options.isDeep,
        done: 0,
        total: 0,
        bytesRead: 0,
        unknown: 0,
        problems: [],
        startedAtMs: nowMs(),
        endedAtMs: undefined,
        error: undefined,
      };
      const say = (next: Partial<Verification>): Verification => {
        state = { ...state, ...next };
        tell(state);
        return state;
      };
      // At once: what is shown from here on is this check, not the one before.
      tell(state);
      try {
        say({ total: (await store.totals(opened.id)).files });
        for (let after = ''; ;) {
          const page = await store.filesAfter(opened.id, after, 100);
          if (page.length === 0) break;
          for (const file of page) {
            options.signal.throwIfAborted();
            const problem = await check(opened, file, { ...options, isComparedHere: true });
            say({
              done: state.done + 1,
              bytesRead: state.bytesRead + (options.isDeep ? file.bytes : 0),
              ...(problem === undefined || state.problems.length >= mostProblems
                ? {}
                : { problems: [...state.problems, { name: file.name, message: problem }] }),
            });
            after = file.name;
          }
        }
        for await (const { name } of opened.place.list('', options.signal))
          if ((await store.file(opened.id, name)) === undefined) {
            say({ unknown: state.unknown + 1 });
            if (state.unknown > mostUnknown)
              throw new ArchiveError(
                'off_site_refused',
                `The archive lists over ${mostUnknown} files that are not ours`,
              );
          }
        if (state.problems.length === 0)
          await alarms.settle(`files/${opened.id}`, (details) => ({
            action: 'archive.files-restored',
            outcome: 'success',
            message: 'All files of the archive are as they were kept again',
            details,
          }));
        return say({ state: 'done', endedAtMs: nowMs() });
      } catch (error) {
        return say({ state: 'failed', endedAtMs: nowMs(), error: messageOf(error) });
      }
    },
  };
}
