// Over 300 lines because it is one state machine: writing, dropping, reading and acknowledging share the numbers, and every
// step must be looked at with a crash after it.
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worth } from '../record.ts';
import { worthOfKind } from '../record.ts';
import type { FrameContent, SpoolEntry } from './frame-content.ts';
import { isReportOf, lostKind, reportOf, totalOf } from './lost-report.ts';
import type { LostReport } from './lost-report.ts';
import { decodePending, encodePending } from './pending-batch.ts';
import type { PendingBatch } from './pending-batch.ts';
import { knownSegment, newSegment, openFrames } from './segment-format.ts';
import { createSegmentFiles } from './segment-files.ts';
import type { Segment } from './segment-files.ts';
import { loadState, saveState } from './spool-state.ts';
import type { Receipt, SpoolState } from './spool-state.ts';

export type SpoolLimits = { readonly maxBytes: number; readonly segmentBytes: number };

export type SpoolNeeds = {
  readonly directory: string;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
  readonly limits: SpoolLimits;
  /** A record that tells what was lost. */
  readonly lostLine: (report: LostReport) => string;
};

export type SpoolStatus = {
  readonly bytes: number;
  /** Records that are not acknowledged yet. */
  readonly waiting: number;
  readonly collected: number;
  readonly sent: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly receipts: readonly Receipt[];
};

/**
 * Records on disk between being seen and being acknowledged, sealed, in order, within a bound.
 *
 * - What `append` returned from survives kill -9 at any moment; what `sync` returned from survives power loss.
 * - A batch has its numbers for ever: after a crash `nextBatch` gives the very same, so a server that knows (source, number)
 *   records nothing twice.
 * - Over the bound the oldest records of the least worth go first. Whatever is gone, dropped or damaged, is replaced by a
 *   record that says how many of what, in the same step on disk.
 */
export type Spool = {
  /** Changes when the numbering begins anew. */
  installation(): string;
  /** Writes the records, and how far their collector has read, both or neither. */
  append(entries: readonly SpoolEntry[], position?: { readonly collector: string; readonly value: string }): void;
  sync(): void;
  position(collector: string): string | undefined;
  nextBatch(limits: { readonly maxRecords: number; readonly maxBytes: number }): PendingBatch | undefined;
  /** The batch is recorded by the server; `receipt` says where its last record is. */
  acknowledge(batch: PendingBatch, receipt: Receipt): void;
  /** Puts a report in the place of one record of the batch that the server will never take. The numbers stay as they are. */
  replaceRefused(batch: PendingBatch, at: number): PendingBatch;
  /**
   * The numbers of this installation are in use by something else: goes on under a new name from 0. The first `recorded`
   * records of the batch on its way are known to the server all the same, and are not sent again.
   */
  beginAnew(recorded?: number): void;
  status(): SpoolStatus;
  close(): void;
};

const worths: readonly Worth[] = ['low', 'normal', 'kept'];

export function openSpool(needs: SpoolNeeds): Spool {
  const { directory, key, random, limits } = needs;
  makePrivateDirectory(directory);
  for (const name of readdirSync(directory)) if (name.endsWith('.new')) rmSync(join(directory, name));
  const files = createSegmentFiles(needs);
  const pendingFile = join(directory, 'pending.batch');
  const newInstallation = (): string => Buffer.from(random(4)).toString('hex');

  const known = loadState(directory);
  let state: SpoolState = known ?? {
    installation: newInstallation(),
    nextSequence: 0,
    cursor: 0,
    appended: 0,
    lost: {},
    positions: {},
    receipts: [],
  };
  let pending = known === undefined ? undefined : loadPending();
  const positions = new Map(Object.entries(state.positions));
  const lost = new Map(Object.entries(state.lost));
  const segments: Segment[] = [];
  let open: Segment | undefined;
  let serial = 0;
  /** Number of the next record. */
  let next = 0;
  /** What could not be written, to be told as soon as something can. */
  let unwritten: SpoolEntry[] = [];
  let isDirty = false;

  const cursor = (): number => pending?.cursorAfter ?? state.cursor;

  function loadPending(): PendingBatch | undefined {
    const bytes = readFileIfPresent(pendingFile);
    const cipher = bytes === undefined ? undefined : knownSegment(key, bytes);
    if (bytes === undefined || cipher === undefined) return undefined;
    for (const { plain } of openFrames(cipher, bytes)) {
      const batch = decodePending(plain);
      // A batch from before the last acknowledgement is only a file that was not removed yet.
      if (batch?.sequence === state.nextSequence && batch.installation === state.installation) return batch;
    }
    return undefined;
  }

  function savePending(batch: PendingBatch): void {
    const cipher = newSegment(key, random(16));
    const sealed = cipher.seal(encodePending(batch), cipher.header.length);
    writeFileDurably(pendingFile, Buffer.concat([cipher.header, sealed]));
  }

  function noteLost(report: LostReport): void {
    for (const [kind, count] of Object.entries(report.lost)) lost.set(kind, (lost.get(kind) ?? 0) + count);
  }

  function lostEntry(report: LostReport): SpoolEntry {
    return { kind: lostKind, line: needs.lostLine(report) };
  }

  /** Gaps in the numbers are left as they are: whoever reads or rewrites the place tells them. */
  function recover(): void {
    let expected = cursor();
    const finished: Segment[] = [];
    for (const { segment, frames } of files.load()) {
      serial = Math.max(serial, segment.serial + 1);
      for (const frame of frames)
        for (const [name, value] of Object.entries(frame.positions)) positions.set(name, value);
      // Acknowledged, or absorbed by the file before it, or nothing in it opens: then the numbers that follow tell.
      if (segment.end <= expected) finished.push(segment);
      else segments.push(segment);
      expected = Math.max(expected, segment.end);
    }
    next = expected;
    // Positions may stand in these files only.
    if (finished.length > 0) saveState(directory, { ...state, positions: Object.fromEntries(positions) });
    for (const segment of finished) files.remove(segment);
    if (state.appended > next) tellMissing(state.appended - next);
  }

  function damageEntry(missing: number): SpoolEntry {
    const report: LostReport = { reason: 'spool_damaged', lost: { unknown: missing }, from: undefined, to: undefined };
    noteLost(report);
    return lostEntry(report);
  }

  /** The newest records are gone with the end of the last file. */
  function tellMissing(missing: number): void {
    write({ first: next, covers: missing + 1, entries: [damageEntry(missing)], positions: {} });
  }

  function write(content: FrameContent): void {
    if (open === undefined) {
      open = files.create(serial, next);
      serial += 1;
      segments.push(open);
    }
    files.append(open, content);
    next = content.first + content.covers;
    isDirty = true;
    if (open.bytes >= limits.segmentBytes) closeOpen();
  }

  function closeOpen(): void {
    if (open !== undefined) files.close(open);
    open = undefined;
  }

  function totalBytes(): number {
    return segments.reduce((total, { bytes }) => total + bytes, 0);
  }

  /** Drops from the oldest file that holds something of the least worth. False when there is nothing left to drop. */
  function dropSome(): boolean {
    for (const worth of worths) {
      const victim = segments.find(
        (segment) =>
          segment.end > cursor() &&
          [...segment.counts].some(([kind, count]) => count > 0 && kind !== lostKind && worthOfKind(kind) === worth),
      );
      if (victim === undefined) continue;
      if (victim === open) closeOpen();
      dropFrom(victim, worth);
      return true;
    }
    return false;
  }

  function dropFrom(segment: Segment, worth: Worth): void {
    const before = segments[segments.indexOf(segment) - 1];
    // A file that only tells of losses is added to its successor, so their number stays small.
    const absorbed =
      before !== undefined && before.end > cursor() && [...before.counts.keys()].every((kind) => kind === lostKind)
        ? before
        : undefined;
    const frames = [...(absorbed === undefined ? [] : files.read(absorbed)), ...files.read(segment)]
      .map(({ content }) => content)
      .filter(({ first, covers }) => covers === 0 || first + covers > cursor());
    const entries = frames.flatMap((frame) => frame.entries);
    const isDropped = ({ kind }: SpoolEntry): boolean => kind !== lostKind && worthOfKind(kind) === worth;
    const dropped = entries.filter(isDropped);
    noteLost(reportOf('spool_full', dropped));
    const told = entries.filter((entry) => isReportOf(entry, 'spool_full'));
    const kept = entries.filter((entry) => !isDropped(entry) && !told.includes(entry));
    const report = reportOf('spool_full', [...told, ...dropped]);
    const target = absorbed ?? segment;
    const first = Math.max(target.first, cursor());
    const { end } = segment;
    const missing = missingFrom(frames, first);
    files.close(segment);
    files.replace(target, {
      first,
      covers: end - first,
      entries: [
        ...(totalOf(report) === 0 ? [] : [lostEntry(report)]),
        ...(missing === 0 ? [] : [damageEntry(missing)]),
        ...kept,
      ],
      positions: Object.fromEntries(frames.flatMap((frame) => Object.entries(frame.positions))),
    });
    if (absorbed === undefined) return;
    files.remove(segment);
    segments.splice(segments.indexOf(segment), 1);
  }

  function makeRoom(wantedBytes: number): void {
    while (totalBytes() > wantedBytes && dropSome());
  }

  recover();

  const spool: Spool = {
    installation: () => state.installation,
    append(entries, position) {
      if (position !== undefined) positions.set(position.collector, position.value);
      if (entries.length === 0 && position === undefined) return;
      const told = unwritten.length === 0 ? [] : [lostEntry(reportOf('disk_unwritable', unwritten))];
      const all = [...told, ...entries];
      const content: FrameContent = {
        first: next,
        covers: all.length,
        entries: all,
        positions: position === undefined ? {} : { [position.collector]: position.value },
      };
      try {
        write(content);
        unwritten = [];
      } catch {
        // The disk is full or failing. What reached the file of a broken frame is overwritten by nobody: a new file goes on.
        closeBroken();
        makeRoom(totalBytes() / 2);
        try {
          write(content);
          unwritten = [];
        } catch {
          closeBroken();
          noteLost(reportOf('disk_unwritable', entries));
          unwritten = [...unwritten, ...entries].slice(-maxUnwritten);
          return;
        }
      }
      // Some at once, so that a full spool is not rewritten with every record.
      if (totalBytes() > limits.maxBytes) makeRoom(limits.maxBytes - limits.maxBytes / 32);
    },
    sync() {
      if (!isDirty) return;
      if (open !== undefined) files.sync(open);
      isDirty = false;
    },
    position: (collector) => positions.get(collector),
    nextBatch({ maxRecords, maxBytes }) {
      if (pending !== undefined) return pending;
      const entries: SpoolEntry[] = [];
      const offsets = new Map<Segment, number>();
      let bytes = 0;
      let cursorAfter = state.cursor;
      collecting: for (const segment of segments) {
        if (segment.end <= state.cursor) continue;
        for (const { content, end } of files.read(segment)) {
          const after = content.first + content.covers;
          if (content.covers > 0 && after <= cursorAfter) {
            offsets.set(segment, end);
            continue;
          }
          if (entries.length > 0 && (entries.length + content.entries.length > maxRecords || bytes > maxBytes))
            break collecting;
          if (content.first > cursorAfter) entries.push(damageEntry(content.first - cursorAfter));
          entries.push(...content.entries);
          bytes += content.entries.reduce((sum, { line }) => sum + line.length, 0);
          cursorAfter = Math.max(cursorAfter, after);
          offsets.set(segment, end);
        }
      }
      if (entries.length === 0) return undefined;
      const { installation, nextSequence: sequence } = state;
      const batch: PendingBatch = { installation, sequence, cursorAfter, entries, resumed: false };
      savePending(batch);
      pending = batch;
      for (const [segment, offset] of offsets) segment.readOffset = offset;
      return batch;
    },
    acknowledge(batch, receipt) {
      if (batch.sequence !== state.nextSequence) throw new TypeError('Cannot acknowledge a batch twice');
      spool.sync();
      state = {
        ...state,
        nextSequence: state.nextSequence + batch.entries.length,
        cursor: batch.cursorAfter,
        appended: next,
        lost: Object.fromEntries(lost),
        positions: Object.fromEntries(positions),
        receipts: [...state.receipts, receipt].slice(-64),
      };
      saveState(directory, state);
      pending = undefined;
      rmSync(pendingFile, { force: true });
      while (segments[0] !== undefined && segments[0] !== open && segments[0].end <= state.cursor) {
        files.remove(segments[0]);
        segments.shift();
      }
    },
    replaceRefused(batch, at) {
      const refused = batch.entries[at];
      if (refused === undefined) return batch;
      const report = reportOf('refused_by_server', [refused]);
      noteLost(report);
      const changed = { ...batch, entries: batch.entries.with(at, lostEntry(report)) };
      savePending(changed);
      pending = changed;
      return changed;
    },
    beginAnew(recorded = 0) {
      const installation = newInstallation();
      const entries = pending?.entries.slice(recorded) ?? [];
      const renumbered =
        pending === undefined || entries.length === 0
          ? undefined
          : { ...pending, installation, sequence: 0, entries, resumed: false };
      // All of the batch is known: what it covered is over.
      const cursorNow = pending !== undefined && entries.length === 0 ? pending.cursorAfter : state.cursor;
      state = { ...state, installation, nextSequence: 0, cursor: cursorNow, receipts: [] };
      // The batch first: until the state names its installation too it does not count, and the old one is sent again.
      if (renumbered !== undefined) savePending(renumbered);
      saveState(directory, { ...state, appended: next });
      if (renumbered === undefined) rmSync(pendingFile, { force: true });
      pending = renumbered;
    },
    status: () => ({
      bytes: totalBytes(),
      waiting: next - state.cursor,
      collected: next,
      sent: state.nextSequence,
      lost: Object.fromEntries(lost),
      receipts: state.receipts,
    }),
    close() {
      spool.sync();
      closeOpen();
    },
  };

  function closeBroken(): void {
    const broken = open;
    open = undefined;
    if (broken === undefined) return;
    try {
      files.close(broken);
    } catch {
      broken.descriptor = undefined;
    }
  }

  if (known === undefined) saveState(directory, { ...state, appended: next });
  return spool;
}

/** How many numbers from `first` on no frame covers. */
function missingFrom(frames: readonly FrameContent[], first: number): number {
  let missing = 0;
  let expected = first;
  for (const frame of frames) {
    if (frame.covers === 0) continue;
    missing += Math.max(0, frame.first - expected);
    expected = Math.max(expected, frame.first + frame.covers);
  }
  return missing;
}

/** Kinds and times of more than these are not remembered while nothing can be written; they are counted all the same. */
const maxUnwritten = 10_000;
