import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { ProviderError } from '../errors.ts';
import { askDocument } from '../oidc/metadata.ts';
import type { AskProvider } from '../outgoing/ask-provider.ts';
import { createKeySet, type KeySet } from '../outgoing/key-set.ts';
import { providerLimits, type OutsideAccount } from '../provider.ts';
import type { StoredProvider } from '../provider-store.ts';

/** Where Google keeps Firebase’s issuers and keys. Elsewhere only in tests. */
export type FirebasePlace = { readonly issuerBase: string; readonly keysUrl: string };

export const googlesFirebase: FirebasePlace = {
  issuerBase: 'https://securetoken.google.com',
  keysUrl: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
};

/** Signed in there at most so long ago, unless the settings say otherwise. */
const freshSeconds = 300;
const maxSubjectLength = 128;

/**
 * ID tokens of Firebase Authentication, as an app gets them when somebody signs in there. Good for signing in here within
 * minutes of the sign-in there, once: it is exchanged for a session and never is one, since it can neither be taken back nor bound.
 */
export type FirebaseTokens = {
  /** Throws `provider_answer_refused`, `provider_unreachable`. */
  verify(provider: StoredProvider, token: string): Promise<OutsideAccount & { readonly expiresAtMs: number }>;
  /** How many keys there are, asked for now. */
  countKeys(provider: StoredProvider): Promise<number>;
};

export function createFirebaseTokens(needs: {
  readonly ask: AskProvider;
  readonly clock: Clock;
  readonly deadline: (ms: number) => AbortSignal;
  readonly place: FirebasePlace;
}): FirebaseTokens {
  const { clock, place } = needs;
  const sets = new Map<string, KeySet>();
  const keysFor = ({ settings }: StoredProvider): KeySet => {
    // One set for all projects, except where a provider is reached in its own way.
    const way = `${settings.allowsPrivateAddresses} ${settings.authorityPem ?? ''}`;
    const held = sets.get(way);
    if (held !== undefined) return held;
    const hosts = new Set([new URL(place.keysUrl).host]);
    const rules = {
      hosts,
      allowsPrivateAddresses: settings.allowsPrivateAddresses,
      authorityPem: settings.authorityPem,
    };
    const made = createKeySet({
      clock,
      fetchKeys: async () => (await askDocument(needs, rules, place.keysUrl)).body,
    });
    if (sets.size >= providerLimits.providers) sets.clear();
    sets.set(way, made);
    return made;
  };

  return {
    countKeys: (provider) => keysFor(provider).count(),

    async verify(provider, token) {
      const { settings } = provider;
      const text = await keysFor(provider).verify(token, ['RS256']);
      const claims: unknown = parseJson(text);
      if (!isJsonObject(claims)) throw refused('it says nothing');
      const { iss, aud, sub, iat, exp, auth_time: signedInAt, firebase } = claims;
      if (iss !== settings.issuer) throw refused('its "iss" is another');
      if (aud !== settings.clientId) throw refused('its "aud" is another project');
      if (typeof sub !== 'string' || sub === '' || sub.length > maxSubjectLength) throw refused('it names nobody');
      const nowSeconds = clock.nowMs() / 1000;
      const tolerance = providerLimits.clockToleranceSeconds;
      if (typeof exp !== 'number' || exp <= nowSeconds - tolerance) throw refused('it is expired');
      if (typeof iat !== 'number' || iat > nowSeconds + tolerance) throw refused('it is not yet valid');
      const { maxAgeSeconds = freshSeconds } = settings;
      if (
        typeof signedInAt !== 'number' ||
        signedInAt > nowSeconds + tolerance ||
        signedInAt < nowSeconds - maxAgeSeconds - tolerance
      )
        throw refused('they signed in there too long ago', 'the app must have them sign in there anew');
      const way = isJsonObject(firebase) ? firebase['sign_in_provider'] : undefined;
      // Nobody stands behind the first; whoever holds a service account key of the project makes the second.
      if (typeof way !== 'string' || way === 'anonymous' || way === 'custom')
        throw refused('it says nothing of who they are: anonymous and custom sign-ins do not count');
      return { issuer: settings.issuer, subject: sub, claims, sessionId: undefined, expiresAtMs: exp * 1000 };
    },
  };
}

function refused(why: string, hint?: string): ProviderError {
  const message = `Cannot accept the Firebase token: ${why}`;
  return new ProviderError('provider_answer_refused', message, hint === undefined ? {} : { hint });
}
