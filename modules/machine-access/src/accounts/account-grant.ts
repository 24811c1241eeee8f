import { allActions, holdsAt, isAction, readSiteName, siteActions } from '@sallyport/access-policy';
import type { HeldScopes } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import { MachineAccessError } from '../errors.ts';

const maxNameLength = 100;
const maxDescriptionLength = 500;
const latestExpiryMs = 8_640_000_000_000_000;

/** Throws `service_invalid`. */
export function checkWords(words: {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}): void {
  const { name, description } = words;
  if (name !== undefined && (name.trim() === '' || name.length > maxNameLength || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)))
    throw new MachineAccessError(
      'service_invalid',
      `Cannot use ${JSON.stringify(name.slice(0, maxNameLength))} as a name: must be 1 to ${maxNameLength} printable characters`,
    );
  if (description !== undefined && (description.length > maxDescriptionLength || /[^\P{C}\n]/u.test(description)))
    throw new MachineAccessError(
      'service_invalid',
      `Cannot use this description: must be at most ${maxDescriptionLength} printable characters`,
    );
}

/** Throws `service_invalid`. */
export function checkExpiry(expiresAtMs: number | undefined, nowMs: number): void {
  if (expiresAtMs === undefined) return;
  if (Number.isSafeInteger(expiresAtMs) && expiresAtMs > nowMs && expiresAtMs <= latestExpiryMs) return;
  throw new MachineAccessError(
    'service_invalid',
    `Cannot use ${expiresAtMs} as an end: must be later than now, in milliseconds since 1970`,
  );
}

/** Names of sites, as they stand on cameras and devices; each once. Throws `service_invalid`. */
export function parseSites(sites: readonly string[] | undefined): readonly string[] | undefined {
  if (sites?.length === 0)
    throw new MachineAccessError('service_invalid', 'Cannot use no site at all: must be the name of one');
  const names = sites?.map((text) => {
    const site = readSiteName(text);
    if (site !== undefined) return site;
    throw new MachineAccessError(
      'service_invalid',
      `Cannot use ${JSON.stringify(text.slice(0, 60))} as a site: must be 1 to 60 printable characters`,
    );
  });
  return names === undefined ? undefined : [...new Set(names)];
}

/**
 * That whoever makes or wakes an account has all it may do, and so has the person who answers for it. A service and a key make
 * none: an account outlives both. Throws `service_scope_unknown`, `service_grant_widened`, `service_owner_unfit`.
 */
export function checkGrant(grant: {
  readonly scopes: readonly string[];
  readonly sites: readonly string[] | undefined;
  readonly by: Principal;
  /** Of the owner by now; undefined when they may not come in. */
  readonly ownerMay: HeldScopes | undefined;
}): void {
  const { scopes, sites, by, ownerMay } = grant;
  const unknown = scopes.find((scope) => !isAction(scope));
  if (unknown !== undefined || scopes.length === 0)
    throw new MachineAccessError(
      'service_scope_unknown',
      `Cannot give scope "${(unknown ?? '').slice(0, 100)}": must be one of ${allActions.join(', ')}`,
    );
  if (by.kind !== 'user' && by.kind !== 'operator')
    throw new MachineAccessError(
      'service_grant_widened',
      `Cannot let ${by.kind} "${by.id}" give a service account its rights: must be a person`,
    );
  // Its secret would outlast what they hold for now, whoever answers for the account.
  if ((by.grantIds ?? []).length > 0)
    throw new MachineAccessError(
      'service_grant_widened',
      'Cannot give lasting rights with what you hold for a time: must be by a role of your own',
      { hint: 'give the right back, or ask somebody whose role it is' },
    );
  const whole = sites === undefined ? undefined : scopes.find((scope) => !siteActions.some((one) => one === scope));
  if (whole !== undefined)
    throw new MachineAccessError(
      'service_invalid',
      `Cannot give scope "${whole}" at some sites: it is about none, must be one of ${siteActions.join(', ')}`,
    );
  const missing = scopes.find((scope) => !holdsAt(by, scope, sites));
  if (missing !== undefined)
    throw new MachineAccessError(
      'service_grant_widened',
      `Cannot give scope "${missing}": ${by.kind} "${by.name}" must have it`,
    );
  if (by.sites !== undefined && (sites === undefined || sites.some((site) => by.sites?.includes(site) !== true)))
    throw new MachineAccessError('service_grant_widened', 'Cannot give rights at more sites than one’s own');
  if (ownerMay === undefined)
    throw new MachineAccessError('service_owner_unfit', 'Cannot use this owner: must be a person who may sign in');
  const lacked = scopes.find((scope) => !holdsAt(ownerMay, scope, sites));
  if (lacked !== undefined)
    throw new MachineAccessError(
      'service_owner_unfit',
      `Cannot use this owner: must themselves be allowed "${lacked}" to answer for it`,
    );
}
