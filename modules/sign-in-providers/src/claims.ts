import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { ClaimValue, ProviderSettings } from './provider.ts';

const maxValues = 2000;
const maxValueLength = 400;
const usualNames = ['preferred_username', 'email', 'name'] as const;

/**
 * The claim of this name; else, of a name with dots, what stands at that path (`realm_access.roles`). A name like
 * `https://example.org/groups` has dots itself: the whole name goes first.
 */
export function claimAt(claims: JsonObject, name: string): JsonValue | undefined {
  if (Object.hasOwn(claims, name)) return claims[name];
  let found: JsonValue | undefined = claims;
  for (const part of name.split('.')) {
    if (!isJsonObject(found) || !Object.hasOwn(found, part)) return undefined;
    found = found[part];
  }
  return found;
}

/** A text, or the texts of a list; booleans and numbers as they are written. Bounded; everything else is left out. */
export function claimValues(claims: JsonObject, name: string): readonly string[] {
  const found = claimAt(claims, name);
  const all: readonly unknown[] = Array.isArray(found) ? found.slice(0, maxValues) : [found];
  return all.flatMap((one) => {
    const text = typeof one === 'boolean' || typeof one === 'number' ? String(one) : one;
    return typeof text === 'string' && text.length <= maxValueLength ? [text] : [];
  });
}

function hasClaim(claims: JsonObject, { claim, value }: ClaimValue): boolean {
  return claimValues(claims, claim).includes(value);
}

/** The first of the wanted claims that the account does not have. */
export function missingClaim(claims: JsonObject, settings: ProviderSettings): ClaimValue | undefined {
  return settings.requiredClaims.find((wanted) => !hasClaim(claims, wanted));
}

/** What to call somebody; undefined when the provider gives no name. An address that it has not verified is no name. */
export function nameOf(claims: JsonObject, settings: Pick<ProviderSettings, 'nameClaim'>): string | undefined {
  const names = settings.nameClaim === undefined ? usualNames : [settings.nameClaim];
  for (const name of names) {
    if (name === 'email' && claims['email_verified'] === false) continue;
    const [text = ''] = claimValues(claims, name);
    if (text.trim() !== '') return text.trim();
  }
  return undefined;
}

/** The texts of the groups claim. Too many to be told (Microsoft's overage) are none. */
export function groupsOf(claims: JsonObject, settings: Pick<ProviderSettings, 'groupsClaim'>): readonly string[] {
  return settings.groupsClaim === undefined ? [] : [...new Set(claimValues(claims, settings.groupsClaim))];
}

/** Roles by exact group, none by its looks: a group called "admin" is no administrator unless somebody mapped it. */
export function rolesOf(groups: readonly string[], settings: ProviderSettings): readonly string[] {
  const held = new Set(groups);
  const mapped = settings.groups.filter(({ group }) => held.has(group)).flatMap(({ roles }) => roles);
  return [...new Set<string>([...settings.defaultRoles, ...mapped])];
}

/** What its word is worth for this account: its bare word, or more for a method it names that the settings trust. */
export function assuranceOf(claims: JsonObject, settings: ProviderSettings): 1 | 2 | 3 {
  const levels = settings.trustedMethods.filter((method) => hasClaim(claims, method)).map(({ assurance }) => assurance);
  const best = Math.max(settings.assurance, ...levels);
  return best >= 3 ? 3 : best === 2 ? 2 : 1;
}
