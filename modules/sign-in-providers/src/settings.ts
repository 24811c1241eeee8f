import type { AccessPolicy } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import { X509Certificate } from 'node:crypto';
import { ProviderError } from './errors.ts';
import type { FirebasePlace } from './firebase/firebase-tokens.ts';
import { parseProviderUrl } from './outgoing/provider-address.ts';
import { providerLimits, type ProviderSettings } from './provider.ts';

/** What somebody must say they mean before it counts. */
export const providerWarnings = [
  'maps_administrators',
  'trusts_bare_word',
  'reaches_private_addresses',
  'open_to_all',
] as const;
export type ProviderWarning = (typeof providerWarnings)[number];

export const warningWords: Readonly<Record<ProviderWarning, string>> = {
  maps_administrators:
    'Whoever can put people into that group at the provider makes administrators of this server, and can change this very mapping.',
  trusts_bare_word:
    'Its word alone counts as two factors, whatever the provider asked for: whoever takes over an account there needs nothing else here.',
  reaches_private_addresses:
    'This server will ask addresses of your own network for this provider, also where the provider’s own metadata sends it.',
  open_to_all: 'Anybody who can make themselves an account there gets one here.',
};

/** Issuers where the whole world has accounts. */
const publicIssuers = new Set([
  'https://accounts.google.com',
  'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
]);
const multiTenant = /^https:\/\/login\.microsoftonline\.com\/(common|organizations|consumers)\//;
const projectId = /^[a-z][a-z0-9-]{3,29}$/;
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;

/** Sound settings, as they are kept. Throws `provider_invalid`, `provider_role_widened`. */
export function checkSettings(
  given: ProviderSettings,
  needs: {
    readonly by: Principal;
    readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'>;
    readonly firebase: FirebasePlace;
  },
): ProviderSettings {
  const name = given.name.normalize('NFC').trim();
  if (name === '' || name.length > 60 || unprintable.test(name))
    throw refused('name', 'must be 1 to 60 printable characters');
  if (given.clientId.trim() === '' || unprintable.test(given.clientId)) throw refused('client id', 'must be printable');
  checkAuthority(given.authorityPem);
  checkRoles(given, needs);
  const lists = [given.groups, given.requiredClaims, given.trustedMethods];
  if (lists.flat().some((one) => Object.values(one).includes(''))) throw refused('mapping', 'must have no empty text');
  if (given.kind === 'firebase') {
    if (!projectId.test(given.clientId)) throw refused('project', 'must be the id of a Firebase project');
    return { ...given, name, issuer: `${needs.firebase.issuerBase}/${given.clientId}`, scopes: [] };
  }
  const issuer = given.issuer.trim();
  const url = parseProviderUrl(issuer, 'issuer', given);
  if (url.search !== '') throw refused('issuer', 'must be without query');
  if (multiTenant.test(issuer))
    throw refused(
      'issuer',
      'must be that of one tenant, with its id in place of "common": the others vouch for anybody',
    );
  if (issuer.includes('/.well-known/')) throw refused('issuer', 'must be without /.well-known/…');
  return { ...given, name, issuer };
}

/** What these settings would allow that whoever makes them should have read. */
export function warningsOf(
  settings: ProviderSettings,
  policy: Pick<AccessPolicy, 'permissionsOf'>,
): readonly ProviderWarning[] {
  const mapped = settings.groups.flatMap(({ roles }) => roles);
  const asked = { kind: 'user', id: 'somebody', name: '', scopes: [], assurance: 3 } as const;
  const actions: readonly string[] = policy.permissionsOf({ ...asked, roles: mapped });
  const isOpen = settings.kind === 'firebase' || publicIssuers.has(settings.issuer);
  return [
    ...(actions.includes('users:manage') || actions.includes('settings:manage')
      ? (['maps_administrators'] as const)
      : []),
    ...(settings.assurance === 2 ? (['trusts_bare_word'] as const) : []),
    ...(settings.allowsPrivateAddresses ? (['reaches_private_addresses'] as const) : []),
    ...(isOpen && settings.createsPeople && settings.requiredClaims.length === 0 ? (['open_to_all'] as const) : []),
  ];
}

/** Throws `provider_unaccepted` for a warning that was not there before and that nobody said they mean. */
export function requireAccepted(warnings: readonly ProviderWarning[], accepted: readonly ProviderWarning[]): void {
  const open = warnings.filter((warning) => !accepted.includes(warning));
  if (open.length === 0) return;
  throw new ProviderError('provider_unaccepted', 'Cannot save the provider: there are warnings to accept', {
    details: { warnings: open.map((code) => ({ code, words: warningWords[code] })) },
    hint: `send them in "accept": ${open.join(', ')}`,
  });
}

/** Known roles, none of which may do what `by` may not: a mapping hands roles out. */
function checkRoles(
  { groups }: ProviderSettings,
  { by, policy }: { readonly by: Principal; readonly policy: Pick<AccessPolicy, 'permissionsOf' | 'roles'> },
): void {
  const known = new Set<string>(policy.roles().map(({ id }) => id));
  const roles = [...new Set(groups.flatMap((mapping) => mapping.roles))];
  const unknown = roles.find((role) => !known.has(role));
  if (unknown !== undefined) throw refused('mapping', `must name roles there are, and not "${unknown.slice(0, 60)}"`);
  const own = policy.permissionsOf(by);
  const asked = { kind: 'user', id: 'somebody', name: '', scopes: [], assurance: 3 } as const;
  const missing = policy.permissionsOf({ ...asked, roles }).find((action) => !own.includes(action));
  if (missing === undefined) return;
  throw new ProviderError(
    'provider_role_widened',
    `Cannot map a group to roles ${roles.join(', ')}: ${by.kind} "${by.id}" must itself be allowed "${missing}"`,
  );
}

function checkAuthority(pem: string | undefined): void {
  if (pem === undefined) return;
  try {
    if (new X509Certificate(pem).ca) return;
  } catch {
    // Said below.
  }
  throw refused('authority', 'must be one certificate of an authority, in PEM');
}

function refused(what: string, why: string): ProviderError {
  return new ProviderError('provider_invalid', `Cannot use this ${what}: ${why}`);
}

/** For the HTTP schema. */
export const settingsLimits = { ...providerLimits, text: 400, pem: 10_000 } as const;
