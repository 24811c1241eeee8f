import { sessionWords } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import type { Answer } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import { answeredEvent } from './open-questions.ts';

/** Whoever asked before a restart hears no answer any more: written down as a no, so that nothing stays open in the record. */
export async function endThoseOfBefore(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock'> & {
    readonly store: ApprovalStore;
    readonly sessions: Pick<AgentSessions, 'standing'>;
  },
): Promise<void> {
  const { database, outbox, store, sessions, clock } = needs;
  for (const approval of await store.list(database, { state: 'open', limit: 1000 })) {
    const { yeses = [], forTwo } = approval;
    const answer: Answer = {
      end: 'ended',
      atMs: clock.nowMs(),
      scope: 'once',
      words: 'the server began anew',
      // Whoever said yes did not take it back: the very same call needs one person more as long as it would have waited.
      ...(yeses.length === 0 || forTwo === undefined ? {} : { yeses, heldUntilMs: forTwo.waitsUntilMs }),
    };
    const standing = await sessions.standing(approval.sessionId).catch(() => undefined);
    await database.transaction().execute(async (transaction) => {
      if (!(await store.answer(transaction, approval, answer)) || standing === undefined) return;
      const words = sessionWords(standing.session, standing);
      await outbox.record(transaction, answeredEvent({ approval, words }, answer));
    });
  }
}
