import type { Principal } from '@sallyport/platform/http';
import { IdentityError } from '../errors.ts';
import { parseNetworks } from './key-networks.ts';
import { parseKeySites } from './key-sites.ts';
import type { ApiKey } from './key-store.ts';
import { allActions, holdsAt, isAction } from '@sallyport/access-policy';

export type KeyRequest = {
  /** 1 to 100 printable characters, for people. */
  readonly name: string;
  /** At least one. */
  readonly scopes: readonly string[];
  /** The only source events may be sent as with this key: `a-z A-Z 0-9 . _ : / -`, at most 100. */
  readonly source?: string;
  readonly expiresAtMs?: number;
  /** The only networks it may be used from, see `parseNetworks`. */
  readonly networks?: readonly string[];
  /** The only sites it is for, see `parseKeySites`. */
  readonly sites?: readonly string[];
  /** Who asks; the new key gets nothing they do not have. */
  readonly by: Principal;
};

/** What the new key may do, after all checks. */
export type Grant = {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly source?: string;
  readonly expiresAtMs?: number;
  readonly networks?: readonly string[];
  readonly sites?: readonly string[];
};

const maxNameLength = 100;
const latestExpiryMs = 8_640_000_000_000_000;

/**
 * Checks the shape of a request and that it widens nothing. `granting` is the key of whoever asks, undefined for the
 * operator: a child never has more scopes, another source, other networks, other sites or a later end than its parent.
 * Throws `IdentityError`.
 */
export function parseGrant(request: KeyRequest, granting: ApiKey | undefined, nowMs: number): Grant {
  const expiresAtMs = request.expiresAtMs ?? granting?.expiresAtMs;
  const source = request.source ?? granting?.source;
  const networks = parseNetworks(request.networks) ?? granting?.networks;
  checkName(request.name);
  checkKnown(request.scopes);
  const sites = parseKeySites(request.sites, request.scopes) ?? granting?.sites;
  checkHeld(request, sites);
  if (source !== undefined && !/^[\w.:/-]{1,100}$/.test(source)) {
    throw new IdentityError(
      'key_source_invalid',
      `Cannot create a key for source "${shorten(source)}": must be 1 to 100 of a-z A-Z 0-9 . _ : / -`,
    );
  }
  if (
    expiresAtMs !== undefined &&
    (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= nowMs || expiresAtMs > latestExpiryMs)
  ) {
    throw new IdentityError(
      'key_expiry_invalid',
      `Cannot create a key that expires at ${expiresAtMs}: must be later than now, in milliseconds since 1970`,
    );
  }
  if (granting?.expiresAtMs !== undefined && (expiresAtMs === undefined || expiresAtMs > granting.expiresAtMs)) {
    throw widened(`expires later than key "${granting.id}"`);
  }
  if (granting?.source !== undefined && source !== granting.source) {
    throw widened(`has another source than key "${granting.id}", must be "${granting.source}"`);
  }
  if (granting?.networks !== undefined && networks?.every((one) => granting.networks?.includes(one)) !== true) {
    throw widened(`may be used from elsewhere than key "${granting.id}"`);
  }
  if (granting?.sites !== undefined && sites?.every((site) => granting.sites?.includes(site)) !== true) {
    throw widened(`is for other sites than key "${granting.id}"`);
  }
  return {
    name: request.name,
    scopes: [...new Set(request.scopes)],
    ...(source === undefined ? {} : { source }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(networks === undefined ? {} : { networks }),
    ...(sites === undefined ? {} : { sites }),
  };
}

function checkName(name: string): void {
  if (name.trim() !== '' && name.length <= maxNameLength && !/\p{C}/u.test(name)) return;
  throw new IdentityError(
    'key_name_invalid',
    `Cannot create a key named ${JSON.stringify(shorten(name))}: must be 1 to ${maxNameLength} printable characters`,
  );
}

function checkKnown(scopes: readonly string[]): void {
  const unknown = scopes.find((scope) => !isAction(scope));
  if (unknown !== undefined || scopes.length === 0) {
    throw new IdentityError(
      'scope_unknown',
      `Cannot create a key with scope "${shorten(unknown ?? '')}": must be one of ${allActions.join(', ')}`,
    );
  }
}

function checkHeld({ scopes, by }: KeyRequest, sites: readonly string[] | undefined): void {
  const missing = scopes.find((scope) => !holdsAt(by, scope, sites));
  if (missing !== undefined) throw widened(`has scope "${missing}", which ${by.kind} "${by.id}" lacks`);
}

function widened(how: string): IdentityError {
  return new IdentityError('key_grant_widened', `Cannot create a key that ${how}`);
}

function shorten(text: string): string {
  return text.length <= maxNameLength ? text : `${text.slice(0, maxNameLength)}…`;
}
