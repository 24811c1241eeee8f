import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { ArchiveAlarms } from './archive-alarms.ts';
import type { ArchivedFile } from './archived-file.ts';
import type { ArchiveStore } from './archive-store.ts';
import { recheck } from './file-keeper.ts';
import type { OpenedPlace } from './file-keeper.ts';
import { parseSpanName } from './names.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** How often each file is asked for anew, and every byte of it read. */
const askEveryMs = 24 * 3_600_000;
const readEveryMs = 30 * 24 * 3_600_000;
/** At most one file is read whole in so long: a segment costs as much to fetch as it cost to send. */
const readPauseMs = 3_600_000;

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
  /** Looks at one file whose turn it is, if any. */
  next(opened: OpenedPlace, signal: AbortSignal): Promise<void>;
  /** Looks at all of them, and at what else is there. */
  all(opened: OpenedPlace, options: VerificationOptions, tell: (state: Verification) => void): Promise<Verification>;
};

const mostProblems = 100;

export function createArchiveChecks(needs: {
  readonly store: ArchiveStore;
  readonly alarms: ArchiveAlarms;
  readonly files: LedgerFiles;
  readonly nowMs: () => number;
}): ArchiveChecks {
  const { store, alarms, nowMs } = needs;
  let lastReadAtMs = -Infinity;

  /** The problem, when what is there is not what was put there. Errors that say nothing of it (the place is away) are thrown. */
  async function check(
    opened: OpenedPlace,
    file: ArchivedFile,
    options: VerificationOptions,
  ): Promise<string | undefined> {
    let problem: string | undefined;
    try {
      await recheck(opened, file, options);
      problem = await differsHere(file);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'off_site_mismatch' && code !== 'off_site_missing') throw error;
      problem = messageOf(error);
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
    else
      await alarms.raise(`file/${opened.id}/${file.name}`, {
        action: 'archive.file-damaged',
        outcome: 'failure',
        message: problem,
        details: { ...details, reason: problem },
      });
    return problem;
  }

  /** The same blocks on this disk, where they still are, must have the same sum. */
  async function differsHere(file: ArchivedFile): Promise<string | undefined> {
    const span = parseSpanName(file.name);
    if (span === undefined) return undefined;
    if ((await needs.files.compare(span, file.sha256)) !== 'other') return undefined;
    return `The archive and this disk hold different blocks for "${file.name}"`;
  }

  return {
    async next(opened, signal) {
      const unread = await store.longestUnchecked(opened.id, 'read_at_ms');
      const mayRead = nowMs() - lastReadAtMs >= readPauseMs;
      if (unread !== undefined && mayRead && nowMs() - unread.readAtMs >= readEveryMs) {
        lastReadAtMs = nowMs();
        await check(opened, unread, { isDeep: true, signal });
        return;
      }
      const unasked = await store.longestUnchecked(opened.id, 'checked_at_ms');
      // A directory has no sums of its own: to ask is to read every byte.
      const everyMs = opened.place.facts.kind === 's3' ? askEveryMs : readEveryMs;
      if (unasked !== undefined && nowMs() - unasked.checkedAtMs >= everyMs)
        await check(opened, unasked, { isDeep: false, signal });
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
            const problem = await check(opened, file, options);
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
          if ((await store.file(opened.id, name)) === undefined) say({ unknown: state.unknown + 1 });
        return say({ state: 'done', endedAtMs: nowMs() });
      } catch (error) {
        return say({ state: 'failed', endedAtMs: nowMs(), error: messageOf(error) });
      }
    },
  };
}
