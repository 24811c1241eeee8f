import { parseSignedCheckpoint } from '@sallyport/merkle-log';
import { codeOf } from '@sallyport/platform/errors';
import type { ArchiveCursor } from './archive-cursor.ts';
import type { ArchiveStore } from './archive-store.ts';
import type { FileKeeper, OpenedPlace } from './file-keeper.ts';
import { sha256Of } from './ledger-files.ts';
import type { LedgerFiles, Span } from './ledger-files.ts';
import { checkpointName, instanceName, logFileName, parseSpanName, spanName } from './names.ts';
import type { ArchiveNeeds } from './needs.ts';
import { fileOf } from './sums.ts';
import { packEntries, packTiles } from './tile-packs.ts';

export type LogProgress = {
  readonly log: number;
  /** Entries before it are archived. */
  readonly archived: number;
  readonly size: number;
  /** Ledger time of the first entry that is not. */
  readonly waitingSinceMs: number | undefined;
};

export type ArchiveRound = {
  /** Archives what is due, one file after the other. With `isAll`, what has not waited long enough too. */
  run(
    opened: OpenedPlace,
    options: { readonly isAll: boolean; readonly spanMs: number; readonly signal: AbortSignal },
  ): Promise<void>;
  progress(opened: OpenedPlace): Promise<readonly LogProgress[]>;
  /** How long the oldest entry waits; by running time too, since a clock that was set back would hide it. */
  waitedMs(logs: readonly Pick<LogProgress, 'log' | 'archived' | 'waitingSinceMs'>[]): number;
};

type DueLog = { readonly log: number; readonly endIndex: number; readonly signed: string | undefined };

export function createArchiveRound(
  needs: Pick<ArchiveNeeds, 'ledger' | 'vaultFiles' | 'clock'> & {
    readonly files: LedgerFiles;
    readonly store: ArchiveStore;
    readonly keeper: FileKeeper;
  },
): ArchiveRound {
  const { files, store, keeper, ledger, clock } = needs;
  const tried = new Map<number, number>();
  const seen = new Map<number, { readonly index: number; readonly sinceMs: number }>();
  /** `receivedAtMs` of the first entry that waits, or undefined when none does. */
  const waitedFor = (log: number, index: number, receivedAtMs: number | undefined): number => {
    if (receivedAtMs === undefined) {
      seen.delete(log);
      return 0;
    }
    const before = seen.get(log);
    const first = before?.index === index ? before : { index, sinceMs: clock.monotonicMs() };
    seen.set(log, first);
    return Math.max(0, clock.nowMs() - receivedAtMs, clock.monotonicMs() - first.sinceMs);
  };

  const logs = (): { readonly log: number; readonly endIndex: number; readonly isCurrent: boolean }[] => {
    const head = ledger.head();
    return ledger.logs().map(({ number }) => ({
      log: number,
      // A closed log ends where its files do.
      endIndex: number === head.log ? head.index : Infinity,
      isCurrent: number === head.log,
    }));
  };
  const isDue = (span: Span, index: number, { isCurrent, spanMs }: { isCurrent: boolean; spanMs: number }): boolean =>
    span.isFull || !isCurrent || waitedFor(span.log, index, span.firstReceivedAtMs) >= spanMs;

  async function keepSmall(
    opened: OpenedPlace,
    name: string,
    bytes: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    if (bytes !== undefined) await keeper.keep(opened, fileOf(name, bytes), { signal });
  }

  async function keepTiles(opened: OpenedPlace, cursor: ArchiveCursor, signal: AbortSignal): Promise<ArchiveCursor> {
    let { tilesUntil } = cursor;
    while (tilesUntil + packEntries <= cursor.index) {
      const pack = await packTiles(files, cursor.log, tilesUntil);
      if (pack === undefined) break;
      await keeper.keep(opened, pack, { signal });
      tilesUntil += packEntries;
      await store.saveCursor(opened.id, { ...cursor, tilesUntil });
    }
    return { ...cursor, tilesUntil };
  }

  /** Those that cover what was archived, and no more: what is signed for later entries would look as if these were missing. */
  async function keepCheckpoints(
    opened: OpenedPlace,
    cursor: ArchiveCursor,
    notes: readonly (string | undefined)[],
    signal: AbortSignal,
  ) {
    let covered = cursor.checkpointSize;
    for (const note of notes) {
      const size = note === undefined ? 0 : sizeOf(note);
      if (note === undefined || size === 0 || size > cursor.index) continue;
      const bytes = Buffer.from(note);
      await keepSmall(opened, checkpointName(cursor.log, size, sha256Of(bytes)), bytes, signal);
      covered = Math.max(covered, size);
    }
    await store.saveCursor(opened.id, { ...cursor, checkpointSize: covered });
  }
  async function signedOf(log: number): Promise<string | undefined> {
    try {
      return await ledger.checkpoint(log);
    } catch (error) {
      if (codeOf(error) === 'unsigned') return undefined;
      throw error;
    }
  }

  /** An upload cut short goes on with just the blocks it began with, although more may have come since. */
  async function begunSpan(opened: OpenedPlace, cursor: ArchiveCursor, endIndex: number): Promise<Span | undefined> {
    for (const name of await store.uploads(opened.id)) {
      const begun = parseSpanName(name);
      if (begun?.log !== cursor.log || begun.first !== cursor.index || begun.end > endIndex) continue;
      const span = await files.nextSpan(cursor.log, cursor, begun.end);
      if (span !== undefined && spanName(span) === name) return span;
    }
    return undefined;
  }

  /** Everything up to the checkpoint: its root is then that of the archived blocks. */
  async function runLog(opened: OpenedPlace, { log, endIndex, signed }: DueLog, signal: AbortSignal): Promise<void> {
    let cursor = await store.cursor(opened.id, log);
    for (;;) {
      signal.throwIfAborted();
      const span = (await begunSpan(opened, cursor, endIndex)) ?? (await files.nextSpan(log, cursor, endIndex));
      if (span === undefined) break;
      const file = await files.checkedFile(span);
      await keeper.keep(opened, file, { entries: { log, first: span.first, end: span.end }, signal });
      const { segment, endOffset: offset, end: index } = span;
      const { tilesUntil, checkpointSize } = cursor;
      cursor = { log, segment, offset, index, tilesUntil, checkpointSize };
      await store.saveCursor(opened.id, cursor);
    }
    cursor = await keepTiles(opened, cursor, signal);
    await keepCheckpoints(opened, cursor, [signed, await ledger.cosigned(log)], signal);
  }

  /** The logs with something to send, each with the checkpoint it is sent up to. */
  async function dueLogs(
    opened: OpenedPlace,
    { isAll, spanMs }: Pick<Parameters<ArchiveRound['run']>[1], 'isAll' | 'spanMs'>,
  ): Promise<readonly DueLog[]> {
    const due: DueLog[] = [];
    for (const { log, endIndex, isCurrent } of logs()) {
      const cursor = await store.cursor(opened.id, log);
      const span = await files.nextSpan(log, cursor, endIndex);
      // A run that was cut short may have left what it sent without a checkpoint.
      const isUncovered = cursor.checkpointSize < cursor.index && tried.get(log) !== cursor.index;
      if (!isUncovered && (span === undefined || !(isAll || isDue(span, cursor.index, { isCurrent, spanMs }))))
        continue;
      tried.set(log, cursor.index);
      const signed = await signedOf(log);
      const until = signed === undefined ? endIndex : Math.min(endIndex, isCurrent ? sizeOf(signed) : Infinity);
      due.push({ log, endIndex: until, signed });
    }
    return due;
  }

  return {
    async run(opened, options) {
      const { signal } = options;
      const due = await dueLogs(opened, options);
      if (due.length === 0) return;
      // Before the blocks: a restore needs the keys of every block it brings back. Read after the checkpoints, it has them all.
      for (const { name, bytes } of await needs.vaultFiles()) await keepSmall(opened, name, bytes, signal);
      await keepSmall(opened, instanceName, await files.small('instance'), signal);
      for (const one of due) {
        await keepSmall(opened, logFileName(one.log, 'origin'), await files.small(`logs/${one.log}/origin`), signal);
        await keepSmall(opened, logFileName(one.log, 'vkey'), await files.small(`logs/${one.log}/vkey`), signal);
        await runLog(opened, one, signal);
      }
    },
    async progress(opened) {
      const all: LogProgress[] = [];
      for (const { log, endIndex } of logs()) {
        const cursor = await store.cursor(opened.id, log);
        const span = await files.nextSpan(log, cursor, endIndex);
        const size = Number.isFinite(endIndex) ? endIndex : (span?.end ?? cursor.index);
        all.push({ log, archived: cursor.index, size, waitingSinceMs: span?.firstReceivedAtMs });
      }
      return all;
    },
    waitedMs: (progress) =>
      Math.max(0, ...progress.map(({ log, archived, waitingSinceMs }) => waitedFor(log, archived, waitingSinceMs))),
  };
}

function sizeOf(note: string): number {
  return parseSignedCheckpoint(note).checkpoint.treeSize;
}
