import type { AccessPolicy } from '@sallyport/access-policy';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Principal, SiteRole } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';

const maxSiteLength = 60;

/**
 * Known roles, each once at a site, none of which may do anything there that `by` may not. Sites are names, compared character by
 * character, as they stand on cameras and devices. Throws `role_unknown`, `role_site_invalid`, `role_grant_widened`.
 */
export function parseSiteRoles(given: readonly SiteRole[], by: Principal, policy: AccessPolicy): SiteRole[] {
  const known = new Set<string>(policy.roles().map(({ id }) => id));
  const parsed = new Map<string, SiteRole>();
  for (const { role, site: text } of given) {
    const site = text.toWellFormed().normalize('NFC').trim();
    if (!known.has(role))
      throw new IdentityError(
        'role_unknown',
        `Cannot give role "${role.slice(0, 100)}": must be one of ${[...known].join(', ')}`,
      );
    if (site === '' || site.length > maxSiteLength || /[\p{C}\p{Zl}\p{Zp}]/u.test(site))
      throw new IdentityError(
        'role_site_invalid',
        `Cannot give a role at site ${JSON.stringify(site.slice(0, maxSiteLength))}: must be 1 to ${maxSiteLength} printable characters`,
      );
    parsed.set(JSON.stringify([site, role]), { role, site });
  }
  const siteRoles = [...parsed.values()];
  const somebody: Principal = { kind: 'user', id: 'somebody', name: '', scopes: [], assurance: 3, siteRoles };
  for (const site of new Set(siteRoles.map((held) => held.site))) {
    const own = policy.permissionsOf(by, { site });
    const missing = policy.permissionsOf(somebody, { site }).find((action) => !own.includes(action));
    if (missing !== undefined)
      throw new IdentityError(
        'role_grant_widened',
        `Cannot give a role at "${site}": ${by.kind} "${by.id}" must itself be allowed "${missing}" there`,
      );
  }
  return siteRoles;
}

export function formatSiteRoles(siteRoles: readonly SiteRole[]): string | null {
  return siteRoles.length === 0 ? null : JSON.stringify(siteRoles.map(({ role, site }) => ({ role, site })));
}

/** Of what is stored; what cannot be read gives nobody a right. */
export function readSiteRoles(stored: string | null): SiteRole[] {
  const value = stored === null ? [] : parseJson(stored);
  if (!Array.isArray(value)) return [];
  return value.flatMap((one) => {
    const { role, site } = isJsonObject(one) ? one : {};
    return typeof role === 'string' && typeof site === 'string' ? [{ role, site }] : [];
  });
}
