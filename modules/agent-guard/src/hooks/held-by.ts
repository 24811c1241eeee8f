import type { StandingSession } from '../sessions/agent-sessions.ts';
import type { Stops } from '../stops/stops.ts';

const overWords: Readonly<Record<NonNullable<StandingSession['over']>, string>> = {
  finished: 'this run has ended',
  'ended-by-hand': 'somebody ended this run',
  stopped: 'somebody stopped this run',
  expired: 'nothing was heard of this run for too long; start it again',
  'owner-ended': 'whom this agent belongs to may not run agents any more',
};

/** What holds a run as a whole, in words; undefined while nothing does. */
export type HeldBy = (standing: StandingSession) => string | undefined;

export function createHeldBy(stops: Pick<Stops, 'holding'>): HeldBy {
  return (standing) => {
    const stop = stops.holding(standing);
    if (stop !== undefined) return `agents were stopped by ${stop.by}${stop.reason === '' ? '' : `: ${stop.reason}`}`;
    return standing.over === undefined ? undefined : overWords[standing.over];
  };
}
