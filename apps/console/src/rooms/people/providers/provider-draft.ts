import type { Answer, Request } from '../../../api/call.ts';

export type Provider = Answer<'GET /v1/providers'>['providers'][number];
export type ProviderWarning = Provider['warnings'][number]['code'];
type Body = Request<'POST /v1/providers'>['body'];

/** A provider as somebody types it: lists are lines and words. */
export type ProviderDraft = {
  readonly preset: Provider['preset'];
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly authentication: Provider['client_authentication'];
  readonly secret: string;
  readonly scopes: string;
  readonly nameClaim: string;
  readonly groupsClaim: string;
  readonly groups: readonly { readonly group: string; readonly role: string }[];
  /** `claim=value`, one a line. */
  readonly required: string;
  readonly createsPeople: boolean;
  readonly everybodyViews: boolean;
  readonly assurance: 1 | 2;
  /** `claim=value`, one a line, for two factors. */
  readonly trusted: string;
  readonly maxAgeMinutes: string;
  readonly prompt: string;
  readonly isPrivate: boolean;
  readonly authorityPem: string;
};

export function emptyDraft(preset: Provider['preset']): ProviderDraft {
  return {
    preset,
    name: '',
    issuer: '',
    clientId: '',
    authentication: 'secret',
    secret: '',
    scopes: 'openid profile email',
    nameClaim: '',
    groupsClaim: '',
    groups: [],
    required: '',
    createsPeople: true,
    everybodyViews: false,
    assurance: 1,
    trusted: preset === 'firebase' ? 'firebase.sign_in_second_factor=totp' : 'amr=mfa',
    maxAgeMinutes: '',
    prompt: '',
    isPrivate: false,
    authorityPem: '',
  };
}

export function draftOf(provider: Provider): ProviderDraft {
  return {
    preset: provider.preset,
    name: provider.name,
    issuer: provider.issuer,
    clientId: provider.client_id,
    authentication: provider.client_authentication,
    secret: '',
    scopes: provider.scopes.join(' '),
    nameClaim: provider.name_claim ?? '',
    groupsClaim: provider.groups_claim ?? '',
    groups: provider.groups.flatMap(({ group, roles }) => roles.map((role) => ({ group, role }))),
    required: linesOf(provider.required_claims),
    createsPeople: provider.creates_people,
    everybodyViews: provider.default_roles.length > 0,
    assurance: provider.assurance,
    trusted: linesOf(provider.trusted_methods.filter(({ assurance }) => assurance === 2)),
    maxAgeMinutes: provider.max_age_seconds === null ? '' : String(Math.round(provider.max_age_seconds / 60)),
    prompt: provider.prompt ?? '',
    isPrivate: provider.private_addresses,
    authorityPem: provider.authority_pem ?? '',
  };
}

/** What is sent. `kept` are trusted methods that the form does not show. */
export function bodyOf(draft: ProviderDraft, kept: Provider['trusted_methods'] = []): Omit<Body, 'kind' | 'accept'> {
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());
  const minutes = Number(draft.maxAgeMinutes);
  const prompt = (['login', 'select_account', 'consent'] as const).find((one) => one === draft.prompt);
  const groups = draft.groups.filter(({ group, role }) => group.trim() !== '' && role !== '');
  return {
    preset: draft.preset,
    name: draft.name.trim(),
    issuer: draft.issuer.trim(),
    client_id: draft.clientId.trim(),
    client_authentication: draft.authentication,
    ...(draft.secret === '' ? {} : { client_secret: draft.secret }),
    scopes: draft.scopes.split(/\s+/).filter((scope) => scope !== ''),
    name_claim: orNull(draft.nameClaim),
    groups_claim: orNull(draft.groupsClaim),
    groups: [...Map.groupBy(groups, ({ group }) => group.trim())].map(([group, all]) => ({
      group,
      roles: [...new Set(all.map(({ role }) => role))],
    })),
    required_claims: pairsOf(draft.required),
    creates_people: draft.createsPeople,
    default_roles: draft.everybodyViews ? ['viewer'] : [],
    assurance: draft.assurance,
    trusted_methods: [
      ...pairsOf(draft.trusted).map((pair) => ({ ...pair, assurance: 2 as const })),
      ...kept.filter(({ assurance }) => assurance === 3),
    ],
    max_age_seconds: draft.maxAgeMinutes.trim() === '' || !Number.isFinite(minutes) ? null : Math.round(minutes * 60),
    prompt: prompt ?? null,
    private_addresses: draft.isPrivate,
    authority_pem: orNull(draft.authorityPem),
  };
}

/** `claim=value` lines; what has no `=` is left out. The claim may have dots and slashes, the value anything. */
function pairsOf(text: string): { claim: string; value: string }[] {
  return text.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    const [claim, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    return at < 1 || claim === '' || value === '' ? [] : [{ claim, value }];
  });
}

function linesOf(pairs: readonly { readonly claim: string; readonly value: string }[]): string {
  return pairs.map(({ claim, value }) => `${claim}=${value}`).join('\n');
}
