import type { SegmentRecord } from '@sallyport/segment-format';

/** Some seconds of pictures and sound, in the order of their moments. */
export type RecordedSegment = {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly records: readonly SegmentRecord[];
  /** The server has these pictures; false when one is missing there. */
  readonly isDelivered: boolean;
};

/**
 * Collects what is captured into segments of ten seconds. Each is handed to `seal` once it is known whether the server
 * took its pictures: every picture has, within two seconds of it, one that was taken. What the server took it holds in
 * memory before it seals it: for so long it is held here too, and not counted as delivered when the connection ends
 * meanwhile. A server that has it after all says so. Holds six segments at most.
 */
export type SegmentRecorder = {
  /** `sequence` of a picture, by which `delivered` names it. */
  add(record: SegmentRecord, sequence?: number): void;
  delivered(sequence: number): void;
  /** What is recorded without a connection ends here, and can be sent at once. */
  connected(): void;
  /** The connection is gone: what is under way is not delivered any more, and what the server has not sealed may be lost. */
  disconnected(): void;
  /** To be called about every second. */
  tick(nowMs: number): void;
  /** Nothing more comes: whatever is open is handed over. */
  flush(): void;
};

const segmentLengthMs = 10_000;
const byteLimit = 12 * 1024 * 1024;
const nearMs = 2000;
/** How long a full segment waits for the server's word. */
const graceMs = 4000;
/** The server closes a segment after ten seconds at most, and writes it then. */
const unsealedMs = 20_000;
const unsealedLimit = 3;

type Picture = { readonly sequence: number; readonly atMs: number };
type Unsealed = { readonly segment: RecordedSegment; readonly sinceMs: number };
type Open = { startedMs: number; bytes: number; closedMs: number; records: SegmentRecord[]; pictures: Picture[] };

/** `seal` is called once for each segment that holds anything. */
export function createSegmentRecorder(seal: (segment: RecordedSegment) => void): SegmentRecorder {
  let open: Open | undefined;
  let closed: Open[] = [];
  let unsealed: Unsealed[] = [];
  const taken = new Map<number, number>();

  const close = (nowMs: number): void => {
    if (open === undefined) return;
    closed.push({ ...open, closedMs: nowMs });
    open = undefined;
    if (closed.length > 2) decide(1);
  };

  const decide = (count: number): void => {
    const decided = closed.slice(0, count);
    closed = closed.slice(count);
    for (const one of decided) {
      const segment = sealedForm(one, taken);
      if (segment.isDelivered) unsealed.push({ segment, sinceMs: one.closedMs });
      else seal(segment);
    }
    while (unsealed.length > unsealedLimit) letGo(1, true);
    const oldestMs = Math.min(closed[0]?.startedMs ?? Infinity, open?.startedMs ?? Infinity) - nearMs;
    for (const [sequence, atMs] of taken) if (atMs < oldestMs) taken.delete(sequence);
  };

  const letGo = (count: number, isDelivered: boolean): void => {
    for (const { segment } of unsealed.slice(0, count)) seal({ ...segment, isDelivered });
    unsealed = unsealed.slice(count);
  };

  const isSettled = (segment: Open, nowMs: number): boolean =>
    nowMs - segment.closedMs >= graceMs || segment.pictures.every(({ sequence }) => taken.has(sequence));

  return {
    add(record, sequence) {
      const { atMs } = record;
      // A clock that was set is no reason for a segment of a year; sound comes a little after the picture of its moment.
      if (open !== undefined && (atMs < open.startedMs - nearMs || atMs - open.startedMs >= segmentLengthMs))
        close(atMs);
      if (open !== undefined && open.bytes + record.payload.length > byteLimit) close(atMs);
      open ??= { startedMs: atMs, bytes: 0, closedMs: 0, records: [], pictures: [] };
      open.records.push(record);
      open.bytes += record.payload.length;
      if (sequence !== undefined) open.pictures.push({ sequence, atMs });
    },
    delivered(sequence) {
      const pictures = [...closed, ...(open === undefined ? [] : [open])].flatMap((segment) => segment.pictures);
      const picture = pictures.find((candidate) => candidate.sequence === sequence);
      if (picture !== undefined) taken.set(sequence, picture.atMs);
    },
    connected() {
      close(open?.startedMs ?? 0);
      decide(closed.length);
    },
    disconnected() {
      // First those that wait: what is decided now leaves no room for them.
      letGo(unsealed.length, false);
      close(open?.startedMs ?? 0);
      decide(closed.length);
      letGo(unsealed.length, false);
    },
    tick(nowMs) {
      if (open !== undefined && nowMs - open.startedMs >= segmentLengthMs) close(nowMs);
      const waiting = closed.findIndex((segment) => !isSettled(segment, nowMs));
      decide(waiting === -1 ? closed.length : waiting);
      // A clock that was set back is no reason to hold on for longer.
      letGo(unsealed.filter(({ sinceMs }) => Math.abs(nowMs - sinceMs) >= unsealedMs).length, true);
    },
    flush() {
      close(open?.startedMs ?? 0);
      decide(closed.length);
      letGo(unsealed.length, true);
    },
  };
}

function sealedForm({ startedMs, records, pictures }: Open, taken: ReadonlyMap<number, number>): RecordedSegment {
  const moments = [...taken.values()];
  const ordered = records.toSorted((left, right) => left.atMs - right.atMs);
  return {
    startedMs: ordered[0]?.atMs ?? startedMs,
    endedMs: ordered.at(-1)?.atMs ?? startedMs,
    records: ordered,
    isDelivered: pictures.every(({ atMs }) => moments.some((moment) => Math.abs(moment - atMs) <= nearMs)),
  };
}
