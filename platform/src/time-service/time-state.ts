/** What keeps the clock of a host, as that program says; and how well. */
export type TimeState = {
  /** `systemd`: something tells systemd that the clock is synchronised, and nobody says what. `none`: nobody on this host knows. */
  readonly method: 'chrony' | 'timesyncd' | 'ntpd' | 'systemd' | 'none';
  /** Undefined when nobody on this host knows. */
  readonly isSynchronised: boolean | undefined;
  /** The server it follows, by name or address. */
  readonly source: string | undefined;
  /** RFC 5905: 1 has a clock of its own, each that follows one more. */
  readonly stratum: number | undefined;
  /** Positive: this host is behind its source. */
  readonly offsetMs: number | undefined;
  /** How much single measurements differ, as the program reckons it (chrony: RMS offset; others: jitter). */
  readonly jitterMs: number | undefined;
  /** Half the way to the first clock and what may be wrong on it: the true time is no farther away than offset and this. */
  readonly rootDistanceMs: number | undefined;
  readonly leap: string | undefined;
};

export const unknownTime: TimeState = {
  method: 'none',
  isSynchronised: undefined,
  source: undefined,
  stratum: undefined,
  offsetMs: undefined,
  jitterMs: undefined,
  rootDistanceMs: undefined,
  leap: undefined,
};

/** Off by more than this, records of several hosts cannot be put in order. */
export const clockOffByMs = 1000;

/** What is wrong with a clock, worst first. What nobody knows is no trouble, and no evidence either. */
export type ClockTrouble = 'unsynchronised' | 'off';

export function troubleOf(
  state: Pick<TimeState, 'isSynchronised' | 'offsetMs'>,
  measuredOffsetMs?: number,
): ClockTrouble | undefined {
  if (state.isSynchronised === false) return 'unsynchronised';
  const offsets = [state.offsetMs, measuredOffsetMs].filter((offset) => offset !== undefined);
  return offsets.some((offset) => Math.abs(offset) > clockOffByMs) ? 'off' : undefined;
}

/** Whether two states differ in what is worth telling: who keeps the clock, whether it is right, and an offset that moved by more than this. */
export function hasChanged(before: TimeState | undefined, now: TimeState, boundMs: number): boolean {
  if (before === undefined) return true;
  if (before.method !== now.method || before.isSynchronised !== now.isSynchronised) return true;
  if (before.source !== now.source || before.stratum !== now.stratum) return true;
  return Math.abs((before.offsetMs ?? 0) - (now.offsetMs ?? 0)) > boundMs;
}
