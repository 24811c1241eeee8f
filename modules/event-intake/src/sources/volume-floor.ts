import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { WatchGap } from './watch-gaps.ts';

/** A source that still sends, but hardly: below a tenth of its slowest hour of the last seven days. */
export type Thinned = { readonly perHour: number; readonly floorPerHour: number };

/**
 * Learns the slowest hour of each day of a source that never pauses, so that one line now and then does not hide that
 * the rest is missing. Sound rather than sharp: it needs seven days in which the server listened, and says nothing of a
 * source whose slowest hour has fewer than sixty events. Whoever thins it out by less than to a tenth a day is not seen.
 */
export type VolumeFloor = {
  add(events: number, nowMs: number): void;
  /** Judges the hours that ended; `thinned` and `recovered` are told once each. Hours the server did not hear whole count for nothing. */
  roll(
    nowMs: number,
    gaps: readonly WatchGap[],
  ): ({ readonly kind: 'thinned' } & Thinned) | { readonly kind: 'recovered' } | undefined;
  keep(): JsonObject;
};

const hourMs = 3_600_000;
const hoursPerDay = 24;
const days = 7;
/** Of a day that counts. */
const fewestHours = 20;
const leastPerHour = 60;
const thinnedBelow = 0.1;
const recoveredFrom = 0.5;

/** `kept` is what an earlier run left; what is none of ours begins anew. */
export function createVolumeFloor(kept: string | null): VolumeFloor {
  let state = readKept(kept);

  function endHour(hour: number, wasHeard: boolean): ReturnType<VolumeFloor['roll']> {
    const perHour = state.events;
    state = { ...state, hour: hour + 1, events: 0 };
    // Nothing at all is for its rhythm to judge.
    if (!wasHeard || perHour === 0) return undefined;
    const floorPerHour = state.lowest.length === days ? Math.min(...state.lowest) : 0;
    if (state.thinnedHours > 0) {
      if (perHour >= floorPerHour * recoveredFrom) {
        state = { ...state, thinnedHours: 0 };
        return { kind: 'recovered' };
      }
      // What stayed so for a week is how it is now.
      state =
        state.thinnedHours >= days * hoursPerDay
          ? { ...emptyState, hour: hour + 1 }
          : { ...state, thinnedHours: state.thinnedHours + 1 };
      return undefined;
    }
    if (floorPerHour >= leastPerHour && perHour < floorPerHour * thinnedBelow) {
      state = { ...state, thinnedHours: 1 };
      return { kind: 'thinned', perHour, floorPerHour };
    }
    learn(hour, perHour);
    return undefined;
  }

  function learn(hour: number, perHour: number): void {
    const day = Math.floor(hour / hoursPerDay);
    if (day !== state.day) {
      const isWhole = state.hoursToday >= fewestHours;
      const lowest = isWhole ? [...state.lowest, state.lowestToday].slice(-days) : state.lowest;
      state = { ...state, day, lowest, lowestToday: perHour, hoursToday: 1 };
    } else {
      state = { ...state, lowestToday: Math.min(state.lowestToday, perHour), hoursToday: state.hoursToday + 1 };
    }
  }

  function roll(nowMs: number, gaps: readonly WatchGap[]): ReturnType<VolumeFloor['roll']> {
    const now = Math.floor(nowMs / hourMs);
    if (state.hour === 0 || now < state.hour) {
      state = { ...state, hour: now, events: 0, isPart: true };
      return undefined;
    }
    if (now === state.hour) return undefined;
    const { hour, isPart } = state;
    const startMs = hour * hourMs;
    // An hour that ended long ago was not followed to its end.
    const wasHeard =
      !isPart && now === hour + 1 && !gaps.some(({ fromMs, toMs }) => fromMs < startMs + hourMs && toMs > startMs);
    const verdict = endHour(hour, wasHeard);
    state = { ...state, hour: now, isPart: now !== hour + 1 };
    return verdict;
  }

  return {
    add(events, nowMs) {
      // What begins a new hour is judged at the next roll; until then it counts for the one that ended, which excuses.
      if (state.hour === 0) state = { ...state, hour: Math.floor(nowMs / hourMs), isPart: true };
      state = { ...state, events: state.events + events };
    },
    roll,
    keep: () => ({ ...state, lowest: [...state.lowest] }),
  };
}

const emptyState = {
  /** Since 1970; 0 before the first event. */
  hour: 0,
  events: 0,
  /** Whether it was followed only from somewhere within it. */
  isPart: true,
  day: 0,
  hoursToday: 0,
  lowestToday: 0,
  /** The slowest hours of the days before. */
  lowest: [] satisfies number[],
  thinnedHours: 0,
};
type State = Omit<typeof emptyState, 'lowest'> & { readonly lowest: readonly number[] };

function readKept(kept: string | null): State {
  let value: JsonValue = null;
  try {
    value = parseJson(kept ?? 'null');
  } catch {
    // A damaged row begins anew.
  }
  const found = isJsonObject(value) ? value : {};
  const number = (name: string): number => {
    const value = found[name];
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
  };
  const lowest = Array.isArray(found['lowest']) ? found['lowest'] : [];
  return {
    hour: number('hour'),
    events: number('events'),
    // The hour of a restart was not heard whole.
    isPart: true,
    day: number('day'),
    hoursToday: number('hoursToday'),
    lowestToday: number('lowestToday'),
    lowest: lowest.flatMap((value: JsonValue) => (typeof value === 'number' && value >= 0 ? [value] : [])).slice(-days),
    thinnedHours: number('thinnedHours'),
  };
}
