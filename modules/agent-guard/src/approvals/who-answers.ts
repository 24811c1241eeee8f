import type { Principal } from '@sallyport/platform/http';
import { AgentGuardError } from '../errors.ts';
import { isSameOwner } from '../sessions/agent.ts';
import type { Owner } from '../sessions/agent.ts';
import type { Approval } from './approval.ts';

/**
 * Whose agent it is, who answers for the service account it runs as, and who may answer for all; people alone, and never what acts in an
 * agent's name. `owners`: of `ownersFor`, asked now.
 */
export function mayAnswer(by: Principal, { owner }: Pick<Approval, 'owner'>, owners: readonly Owner[]): boolean {
  if (by.kind !== 'user') return false;
  return by.scopes.includes('agents:approve') || owners.some((one) => isSameOwner(one, owner));
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
