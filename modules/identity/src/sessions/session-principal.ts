import { heldRights } from '@sallyport/access-policy';
import type { GrantedRole, Principal } from '@sallyport/platform/http';
import type { PeopleNeeds } from '../needs.ts';
import { effectiveRolesOf, type User } from '../people/user-store.ts';
import type { Session } from './session-store.ts';

/** Who a session stands for now: with the roles somebody holds, and those they hold for a time with this session alone. */
export function createPrincipalOf(
  needs: Pick<PeopleNeeds, 'policy' | 'temporaryRoles' | 'clock'>,
): (
  user: User,
  session: Pick<Session, 'id' | 'authenticatedAtMs' | 'assurance' | 'methods' | 'browserKey' | 'provider'>,
) => Principal {
  const { policy, temporaryRoles, clock } = needs;
  return (user, session) => {
    const { browserKey, methods, assurance } = session;
    const of = { userId: user.id, sessionId: session.id, ...(browserKey === undefined ? {} : { browserKey }) };
    const granted = temporaryRoles?.(of) ?? [];
    const isWhole = ({ site, actions }: TemporaryRole): boolean => site === undefined && actions === undefined;
    const parts = granted.filter((one) => !isWhole(one));
    const principal: Principal = {
      kind: 'user',
      id: user.id,
      name: user.name,
      scopes: [],
      roles: [...new Set([...effectiveRolesOf(user), ...granted.filter(isWhole).map(({ role }) => role)])],
      ...(user.siteRoles === undefined ? {} : { siteRoles: user.siteRoles }),
      ...(parts.length === 0 ? {} : { grantedRoles: parts.map(partOf) }),
      ...(granted.length === 0 ? {} : { grantIds: granted.map(({ grantId }) => grantId) }),
      sessionId: session.id,
      authenticatedAtMs: granted.some(({ isProof }) => isProof === true) ? clock.nowMs() : session.authenticatedAtMs,
      assurance,
      methods,
      ...(assurance === 1 && methods.includes('code') ? { weakFactor: true as const } : {}),
      ...(browserKey === undefined ? {} : { browserKey }),
      ...(session.provider === undefined ? {} : { provider: session.provider.id }),
      // They may look after their own account, and nothing else before that is done.
      ...(user.passwordRefusedAtMs === undefined ? {} : { limitedTo: ['sessions:own'] }),
    };
    return atBest(principal, policy);
  };
}

/** With what they may at some hour and from somewhere; the edge tells handlers what of it holds at the moment of a request. */
export function atBest(principal: Principal, policy: PeopleNeeds['policy']): Principal {
  return { ...principal, scopes: heldRights(policy, principal), ...siteScopesOf(principal, policy) };
}

type TemporaryRole = ReturnType<Required<PeopleNeeds>['temporaryRoles']>[number];

function partOf({ role, site, actions }: TemporaryRole): GrantedRole {
  return { role, ...(site === undefined ? {} : { site }), ...(actions === undefined ? {} : { actions }) };
}

/** What they may do at the sites where they hold a role, for now too. */
function siteScopesOf(principal: Principal, policy: PeopleNeeds['policy']): Pick<Principal, 'siteScopes'> {
  const { siteRoles = [], grantedRoles = [] } = principal;
  const sites = [...new Set([...siteRoles, ...grantedRoles].flatMap(({ site }) => site ?? []))];
  if (sites.length === 0) return {};
  return { siteScopes: sites.map((site) => ({ site, scopes: heldRights(policy, principal, { site }) })) };
}
