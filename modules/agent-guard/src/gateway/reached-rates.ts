import type { AgentRate } from '@sallyport/contracts';
import { createSummed } from '@sallyport/platform/summed';
import { sessionWords } from '../audit-record.ts';
import type { RecordHappening } from '../hooks/record-happening.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';

type Reached = {
  /** As the harness calls it. */
  readonly server: string;
  readonly rate: AgentRate;
  readonly refused: number;
  readonly of?: string;
};

/**
 * Runs of which more came than may. Of each run and rate the first is recorded at once, and a sum every ten minutes while it goes on: whoever
 * floods a gateway floods no ledger with it.
 */
export type ReachedRates = {
  /**
   * Resolves once the ledger has it, or it is summed. Throws `agent_session_not_found`, and where the ledger does not take it: whoever tells
   * tells it again then.
   */
  told(sessionId: string, reached: Reached): Promise<void>;
  /** The same, of a run that is known; what the ledger does not take is part of the next sum, for nobody tells it again. */
  of(standing: StandingSession, reached: Reached): Promise<void>;
  /**
   * Records sums whose time has come; to be called now and then. `all`: whatever is left, at the end. Throws once all were tried if the
   * ledger did not take one; that is part of the next sum.
   */
  tick(which?: 'over' | 'all'): Promise<void>;
};

const everyMs = 10 * 60_000;

export function createReachedRates({
  clock,
  sessions,
  record,
}: Pick<AgentGuardNeeds, 'clock'> & {
  readonly sessions: Pick<AgentSessions, 'standing'>;
  readonly record: RecordHappening;
}): ReachedRates {
  const summed = createSummed<{ readonly standing: StandingSession; readonly reached: Reached }>({
    everyMs,
    nowMs: () => clock.monotonicMs(),
  });

  async function write({ session, agent, ownerName }: StandingSession, reached: Reached): Promise<void> {
    const { server, rate, refused, of } = reached;
    await record(sessionWords(session, { agent, ownerName }), {
      kind: 'rate_reached',
      server: { name: server, source: 'gateway' },
      rate,
      refused,
      ...(of === undefined ? {} : { of }),
    });
  }

  async function note(standing: StandingSession, reached: Reached, isToldAgain: boolean): Promise<void> {
    // Not by server or name: those are words of whoever tells, and could be without end.
    const key = `${standing.session.id} ${reached.rate}`;
    const of = { standing, reached };
    const refused = summed.came(key, of, reached.refused);
    if (refused === undefined) return;
    try {
      await write(standing, { ...reached, refused });
    } catch (error) {
      summed.back(key, of, isToldAgain ? refused - reached.refused : refused);
      throw error;
    }
  }

  return {
    of: (standing, reached) => note(standing, reached, false),
    told: async (sessionId, reached) => note(await sessions.standing(sessionId), reached, true),
    async tick(which) {
      const failed: unknown[] = [];
      for (const { key, of, count } of summed.due(which)) {
        const { server, rate } = of.reached;
        try {
          await write(of.standing, { server, rate, refused: count });
        } catch (error) {
          summed.back(key, of, count);
          failed.push(error);
        }
      }
      if (failed.length > 0) throw failed[0];
    },
  };
}
