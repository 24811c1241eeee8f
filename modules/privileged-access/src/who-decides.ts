import { heldRights } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import type { AllowedNow, Holder, PrivilegeNeeds } from './needs.ts';
import { dangerousActions, separationInForce } from './privilege-settings.ts';
import type { PrivilegeSettings, RoleRule } from './privilege-settings.ts';
import { grantedRoleOf, isWhole } from './request.ts';
import type { Part, PrivilegeRequest } from './request.ts';
import { violationsOf } from './separation.ts';
import type { SeparationViolation } from './separation.ts';

/** What a role would bring somebody, and what stands against it. */
export type RoleForSomebody = {
  readonly role: string;
  readonly rule: RoleRule;
  readonly adds: readonly string[];
  readonly dangerous: readonly string[];
  /** People who must approve. */
  readonly needed: number;
  readonly violations: readonly SeparationViolation[];
};

/** Questions about roles, people and rules: pure, for what is handed in. */
export type WhoDecides = {
  actionsOf(roles: readonly string[]): readonly string[];
  /** What somebody may do with their own roles and these parts. */
  allowedTo(person: Pick<Holder, 'roles' | 'siteRoles'>, parts: readonly Part[]): AllowedNow;
  dangerousOf(role: string): readonly string[];
  ruleOf(settings: PrivilegeSettings, role: string): RoleRule | undefined;
  /** By a role of their own; for a right at a site, by one held there too. */
  mayAsk(rule: RoleRule | undefined, person: Holder, site: string | undefined): boolean;
  /** By a role of their own, and never about their own request. */
  mayDecide(
    settings: PrivilegeSettings,
    request: Pick<PrivilegeRequest, 'role' | 'requesterId' | 'kind'>,
    person: Holder,
  ): boolean;
  /** `heldNow` are the roles of what they hold for a time besides: nobody may hold together what is held for now, either. */
  bring(
    settings: PrivilegeSettings,
    person: Holder,
    rule: RoleRule,
    part: Omit<Part, 'role'> & { readonly heldNow: readonly string[] },
  ): RoleForSomebody;
  violations(settings: PrivilegeSettings, roles: readonly string[]): readonly SeparationViolation[];
};

export function createWhoDecides({ policy, separation }: Pick<PrivilegeNeeds, 'policy' | 'separation'>): WhoDecides {
  // As signed in with a passkey: what a role is good for at best.
  const actionsOf = (roles: readonly string[]): readonly string[] =>
    policy.permissionsOf({ kind: 'user', id: 'somebody', name: '', scopes: [], roles, assurance: 3 });
  const principalOf = (
    { roles, siteRoles = [] }: Pick<Holder, 'roles' | 'siteRoles'>,
    parts: readonly Part[],
  ): Principal => ({
    kind: 'user',
    id: 'somebody',
    name: '',
    scopes: [],
    roles: [...new Set([...roles, ...parts.filter(isWhole).map(({ role }) => role)])],
    siteRoles,
    grantedRoles: parts.filter((part) => !isWhole(part)).map(grantedRoleOf),
    assurance: 3,
  });
  const actionsOfRole = (role: string): readonly string[] => actionsOf([role]);
  const dangerousOf = (role: string): readonly string[] =>
    actionsOfRole(role).filter((action) => dangerousActions.includes(action));
  const violations = (settings: PrivilegeSettings, roles: readonly string[]): readonly SeparationViolation[] =>
    roles.length < 2 ? [] : violationsOf(separationInForce(settings, separation), roles, actionsOfRole);

  return {
    actionsOf,
    dangerousOf,
    ruleOf: (settings, role) => settings.roles.find((rule) => rule.role === role),
    allowedTo(person, parts) {
      const principal = principalOf(person, parts);
      const { siteRoles = [], grantedRoles = [] } = principal;
      const sites = [...new Set([...siteRoles, ...grantedRoles].flatMap(({ site }) => site ?? []))];
      return {
        allowed: heldRights(policy, principal),
        siteScopes: sites.map((site) => ({ site, scopes: heldRights(policy, principal, { site }) })),
      };
    },
    mayAsk(rule, { roles, siteRoles = [], isActive }, site) {
      const there = siteRoles.filter((held) => held.site === site).map(({ role }) => role);
      return rule !== undefined && isActive && shares(rule.requestableBy, [...roles, ...there]);
    },
    mayDecide(settings, request, person) {
      if (!person.isActive || person.id === request.requesterId) return false;
      // The account of a break-glass is nobody's own: whoever administers looks at what was done with it.
      if (request.kind === 'break-glass') return person.roles.includes('admin');
      const rule = settings.roles.find(({ role }) => role === request.role);
      return rule !== undefined && shares(rule.approvers, person.roles);
    },
    bring(settings, person, rule, { site, actions, heldNow }) {
      const where = site === undefined ? {} : { site };
      const own = policy.permissionsOf(principalOf(person, []), where);
      const part = { role: rule.role, site, actions };
      const adds = policy.permissionsOf(principalOf(person, [part]), where).filter((action) => !own.includes(action));
      const dangerous = adds.filter((action) => dangerousActions.includes(action));
      return {
        role: rule.role,
        rule,
        adds,
        dangerous,
        needed: dangerous.length > 0 ? 2 : rule.approvals,
        violations: violations(settings, [...rolesAnywhereOf(person), ...heldNow, rule.role]),
      };
    },
    violations,
  };
}

export function rolesAnywhereOf({ roles, rolesAnywhere = [] }: Holder): readonly string[] {
  return [...roles, ...rolesAnywhere];
}

function shares(one: readonly string[], other: readonly string[]): boolean {
  return one.some((role) => other.includes(role));
}
