import type { Principal } from '@sallyport/platform/http';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { StandingSession } from '../sessions/agent-sessions.ts';
import type { AnsweredApproval, Yes } from './approval.ts';
import type { WaitingApproval } from './open-questions.ts';

type ForTwo = Pick<WaitingApproval, 'question' | 'standing' | 'yeses'>;

/**
 * Why somebody's yes does not count, where two different people must say yes; undefined where it does. People are told apart by their
 * account: another session, another name or another browser is the same person. Those the agent acts for count as none: they are the
 * ones it asks for. `now`: whom it acts for now, if that may be another than when it asked.
 */
export function whyNotCounted(
  by: Principal,
  { question, standing, yeses }: ForTwo,
  now: StandingSession = standing,
): 'own' | 'twice' | 'no-right' | undefined {
  if (question.people === 1) return undefined;
  if (by.id === standing.person || by.id === now.person) return 'own';
  if (yeses.some(({ id }) => id === by.id)) return 'twice';
  return by.scopes.includes('agents:approve') ? undefined : 'no-right';
}

/** Throws `agent_approval_own`, `agent_approval_twice`, `agent_approval_not_yours`. */
export function requireCounted(by: Principal, asked: ForTwo, now: StandingSession): void {
  switch (whyNotCounted(by, asked, now)) {
    case undefined:
      return;
    case 'own':
      throw new AgentGuardError(
        'agent_approval_own',
        'Cannot say yes: the agent acts for you, and two other people must say it; no you may say',
      );
    case 'twice':
      throw new AgentGuardError(
        'agent_approval_twice',
        'Cannot say yes twice: you did already, and another person must',
      );
    case 'no-right':
      throw new AgentGuardError(
        'agent_approval_not_yours',
        'Cannot say yes: where two people must, both must be allowed to answer for others ("agents:approve")',
      );
  }
}

/** Yeses of before that still count: of people who may answer for others as they are now, and whom the agent does not act for. */
export async function stillCounted(
  yeses: readonly Yes[],
  persons: readonly (string | undefined)[],
  owner: AgentGuardNeeds['owner'],
): Promise<readonly Yes[]> {
  const counted: Yes[] = [];
  for (const yes of yeses) {
    const { scopes = [] } = (await owner({ kind: 'user', id: yes.id })) ?? {};
    if (scopes.includes('agents:approve') && !persons.includes(yes.id)) counted.push(yes);
  }
  return counted;
}

/**
 * The question whose first yes counts for this one too: the very same call of the same run, cut off by the end of the server while there
 * was still time for a second.
 */
export function cutOffBefore(
  before: readonly AnsweredApproval[],
  asked: { readonly sessionId: string; readonly fingerprint: string; readonly nowMs: number },
): AnsweredApproval | undefined {
  return before.find(
    ({ sessionId, forTwo, answer }) =>
      sessionId === asked.sessionId &&
      forTwo?.fingerprint === asked.fingerprint &&
      (answer?.heldUntilMs ?? 0) > asked.nowMs,
  );
}
