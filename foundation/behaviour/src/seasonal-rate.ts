import { calendarTime, finite, oneIn, scoreOfProbability, shown, unremarkable } from './judgement.ts';
import type { Judgement } from './judgement.ts';
import { packNumbers, unpackNumbers } from './packed.ts';
import { readState } from './read-state.ts';

/** How often something happens, by hour of the week (UTC). */
export type SeasonalRate = {
  /**
   * `count` more happened at `timeMs`. Judged against the whole hour so far, so that the score rises within the hour as it becomes too much.
   * Times before the running hour count into the running hour.
   */
  observe(count: number, timeMs: number): Judgement;
  /** What an hour is expected to bring, and how often that hour was seen (faded). */
  expected(timeMs: number): { readonly perHour: number; readonly hoursSeen: number };
  isLearnt(): boolean;
  /** Means of the 168 hours of the week, Monday 00:00 UTC first: for pictures. */
  week(): Float32Array;
  state(): string;
};

const hourMs = 3_600_000;
const weekHours = 168;
const model = 'seasonal-rate';
const version = 1;
/** Hours that must have passed before anything is said: three days. */
export const seasonalWarmUpHours = 72;
/** A week ago counts this much of now: habits of two months ago count a quarter. */
const fadePerWeek = 0.84;
/** Weight of what is known from other hours, in hours. */
const priorHours = 2;

type Memory = { hour: number; count: number; hours: number; spread: number; means: Float32Array; seen: Float32Array };

/**
 * Each hour of the week has a mean with fading memory; hours little seen lean on the same hour of other days, those on the mean of all.
 * The score is the probability of at least so many in one hour: Chernoff's bound for a Poisson count whose variance is what the entity
 * showed (overdispersed counts are believed to be so). 1.4 kB an entity.
 */
export function createSeasonalRate(saved?: string): SeasonalRate {
  const memory: Memory = saved === undefined ? fresh() : restore(saved);

  function expected(hour: number): { perHour: number; hoursSeen: number } {
    const at = ((hour % weekHours) + weekHours) % weekHours;
    let all = 0;
    let allSeen = 0;
    let day = 0;
    let daySeen = 0;
    for (let other = at % 24; other < weekHours; other += 24) {
      day += (memory.means[other] ?? 0) * (memory.seen[other] ?? 0);
      daySeen += memory.seen[other] ?? 0;
    }
    // The hours around stand for all of them: the whole week would be 168 additions for each event.
    for (const other of [at + weekHours - 2, at + weekHours - 1, at + 1, at + 2]) {
      all += (memory.means[other % weekHours] ?? 0) * (memory.seen[other % weekHours] ?? 0);
      allSeen += memory.seen[other % weekHours] ?? 0;
    }
    const around = (all + memory.spread * 0.1) / (allSeen + 0.1);
    const ofDay = (day + around * priorHours) / (daySeen + priorHours);
    const seen = memory.seen[at] ?? 0;
    return { perHour: ((memory.means[at] ?? 0) * seen + ofDay * priorHours) / (seen + priorHours), hoursSeen: seen };
  }

  function close(hour: number, count: number): void {
    const at = ((hour % weekHours) + weekHours) % weekHours;
    const before = expected(hour).perHour;
    const surprise = (count - before) ** 2 / Math.max(before, 0.25);
    memory.spread = Math.fround(
      Math.max(1, Math.min(1e6, memory.spread + 0.02 * (Math.min(surprise, 1e6) - memory.spread))),
    );
    const seen = (memory.seen[at] ?? 0) * fadePerWeek + 1;
    memory.seen[at] = seen;
    memory.means[at] = (memory.means[at] ?? 0) + (count - (memory.means[at] ?? 0)) / seen;
    memory.hours = Math.min(memory.hours + 1, 1e9);
  }

  return {
    observe(count, timeMs) {
      const hour = Math.floor(calendarTime(timeMs) / hourMs);
      if (memory.hour === unset) memory.hour = hour;
      if (hour > memory.hour) {
        close(memory.hour, memory.count);
        // Silent hours are counted too, at most a week of them: longer silence tells nothing more.
        for (let silent = Math.max(memory.hour + 1, hour - weekHours); silent < hour; silent += 1) close(silent, 0);
        memory.hour = hour;
        memory.count = 0;
      }
      memory.count = Math.min(1e9, memory.count + Math.max(0, finite(count)));
      if (memory.hours < seasonalWarmUpHours) return unremarkable;
      const { perHour } = expected(memory.hour);
      const probability = atLeast(memory.count, perHour, memory.spread);
      // Every hour is a chance to be wrong: of a hundred of them, one in a thousand is let through.
      const score = scoreOfProbability(Math.min(1, probability * 100));
      if (score === 0) return unremarkable;
      const usual = `${shown(memory.count)} in this hour where about ${shown(perHour)} are usual`;
      return { score, reasons: [`${usual}: ${oneIn(probability)} hours`] };
    },
    expected: (timeMs) => expected(Math.floor(calendarTime(timeMs) / hourMs)),
    isLearnt: () => memory.hours >= seasonalWarmUpHours,
    // Hour 0 of the epoch was a Thursday, 00:00.
    week: () => Float32Array.from({ length: weekHours }, (_, hour) => memory.means[(hour + 4 * 24) % weekHours] ?? 0),
    state: () =>
      JSON.stringify({
        model,
        version,
        hour: memory.hour,
        count: memory.count,
        hours: memory.hours,
        spread: memory.spread,
        means: packNumbers(memory.means),
        seen: packNumbers(memory.seen),
      }),
  };
}

const unset = -1e15;

/** Chernoff's bound on P(count or more), with the exponent shared among the overdispersion. */
function atLeast(count: number, mean: number, spread: number): number {
  const most = Math.max(mean, 1e-3);
  if (count <= most) return 1;
  return Math.exp(-(count * Math.log(count / most) - count + most) / spread);
}

function fresh(): Memory {
  return {
    hour: unset,
    count: 0,
    hours: 0,
    spread: 1,
    means: new Float32Array(weekHours),
    seen: new Float32Array(weekHours),
  };
}

function restore(saved: string): Memory {
  const state = readState(saved, model, version);
  const means = unpackNumbers(state.text('means', 1024), weekHours) ?? state.refuse();
  const seen = unpackNumbers(state.text('seen', 1024), weekHours) ?? state.refuse();
  if (means.some((mean) => mean < 0 || mean > 1e9) || seen.some((weight) => weight < 0 || weight > 100)) state.refuse();
  return {
    hour: state.whole('hour', -1e15, 1e10),
    count: state.number('count', 0, 1e9),
    hours: state.whole('hours', 0, 1e9),
    spread: state.number('spread', 1, 1e6),
    means,
    seen,
  };
}
