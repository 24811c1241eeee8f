import type { Principal } from '@sallyport/platform/http';
import { AgentGuardError } from '../errors.ts';
import { isSameOwner } from '../sessions/agent.ts';
import type { Owner } from '../sessions/agent.ts';
import type { AnsweredApproval, Approval } from './approval.ts';

/**
 * Whose agent it is, who answers for the service account it runs as, and who may answer for all; people alone, and never what acts in an
 * agent's name. `owners`: of `ownersFor`, asked now.
 */
export function mayAnswer(by: Principal, { owner }: Pick<Approval, 'owner'>, owners: readonly Owner[]): boolean {
  if (by.kind !== 'user') return false;
  return by.scopes.includes('agents:approve') || owners.some((one) => isSameOwner(one, owner));
}

/** Throws `agent_approval_person_needed`. */
export function requirePerson({ kind, name }: Principal): void {
  if (kind === 'user') return;
  throw new AgentGuardError('agent_approval_person_needed', `Cannot let ${kind} "${name}" answer: a person must`);
}

/** The question, where they may answer it. To who could not see it either, another's is as one that was never asked. */
export function requireSeen(
  id: string,
  {
    by,
    known,
    owners,
  }: { readonly by: Principal; readonly known: AnsweredApproval | undefined; readonly owners: readonly Owner[] },
): AnsweredApproval {
  if (known !== undefined && mayAnswer(by, known, owners)) return known;
  if (known !== undefined && by.scopes.includes('agents:read'))
    throw new AgentGuardError(
      'agent_approval_not_yours',
      'Cannot answer: the agent is somebody else’s, and answering for others must be allowed ("agents:approve")',
    );
  throw new AgentGuardError(
    'agent_approval_not_found',
    `Cannot find question "${id}": must be one that you may answer`,
  );
}

/**
 * What acts with a token of the person, such as the command line, may be started by the agent, which works on the same machine: it says
 * yes only where the person signed in for it after they were asked.
 */
export function requireOwnHand({ tokenId, authenticatedAtMs = 0 }: Principal, { askedAtMs }: Approval): void {
  if (tokenId === undefined || authenticatedAtMs > askedAtMs) return;
  throw new AgentGuardError(
    'agent_approval_proof_old',
    'Cannot say yes with this sign-in: it is from before the question, and the agent could have used it',
    { hint: 'answer in the console, or sign in anew and answer then: sallyport login' },
  );
}
