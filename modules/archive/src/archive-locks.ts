import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { ArchiveAlarms } from './archive-alarms.ts';
import type { ArchivedFile } from './archived-file.ts';
import type { ArchiveStore } from './archive-store.ts';
import { ArchiveError } from './errors.ts';
import type { OpenedPlace } from './file-keeper.ts';
import type { LedgerFiles } from './ledger-files.ts';
import { parseSpanName } from './names.ts';

const dayMs = 24 * 3_600_000;
/** A lock with less left than this, or than a quarter of what it was given, is prolonged. */
const marginMs = 30 * dayMs;
/** So many a round, so that the archive's other work goes on beside it. */
const mostAtOnce = 50;
const passEveryMs = 3_600_000;

/**
 * Locks end, and what they hold may have to be kept longer. A lock that nears its end is prolonged by the whole time of the
 * settings, as long as this disk still has the content: blocks whose content was let go of here are let go of there. Of the
 * wrapped keys the newest copy is kept; everything else (checkpoints, tiles, records of destruction) is, always.
 */
export function createArchiveLocks(needs: {
  readonly store: ArchiveStore;
  readonly alarms: ArchiveAlarms;
  readonly files: LedgerFiles;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}): { next(opened: OpenedPlace, signal: AbortSignal): Promise<void> } {
  const { store, alarms } = needs;
  /** How far the pass over the locks that end is, by their ends and names. */
  let after: { readonly untilMs: number; readonly name: string } | undefined;
  let passOf = '';
  let nextPassAtMs = 0;

  async function mustStay(opened: OpenedPlace, file: ArchivedFile): Promise<boolean> {
    if (file.kind === 'vault') return (await store.newestOfKind(opened.id, 'vault'))?.name === file.name;
    const span = parseSpanName(file.name);
    return span === undefined || !(await needs.files.isLetGo(span));
  }

  async function prolong(
    opened: OpenedPlace,
    file: ArchivedFile,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const mode = file.lock?.mode ?? 'governance';
    try {
      await opened.place.prolong(file.name, file.version, { mode, untilMs }, signal);
    } catch (error) {
      // Gone: the checks tell, and send it anew.
      if (codeOf(error) === 'off_site_missing') return false;
      throw error;
    }
    // Asked for anew: a word of success is not enough.
    const kept = await opened.place.find(file.name, file.version, signal);
    if (kept?.lock === undefined || kept.lock.untilMs < untilMs - 1000 || kept.lock.mode !== mode)
      throw new ArchiveError('off_site_mismatch', `The archive did not prolong the lock of "${file.name}"`);
    await store.saveFile(opened.id, { ...file, lock: kept.lock });
    return true;
  }

  async function told(opened: OpenedPlace, names: readonly string[], untilMs: number): Promise<void> {
    if (names.length > 0)
      await alarms.tell({
        action: 'archive.locks-prolonged',
        outcome: 'success',
        message: `${names.length} ${names.length === 1 ? 'lock' : 'locks'} in the archive prolonged until ${new Date(untilMs).toISOString()}`,
        details: { files: [...names], until_ms: untilMs },
      });
    await alarms.settle(`locks/${opened.id}`, (details) => ({
      action: 'archive.locks-prolonged-again',
      outcome: 'success',
      message: 'Locks in the archive are prolonged again',
      details,
    }));
  }

  return {
    async next(opened, signal) {
      const { retentionMs, id } = opened;
      if (retentionMs === undefined) return;
      if (passOf !== id) [passOf, after, nextPassAtMs] = [id, undefined, 0];
      if (needs.monotonicMs() < nextPassAtMs) return;
      const nowMs = needs.nowMs();
      const beforeMs = nowMs + Math.min(marginMs, retentionMs / 4);
      // S3 keeps whole seconds.
      const untilMs = Math.ceil((nowMs + retentionMs) / 1000) * 1000;
      const ending = await store.locksEnding(id, { beforeMs, after, limit: mostAtOnce });
      const done: string[] = [];
      try {
        for (const file of ending) {
          signal.throwIfAborted();
          if ((await mustStay(opened, file)) && (await prolong(opened, file, untilMs, signal))) done.push(file.name);
          after = { untilMs: file.lock?.untilMs ?? 0, name: file.name };
        }
        await told(opened, done, untilMs);
      } catch (error) {
        const code = codeOf(error);
        if (code !== 'off_site_refused' && code !== 'off_site_mismatch') throw error;
        // Archiving goes on: what is new needs its lock as well.
        await alarms.raise(`locks/${id}`, {
          action: 'archive.locks-ending',
          outcome: 'failure',
          message: `A lock in the archive ends and is not prolonged: ${messageOf(error)}`,
          details: { code, reason: messageOf(error) },
        });
        [after, nextPassAtMs] = [undefined, needs.monotonicMs() + passEveryMs];
        return;
      }
      if (ending.length < mostAtOnce) [after, nextPassAtMs] = [undefined, needs.monotonicMs() + passEveryMs];
    },
  };
}
