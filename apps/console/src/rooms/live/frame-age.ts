/** A picture older than this at the moment it is painted is late. */
const lateOverMs = 1000;
/** A picture this old is no longer what there is to see. */
const oldOverMs = 5000;
/** Cameras that send seldom are given so many of their intervals before a picture of theirs counts as old. */
const oldOverIntervals = 3;
/** So long after painting the age is told as it grows, not as it was then. */
const growsAfterMs = 1500;

export type PaintedFrame = {
  /** Both by the server's clock. */
  readonly capturedMs: number;
  readonly paintedMs: number;
  /** `capturedMs` is when it came to the server: it is older than that, by how much nobody knows. */
  readonly isCaptureUnknown?: boolean | undefined;
};

/** Whether what stands on a tile may be taken for what is there now. */
export type PictureStanding =
  | { readonly kind: 'none' }
  | { readonly kind: 'now'; readonly ageMs: number; readonly isLate: boolean; readonly isAgeUnknown?: true }
  | { readonly kind: 'old'; readonly ageMs: number };

export function pictureStanding(
  painted: PaintedFrame | undefined,
  { nowMs, isOpen, perSecond }: { readonly nowMs: number; readonly isOpen: boolean; readonly perSecond: number },
): PictureStanding {
  if (painted === undefined) return { kind: 'none' };
  const growing = Math.max(0, nowMs - painted.capturedMs);
  const patienceMs = perSecond > 0 ? Math.max(oldOverMs, (oldOverIntervals * 1000) / perSecond) : oldOverMs;
  // A camera that is not there, or a line that is cut: the picture may be recent, but it is not live.
  if (growing > patienceMs || !isOpen) return { kind: 'old', ageMs: growing };
  const atPaintMs = Math.max(0, painted.paintedMs - painted.capturedMs);
  const ageMs = nowMs - painted.paintedMs > Math.max(growsAfterMs, patienceMs / 2) ? growing : atPaintMs;
  const isLate = ageMs > lateOverMs;
  return { kind: 'now', ageMs, isLate, ...(painted.isCaptureUnknown === true ? { isAgeUnknown: true } : {}) };
}

/** `84 ms`, `1.4 s`: how old a picture is when it is seen. */
export function latencyWords(ageMs: number): string {
  if (ageMs < 1000) return `${Math.round(ageMs)} ms`;
  return ageMs < 9950 ? `${(ageMs / 1000).toFixed(1)} s` : `${Math.round(ageMs / 1000)} s`;
}

/** `last seen 12 s ago` */
export function lastSeenWords(ageMs: number): string {
  const seconds = Math.max(0, Math.round(ageMs / 1000));
  if (seconds < 60) return `last seen ${seconds} s ago`;
  if (seconds < 3600) return `last seen ${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `last seen ${Math.floor(seconds / 3600)} h ago`;
  return `last seen ${Math.floor(seconds / 86_400)} days ago`;
}

type Numbered = { readonly sequence: number; readonly capturedMs: number };

/**
 * How long before a picture the one was taken in which things were made out: pictures between two that arrived are taken to
 * stand at even distances.
 */
export function objectsLagMs(
  frame: Numbered & { readonly objectsSequence: number | undefined },
  before: Numbered | undefined,
): number {
  const behind = frame.objectsSequence === undefined ? 0 : frame.sequence - frame.objectsSequence;
  if (behind <= 0 || before === undefined || before.sequence >= frame.sequence) return 0;
  return (behind * (frame.capturedMs - before.capturedMs)) / (frame.sequence - before.sequence);
}
