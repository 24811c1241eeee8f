import { Type, type Static } from 'typebox';
import { isInTrouble } from './provider-checks.ts';
import { providerPresets, type Provider, type ProviderSettings } from './provider.ts';
import { redirectUriOf } from './sign-in-flow.ts';
import { providerWarnings, settingsLimits as limits } from './settings.ts';

const Time = Type.String({ format: 'date-time' });
const Text = Type.String({ minLength: 1, maxLength: limits.text });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false } as const;

const ClaimValue = { claim: Text, value: Text };
const settings = {
  name: Type.String({ minLength: 1, maxLength: 60, description: 'On the button' }),
  preset: Type.Enum([...providerPresets]),
  enabled: Type.Boolean({ description: 'Offered on the sign-in page' }),
  issuer: Type.String({
    maxLength: 500,
    description: 'As the provider writes it, to the last slash; empty for Firebase',
  }),
  client_id: Type.String({ minLength: 1, maxLength: 500, description: 'Of Firebase: the id of the project' }),
  client_authentication: Type.Enum(['secret', 'private-key']),
  scopes: Type.Array(Type.String({ pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,200}$' }), { maxItems: limits.scopes }),
  name_claim: orNull(Text),
  groups_claim: orNull(Text),
  groups: Type.Array(Type.Object({ group: Text, roles: Type.Array(Text, { minItems: 1, maxItems: 20 }) }, closed), {
    maxItems: limits.groups,
    description: 'Exact values of the groups claim, and the roles they give',
  }),
  required_claims: Type.Array(Type.Object(ClaimValue, closed), { maxItems: limits.requiredClaims }),
  creates_people: Type.Boolean({ description: 'Whoever has no account here gets one' }),
  default_roles: Type.Array(Type.Literal('viewer'), { maxItems: 1 }),
  assurance: Type.Union([Type.Literal(1), Type.Literal(2)], {
    description: 'What its bare word counts for, in factors',
  }),
  trusted_methods: Type.Array(
    Type.Object({ ...ClaimValue, assurance: Type.Union([Type.Literal(2), Type.Literal(3)]) }, closed),
    { maxItems: limits.trustedMethods, description: 'Values of `amr`, `acr` or another claim that count for more' },
  ),
  max_age_seconds: orNull(Type.Integer({ minimum: 0, maximum: 30 * 86_400 })),
  acr_values: orNull(Text),
  prompt: orNull(Type.Enum(['login', 'select_account', 'consent'])),
  private_addresses: Type.Boolean({ description: 'It may be in a private network or on this machine' }),
  authority_pem: orNull(Type.String({ minLength: 1, maxLength: limits.pem })),
};

const Accept = Type.Optional(Type.Array(Type.Enum([...providerWarnings]), { maxItems: providerWarnings.length }));
const Secret = Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'Never shown again' }));

/** Each of them may be left out. */
const { properties: optional } = Type.Partial(Type.Object(settings));

export const MadeBody = Type.Object(
  {
    ...optional,
    kind: Type.Enum(['oidc', 'firebase']),
    name: settings.name,
    client_id: settings.client_id,
    client_secret: Secret,
    accept: Accept,
  },
  closed,
);
export const ChangedBody = Type.Object({ ...optional, client_secret: Secret, accept: Accept }, closed);

export const Shown = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['oidc', 'firebase']),
  ...settings,
  has_secret: Type.Boolean(),
  keys: Type.Array(Type.Object({ id: Type.String(), created_at: Time })),
  created_at: Time,
  redirect_uri: Type.String({ description: 'To be registered at the provider, exactly' }),
  logout_uri: Type.String({ description: 'For OpenID Connect Back-Channel Logout' }),
  jwks_uri: Type.String({ description: 'Where the provider finds our key' }),
  warnings: Type.Array(Type.Object({ code: Type.Enum([...providerWarnings]), words: Type.String() })),
  in_trouble: Type.Boolean(),
  last_success_at: orNull(Time),
  last_failure_at: orNull(Time),
  last_failure: orNull(Type.String()),
});

type Asked = Partial<Omit<Static<typeof ChangedBody>, 'client_secret' | 'accept'>>;

/** Null says that there is none; what is not named stays as it is. */
export function settingsOf(asked: Asked): Partial<ProviderSettings> {
  const given = {
    name: asked.name,
    preset: asked.preset,
    isEnabled: asked.enabled,
    issuer: asked.issuer,
    clientId: asked.client_id,
    clientAuthentication: asked.client_authentication,
    scopes: asked.scopes,
    groups: asked.groups,
    requiredClaims: asked.required_claims,
    createsPeople: asked.creates_people,
    defaultRoles: asked.default_roles,
    assurance: asked.assurance,
    trustedMethods: asked.trusted_methods,
    allowsPrivateAddresses: asked.private_addresses,
  };
  const clearable = {
    nameClaim: asked.name_claim,
    groupsClaim: asked.groups_claim,
    maxAgeSeconds: asked.max_age_seconds,
    acrValues: asked.acr_values,
    prompt: asked.prompt,
    authorityPem: asked.authority_pem,
  };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...Object.fromEntries(
      Object.entries(clearable).flatMap(([name, value]) => (value === undefined ? [] : [[name, value ?? undefined]])),
    ),
  };
}

/** What somebody who names nothing else gets: nobody is made, nothing is trusted, nobody is asked yet. */
export function freshSettings(kind: ProviderSettings['kind']): ProviderSettings {
  return {
    kind,
    preset: kind === 'firebase' ? 'firebase' : 'generic',
    name: '',
    isEnabled: false,
    issuer: '',
    clientId: '',
    clientAuthentication: 'secret',
    scopes: kind === 'firebase' ? [] : ['openid', 'profile', 'email'],
    nameClaim: undefined,
    groupsClaim: undefined,
    groups: [],
    requiredClaims: [],
    createsPeople: false,
    defaultRoles: [],
    assurance: 1,
    trustedMethods: [],
    maxAgeSeconds: undefined,
    acrValues: undefined,
    prompt: undefined,
    allowsPrivateAddresses: false,
    authorityPem: undefined,
  };
}

export function shown(
  { id, settings: own, hasSecret, keys, createdAtMs, standing }: Provider,
  origin: string,
  warnings: Static<typeof Shown>['warnings'],
): Static<typeof Shown> {
  const time = (atMs: number | undefined): string | null => (atMs === undefined ? null : new Date(atMs).toISOString());
  return {
    id,
    kind: own.kind,
    name: own.name,
    preset: own.preset,
    enabled: own.isEnabled,
    issuer: own.issuer,
    client_id: own.clientId,
    client_authentication: own.clientAuthentication,
    scopes: [...own.scopes],
    name_claim: own.nameClaim ?? null,
    groups_claim: own.groupsClaim ?? null,
    groups: own.groups.map(({ group, roles }) => ({ group, roles: [...roles] })),
    required_claims: own.requiredClaims.map((one) => ({ ...one })),
    creates_people: own.createsPeople,
    default_roles: [...own.defaultRoles],
    assurance: own.assurance,
    trusted_methods: own.trustedMethods.map((one) => ({ ...one })),
    max_age_seconds: own.maxAgeSeconds ?? null,
    acr_values: own.acrValues ?? null,
    prompt: own.prompt ?? null,
    private_addresses: own.allowsPrivateAddresses,
    authority_pem: own.authorityPem ?? null,
    has_secret: hasSecret,
    keys: keys.map((key) => ({ id: key.id, created_at: new Date(key.createdAtMs).toISOString() })),
    created_at: new Date(createdAtMs).toISOString(),
    redirect_uri: redirectUriOf(origin, id),
    logout_uri: `${origin}/v1/providers/${id}/logout`,
    jwks_uri: `${origin}/v1/providers/${id}/jwks`,
    warnings,
    in_trouble: isInTrouble({ standing }),
    last_success_at: time(standing.lastSuccessAtMs),
    last_failure_at: time(standing.lastFailureAtMs),
    last_failure: standing.lastFailure ?? null,
  };
}
