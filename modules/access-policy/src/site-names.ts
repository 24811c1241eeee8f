import { parseJson } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';

const maxLength = 60;

/** As it stands on cameras and devices: 1 to 60 printable characters, compared one by one. Undefined for what is no name of a site. */
export function readSiteName(text: string): string | undefined {
  const site = text.toWellFormed().normalize('NFC').trim();
  return site === '' || site.length > maxLength || /[\p{C}\p{Zl}\p{Zp}]/u.test(site) ? undefined : site;
}

/** How a list of sites is kept; null: everywhere. */
export function formatSites(sites: readonly string[] | null | undefined): string | null {
  return sites === undefined || sites === null ? null : JSON.stringify(sites);
}

/** Of what `formatSites` made: what cannot be read is no site at all, and never every one. */
export function readSites(stored: string): readonly string[] {
  try {
    const value = parseJson(stored);
    return Array.isArray(value) ? value.filter((site) => typeof site === 'string') : [];
  } catch {
    return [];
  }
}

/** What somebody may do everywhere, and at single sites. */
export type HeldScopes = Pick<Principal, 'scopes' | 'siteScopes'>;

/** Whether they may do it at each of these sites; without sites: everywhere. */
export function holdsAt(
  { scopes, siteScopes = [] }: HeldScopes,
  action: string,
  sites: readonly string[] | undefined,
): boolean {
  if (scopes.includes(action)) return true;
  if (sites === undefined || sites.length === 0) return false;
  return sites.every((site) => siteScopes.some((held) => held.site === site && held.scopes.includes(action)));
}
