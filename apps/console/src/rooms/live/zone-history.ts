import type { Zone } from './camera-types.ts';

/** What was drawn, and what it was before each step. */
export type ZoneHistory = {
  readonly zones: readonly Zone[];
  readonly past: readonly (readonly Zone[])[];
  readonly future: readonly (readonly Zone[])[];
  /** What the last step was. */
  readonly step: string | undefined;
};

const mostSteps = 100;

export function historyOf(zones: readonly Zone[]): ZoneHistory {
  return { zones, past: [], future: [], step: undefined };
}

/** Changes of one name that follow each other are one step: a point that is dragged, a name that is typed. */
export function changedZones(history: ZoneHistory, zones: readonly Zone[], step?: string): ZoneHistory {
  const isSameStep = step !== undefined && step === history.step;
  const past = isSameStep ? history.past : [...history.past, history.zones].slice(-mostSteps);
  return { zones, past, future: [], step };
}

/** As before the last step; the same when there was none. */
export function undone(history: ZoneHistory): ZoneHistory {
  const before = history.past.at(-1);
  if (before === undefined) return history;
  return {
    zones: before,
    past: history.past.slice(0, -1),
    future: [history.zones, ...history.future],
    step: undefined,
  };
}

/** As before the last time it was undone. */
export function redone(history: ZoneHistory): ZoneHistory {
  const [after, ...future] = history.future;
  if (after === undefined) return history;
  return { zones: after, past: [...history.past, history.zones], future, step: undefined };
}
