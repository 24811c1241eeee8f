import { excusedDueMs } from './watch-gaps.ts';
import type { WatchGap } from './watch-gaps.ts';

/** How a source has sent so far, learned from when it was heard. Plain numbers, so that it can be kept. */
export type SourceRhythm = {
  /** Deliveries with no longer pause than `runGapMs` between them are one run. */
  readonly runs: number;
  readonly runStartedMs: number;
  readonly lastMs: number;
  readonly longestRunMs: number;
  /** Pauses between runs: how many, and their running mean and deviation. */
  readonly pauses: number;
  readonly pauseMeanMs: number;
  readonly pauseDeviationMs: number;
};

/**
 * - `waiting`: registered, and nothing came yet.
 * - `heard`: something came within ten minutes.
 * - `quiet`: nothing lately, and that is like it: its next delivery is not due, or it has no rhythm that one could go by.
 * - `finished`: it sent once, for less than an hour, and stopped: a file, a test.
 * - `silent`: by its own rhythm something should have come.
 */
export type SourceStanding = {
  readonly state: 'waiting' | 'heard' | 'quiet' | 'finished' | 'silent';
  /** Until when something should come; undefined where there is no rhythm to go by. */
  readonly dueMs?: number;
};

const runGapMs = 120_000;
const heardForMs = 600_000;
/** Who sends without a pause for this long is expected to go on. */
const steadyAfterMs = 3_600_000;
/** Fewer pauses than these are no rhythm. */
const fewestPauses = 3;
const newestCounts = 0.25;

/** The rhythm with one delivery more. Time that goes backwards changes nothing. */
export function heardAgain(before: SourceRhythm | undefined, nowMs: number): SourceRhythm {
  if (before === undefined) {
    return {
      runs: 1,
      runStartedMs: nowMs,
      lastMs: nowMs,
      longestRunMs: 0,
      pauses: 0,
      pauseMeanMs: 0,
      pauseDeviationMs: 0,
    };
  }
  const pauseMs = nowMs - before.lastMs;
  if (pauseMs <= 0) return before;
  if (pauseMs <= runGapMs)
    return { ...before, lastMs: nowMs, longestRunMs: Math.max(before.longestRunMs, nowMs - before.runStartedMs) };
  const isFirst = before.pauses === 0;
  const missedMs = Math.abs(pauseMs - before.pauseMeanMs);
  return {
    ...before,
    runs: before.runs + 1,
    runStartedMs: nowMs,
    lastMs: nowMs,
    pauses: before.pauses + 1,
    pauseMeanMs: isFirst ? pauseMs : before.pauseMeanMs + newestCounts * (pauseMs - before.pauseMeanMs),
    pauseDeviationMs: isFirst ? 0 : before.pauseDeviationMs + newestCounts * (missedMs - before.pauseDeviationMs),
  };
}

/** What is expected of a source, and when the server was not there to hear it. */
export type StandingContext = {
  readonly expected: 'auto' | 'always' | 'never';
  /** Chosen by a person: silence matters no sooner, and with `always` in any case. */
  readonly quietAfterMs?: number | undefined;
  /** Since when something that was always expected could have come, when nothing came yet. */
  readonly createdAtMs: number;
  readonly gaps: readonly WatchGap[];
};

/** Of a source that is always expected and for which no pause was chosen. */
const alwaysQuietMs = 600_000;

/** All times are of one clock, which no setting of the wall clock moves. */
export function standingOf(
  rhythm: SourceRhythm | undefined,
  nowMs: number,
  context: StandingContext = { expected: 'auto', createdAtMs: 0, gaps: [] },
): SourceStanding {
  const dueMs = expectedBy(rhythm, context);
  const due = dueMs === undefined ? {} : { dueMs };
  if (dueMs !== undefined && nowMs > dueMs) return { state: 'silent', dueMs };
  if (rhythm === undefined) return { state: 'waiting', ...due };
  if (nowMs - rhythm.lastMs <= heardForMs) return { state: 'heard', ...due };
  if (dueMs !== undefined) return { state: 'quiet', dueMs };
  return { state: rhythm.runs === 1 ? 'finished' : 'quiet' };
}

function expectedBy(rhythm: SourceRhythm | undefined, context: StandingContext): number | undefined {
  const { expected, quietAfterMs, gaps, createdAtMs } = context;
  if (expected === 'never') return undefined;
  const lastMs = rhythm?.lastMs ?? createdAtMs;
  const byRhythm = expected === 'always' || rhythm === undefined ? undefined : dueOf(rhythm);
  if (expected === 'auto' && byRhythm === undefined) return undefined;
  const pauseMs =
    byRhythm === undefined ? (quietAfterMs ?? alwaysQuietMs) : Math.max(byRhythm.dueMs - lastMs, quietAfterMs ?? 0);
  return excusedDueMs({ earliestMs: byRhythm?.earliestMs ?? lastMs, dueMs: lastMs + pauseMs, pauseMs }, gaps);
}

/**
 * When something is to come by this rhythm: until `dueMs`, at the soonest at `earliestMs`. A pause half as long again as usual,
 * or four deviations over it, is still one.
 */
function dueOf(rhythm: SourceRhythm): { readonly earliestMs: number; readonly dueMs: number } | undefined {
  const { pauses, pauseMeanMs, pauseDeviationMs, lastMs, longestRunMs } = rhythm;
  if (pauses >= fewestPauses) {
    const soonestMs = Math.max(0, Math.min(pauseMeanMs * 0.5, pauseMeanMs - 4 * pauseDeviationMs));
    const latestMs = Math.max(heardForMs, pauseMeanMs * 1.5, pauseMeanMs + 4 * pauseDeviationMs);
    return { earliestMs: Math.round(lastMs + soonestMs), dueMs: Math.round(lastMs + latestMs) };
  }
  return longestRunMs >= steadyAfterMs ? { earliestMs: lastMs, dueMs: lastMs + heardForMs } : undefined;
}

/** What was kept; undefined for what is none of ours. */
export function parseRhythm(text: string | null): SourceRhythm | undefined {
  const numbers = (text ?? '').split(' ').map(Number);
  const [runs, runStartedMs, lastMs, longestRunMs, pauses, pauseMeanMs, pauseDeviationMs] = numbers;
  if (numbers.length !== 7 || numbers.some((number) => !Number.isFinite(number) || number < 0)) return undefined;
  if (runs === undefined || runStartedMs === undefined || lastMs === undefined || longestRunMs === undefined)
    return undefined;
  if (pauses === undefined || pauseMeanMs === undefined || pauseDeviationMs === undefined) return undefined;
  return { runs, runStartedMs, lastMs, longestRunMs, pauses, pauseMeanMs, pauseDeviationMs };
}

export function formatRhythm(rhythm: SourceRhythm): string {
  const { runs, runStartedMs, lastMs, longestRunMs, pauses, pauseMeanMs, pauseDeviationMs } = rhythm;
  return [runs, runStartedMs, lastMs, longestRunMs, pauses, Math.round(pauseMeanMs), Math.round(pauseDeviationMs)].join(
    ' ',
  );
}
