import { slowFactorToTell } from './judge-beat.ts';
import type { SensorState } from './sensor-state.ts';

export type SensorStanding = 'alive' | 'degraded' | 'silent' | 'stopped' | 'unknown';
export type SensorProblem = { readonly code: string; readonly text: string };

/** What happened is shown for this long after it last did. */
const shownForMs = 86_400_000;
const passingShownForMs = 3_600_000;
/** Over, and nobody did anything wrong. */
const passing = new Set(['restarted', 'host_restarted', 'paused', 'losing']);
const clockOffByMs = 60_000;
/** Told, but nothing that is wrong with the sensor. */
const harmless = new Set(['joined', 'key_rotated']);
/** Shown as they are now, not as they were told. */
const conditions = /^(slowed|stuck|blind:.*)$/;

/** How a sensor is, and everything that is not as it should be, worst first. */
export function standingOf(
  state: SensorState,
  nowMs: number,
): { readonly state: SensorStanding; readonly problems: readonly SensorProblem[] } {
  const incidents = state.incidents
    .filter(({ code }) => !harmless.has(code) && !conditions.test(code))
    .filter(({ code, atMs }) => nowMs - atMs < (passing.has(code) ? passingShownForMs : shownForMs))
    .toReversed()
    .map(({ code, text }) => ({ code, text }));
  const { end } = state;
  const isUnknown = state.lastBeatMs === undefined;
  const problems = [
    ...(end === undefined ? [] : [{ code: end.kind, text: end.reason }]),
    ...(isUnknown ? [{ code: 'unknown', text: 'No heartbeat that could be believed was heard yet' }] : []),
    ...incidents,
    ...conditionsOf(state),
  ];
  if (end !== undefined) return { state: isBackSince(state) ? 'degraded' : end.kind, problems };
  if (isUnknown) return { state: 'unknown', problems };
  return { state: problems.length === 0 ? 'alive' : 'degraded', problems };
}

/** It speaks again, of what was while nobody heard it. */
function isBackSince({ end, isCatchingUp }: SensorState): boolean {
  return end?.kind === 'silent' && isCatchingUp;
}

function conditionsOf({ figures, stuckBeats, isCatchingUp, collectors }: SensorState): SensorProblem[] {
  const offsetMs = figures?.clockOffsetMs ?? 0;
  const slowFactor = figures?.slowFactor ?? 1;
  return [
    ...Object.entries(collectors).flatMap(([name, { problem }]) =>
      problem === undefined ? [] : [{ code: 'blind', text: `The collector "${name}" does not see: ${problem}` }],
    ),
    ...(slowFactor >= slowFactorToTell
      ? [{ code: 'slowed', text: `It polls ${slowFactor} times less often, to spare its host` }]
      : []),
    ...(stuckBeats >= 3 ? [{ code: 'stuck', text: `${figures?.waiting ?? 0} records wait, and none is sent` }] : []),
    ...(isCatchingUp ? [{ code: 'catching_up', text: 'What it tells is from a while ago: it catches up' }] : []),
    ...(Math.abs(offsetMs) > clockOffByMs
      ? [
          {
            code: 'clock_off',
            text: `The clock of its host is ${Math.round(Math.abs(offsetMs) / 1000)} s ${offsetMs > 0 ? 'behind' : 'ahead'}`,
          },
        ]
      : []),
  ];
}
