import { readSiteName, siteActions } from '@sallyport/access-policy';
import { IdentityError } from '../errors.ts';

const maxSites = 100;

/**
 * Names of sites, as they stand on cameras and devices. Nothing that is about no site can be asked for with a key for some sites, so
 * what it may do are actions that know sites. Throws `key_sites_invalid`.
 */
export function parseKeySites(
  sites: readonly string[] | undefined,
  scopes: readonly string[],
): readonly string[] | undefined {
  if (sites === undefined) return undefined;
  if (sites.length === 0 || sites.length > maxSites) throw invalid(`there must be 1 to ${maxSites} sites`);
  const names = sites.map((text) => {
    const site = readSiteName(text);
    if (site !== undefined) return site;
    throw invalid(`${JSON.stringify(text.slice(0, 60))} must be 1 to 60 printable characters`);
  });
  const whole = scopes.find((scope) => !siteActions.some((action) => action === scope));
  if (whole !== undefined)
    throw invalid(`"${whole.slice(0, 100)}" is about no site, must be one of ${siteActions.join(', ')}`);
  return [...new Set(names)];
}

function invalid(why: string): IdentityError {
  return new IdentityError('key_sites_invalid', `Cannot make a key for these sites: ${why}`);
}
