import assert from 'node:assert/strict';
import type { HandedOver } from './handed-over.ts';

/** A segment of the server; `frames` are SHA-256 of its pictures, in hexadecimal. */
export type Stored = {
  readonly startMs: number;
  readonly endMs: number;
  readonly frames: readonly string[];
  readonly isLate: boolean;
};

/** Segments that came later with their pictures, and how many the server had itself. */
export type Counted = { readonly segments: number; readonly frames: number; readonly covered: number };

/** The server had this time itself, up to what is no gap, and the edges, which two clocks tell. */
function isCovered({ startedMs, endedMs }: HandedOver, stored: readonly Stored[]): boolean {
  const holeMs = Math.min(3500, (endedMs - startedMs) / 2);
  let untilMs = startedMs;
  for (const { startMs, endMs, isLate } of stored)
    if (!isLate && startMs - untilMs <= holeMs) untilMs = Math.max(untilMs, endMs);
  return endedMs - untilMs <= holeMs;
}

/** What the phone did not know to be on the server is there, picture by picture and once; undefined while something is nowhere. */
export function countLate(input: {
  readonly stored: readonly Stored[];
  readonly handedOver: readonly HandedOver[];
  readonly sinceMs: number;
}): Counted | undefined {
  const { stored, handedOver, sinceMs } = input;
  const late = stored.filter(({ isLate }) => isLate);
  for (const [at, segment] of late.entries()) {
    const next = late[at + 1];
    assert.ok(next === undefined || next.startMs > segment.startMs, 'no time twice');
    const overlapMs = next === undefined ? 0 : Math.min(segment.endMs, next.endMs) - next.startMs;
    assert.ok(overlapMs <= 1000, `${overlapMs} ms twice`);
  }
  const lacking = handedOver.filter(
    ({ isDelivered, frames, endedMs }) => !isDelivered && frames.length > 0 && endedMs >= sinceMs,
  );
  let [segments, frames, covered] = [0, 0, 0];
  for (const segment of lacking) {
    const there = late.find(({ startMs }) => startMs === segment.startedMs);
    if (there === undefined) {
      if (!isCovered(segment, stored)) return undefined;
      covered += 1;
      continue;
    }
    assert.equal(there.endMs, segment.endedMs);
    assert.deepEqual(there.frames, segment.frames);
    segments += 1;
    frames += segment.frames.length;
  }
  return { segments, frames, covered };
}
