import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import { createFairTurns } from './fair-turns.ts';

/**
 * Does `work` when it is the session's turn, with the session as it stands then; nobody else has a turn until `work` returns. `work` waits
 * for nothing: what it begins and others wait for comes back in what it returns. Throws what reading the session throws.
 */
export type InTurn = <Result extends object>(
  sessionId: string,
  work: (standing: StandingSession) => Result,
) => Promise<Result>;

export function createInTurn(sessions: Pick<AgentSessions, 'reading' | 'standing'>): InTurn {
  const turn = createFairTurns();
  return async (sessionId, work) => {
    // Rows are read before, by many at once: who read in their turn would let all others wait for the database.
    const { standing, isStill } = await sessions.reading(sessionId);
    const done = await turn(sessionId);
    try {
      // It may have been ended, or be judged by another pack, while it waited.
      return work(isStill() ? standing : await sessions.standing(sessionId));
    } finally {
      done();
    }
  };
}
