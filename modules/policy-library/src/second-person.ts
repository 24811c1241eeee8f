import { isRole, readPolicies } from '@sallyport/access-policy';
import type { PolicyFault, PolicyTexts, ReadPolicy } from '@sallyport/access-policy';
import type { Author } from './policy-document.ts';
import type { Subject } from './policy-impact.ts';

/** What may let somebody do more than before: a permit that is new or otherwise than it was, a forbid that is gone or otherwise. */
export type Opening = { readonly id: string; readonly kind: 'permit' | 'forbid'; readonly policy: ReadPolicy };

/**
 * Read from the texts and not from answers: a policy can open at one second of one day, and no list of questions finds it. `fault`: what cannot be read
 * of those before, by the product as it is today: a forbid among it cannot be seen to go, so nobody can tell what is opened.
 */
export function findOpenings(
  before: PolicyTexts,
  after: PolicyTexts,
): { readonly openings: readonly Opening[]; readonly fault: PolicyFault | undefined } {
  const read = readPolicies(before);
  const own = (policies: readonly ReadPolicy[]): readonly ReadPolicy[] => policies.filter((one) => one.own);
  const [was, is] = [own(read.policies), own(readPolicies(after).policies)];
  const gone = (one: ReadPolicy, others: readonly ReadPolicy[]): boolean =>
    !others.some(({ text }) => text === one.text);
  const openings = [
    ...is
      .filter((one) => one.effect === 'permit' && gone(one, was))
      .map((policy) => ({ kind: 'permit', policy }) as const),
    ...was
      .filter((one) => one.effect === 'forbid' && gone(one, is))
      .map((policy) => ({ kind: 'forbid', policy }) as const),
  ].map((opening) => ({ ...opening, id: opening.policy.id }));
  return { openings, fault: read.faults[0] };
}

/**
 * The openings that may be somebody's own gain: then somebody else must agree. A policy about keys or services may be everybody's, who can make one.
 * An administrator gains by no permit, having all, unless it names them: that one stays when the role is taken from them. The operator on this machine
 * gains by nothing.
 */
export function ownGain(who: Author, openings: readonly Opening[], subjects: readonly Subject[]): readonly Opening[] {
  if (who.kind === 'operator') return [];
  if (who.kind !== 'user') return openings;
  const person = subjects.find(({ kind, id }) => kind === 'user' && id === who.id);
  // Somebody who is gone gains nothing; somebody who cannot be told about may gain anything.
  if (person === undefined) return openings;
  const isAdmin = person.roles?.includes('admin') === true;
  const roles = new Set([...(person.roles ?? []), ...(person.siteRoles ?? []).map(({ role }) => role)]);
  return openings.filter(({ kind, policy }) => {
    const isTheirsAlone = JSON.stringify(policy.json).includes(JSON.stringify(who.id));
    if (kind === 'permit' && isAdmin) return isTheirsAlone;
    return isAbout(policy, who.id, roles);
  });
}

function isAbout({ json }: ReadPolicy, personId: string, roles: ReadonlySet<string>): boolean {
  const { principal } = json;
  const named = JSON.stringify(principal);
  if (principal.op === 'is') {
    if (principal.entity_type === 'Sallyport::Device') return false;
    return principal.entity_type !== 'Sallyport::User' || principal.in === undefined || namesOne(named, roles);
  }
  if (named.includes('Sallyport::User')) return named.includes(JSON.stringify(personId));
  return named.includes('Sallyport::Role') ? namesOne(named, roles) : true;
}

function namesOne(constraint: string, roles: ReadonlySet<string>): boolean {
  return [...roles].some((role) => constraint.includes(JSON.stringify(role)));
}

/** Roles of the organisation that these texts make. */
export function ownRolesIn(texts: PolicyTexts): ReadonlySet<string> {
  const made = readPolicies(texts).policies.flatMap(({ role }) =>
    role === undefined || isRole(role.id) ? [] : [role.id],
  );
  return new Set(made);
}
