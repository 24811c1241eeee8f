import type { JsonObject } from '@sallyport/contracts';

/**
 * How a provider tells who somebody is. `oidc`: the browser goes there and comes back with a code (OpenID Connect Core 1.0).
 * `firebase`: an app that signed somebody in there posts the ID token it got. What follows, links, groups, roles, second
 * factors, is the same for every kind.
 */
export type ProviderKind = 'oidc' | 'firebase';

/** Which guide the console shows. Says nothing about trust. */
export const providerPresets = ['google', 'microsoft', 'okta', 'keycloak', 'generic', 'firebase'] as const;
export type ProviderPreset = (typeof providerPresets)[number];

/** How this server proves to the provider who it is: a secret both know, or a key whose private half never leaves here. */
export type ClientAuthentication = 'secret' | 'private-key';

/** A value of a claim; of lists, one of them. Exact. */
export type ClaimValue = { readonly claim: string; readonly value: string };

export type GroupMapping = { readonly group: string; readonly roles: readonly string[] };

export type ProviderSettings = {
  readonly kind: ProviderKind;
  readonly preset: ProviderPreset;
  /** On the button, and in the ledger. */
  readonly name: string;
  readonly isEnabled: boolean;
  /** As the provider itself writes it, to the last slash. */
  readonly issuer: string;
  /** Of Firebase: the project. */
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly scopes: readonly string[];
  /** The claim that becomes the name of an account made here; without it the usual ones, in turn. */
  readonly nameClaim: string | undefined;
  readonly groupsClaim: string | undefined;
  readonly groups: readonly GroupMapping[];
  /** Whoever has all of these may come; anybody the provider knows when empty. */
  readonly requiredClaims: readonly ClaimValue[];
  /** Whether somebody who has no account here gets one. */
  readonly createsPeople: boolean;
  /** What everybody it vouches for has, besides their groups'. */
  readonly defaultRoles: readonly 'viewer'[];
  /** How much its bare word is: 1 one factor, 2 two. */
  readonly assurance: 1 | 2;
  /** Methods it names that are worth more: values of `amr`, `acr` or another claim. */
  readonly trustedMethods: readonly (ClaimValue & { readonly assurance: 2 | 3 })[];
  /** How long ago they may have proved themselves there, in seconds. */
  readonly maxAgeSeconds: number | undefined;
  readonly acrValues: string | undefined;
  readonly prompt: 'login' | 'select_account' | 'consent' | undefined;
  /** Its addresses may be private ones, or this machine's. */
  readonly allowsPrivateAddresses: boolean;
  /** PEM of an authority its certificates lead to, besides those of the system. */
  readonly authorityPem: string | undefined;
};

/** The private halves stay in the database, sealed. */
export type ClientKey = {
  readonly id: string;
  readonly algorithm: 'ES256';
  readonly createdAtMs: number;
  readonly publicJwk: JsonObject;
  readonly privatePem: string;
};

/** How it went lately. */
export type ProviderStanding = {
  readonly lastSuccessAtMs: number | undefined;
  readonly lastFailureAtMs: number | undefined;
  /** In words, without anybody's name. */
  readonly lastFailure: string | undefined;
};

export type Provider = {
  readonly id: string;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly settings: ProviderSettings;
  readonly hasSecret: boolean;
  readonly keys: readonly Omit<ClientKey, 'privatePem'>[];
  readonly standing: ProviderStanding;
};

/** What to sign requests to it with. */
export type ProviderCredentials = { readonly secret: string | undefined; readonly keys: readonly ClientKey[] };

/** Somebody, by the word of a provider that was checked. */
export type OutsideAccount = {
  readonly issuer: string;
  /** The only name of theirs that never changes and is never given again (OpenID Connect Core 1.0, section 2). */
  readonly subject: string;
  readonly claims: JsonObject;
  /** Their session there, for `frontchannel` and back-channel logout. */
  readonly sessionId: string | undefined;
};

export const providerLimits = {
  providers: 30,
  groups: 200,
  requiredClaims: 10,
  trustedMethods: 20,
  scopes: 20,
  linksOfPerson: 20,
  keys: 2,
  /** From going there to coming back. */
  attemptMs: 10 * 60_000,
  /** Their clock and ours. */
  clockToleranceSeconds: 60,
} as const;

/** The only signatures believed: no shared secrets, no `none`, no RSA under another name (RFC 8725). */
export const acceptedAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
