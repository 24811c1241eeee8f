import type { JsonObject } from '@sallyport/contracts';
import type { Admitted } from '@sallyport/identity';
import type { Client, Principal } from '@sallyport/platform/http';
import { openAttempt, sealAttempt, type AttemptPurpose } from './attempt.ts';
import { refusalEvent, type Arrival, type Arrivals } from './arrivals.ts';
import { ProviderError } from './errors.ts';
import type { FirebaseTokens } from './firebase/firebase-tokens.ts';
import type { Link, LinkStore } from './link-store.ts';
import type { SignInProviderNeeds } from './needs.ts';
import type { OidcClient } from './oidc/oidc-client.ts';
import { verifyLogoutToken } from './oidc/logout-token.ts';
import { actorOf, providerEvent } from './provider-audit.ts';
import { providerLimits, type OutsideAccount } from './provider.ts';
import type { Providers } from './providers.ts';
import type { ProviderStore, StoredProvider } from './provider-store.ts';
import { safeReturnPath } from './return-path.ts';
import type { Spent } from './spent.ts';

/** What came of going to a provider and back. */
export type Returned =
  | { readonly kind: 'sign-in'; readonly admitted: Admitted; readonly returnPath: string }
  | { readonly kind: 'link'; readonly link: Link; readonly provider: StoredProvider }
  | {
      readonly kind: 'trial';
      readonly provider: StoredProvider;
      readonly arrival: Arrival;
      readonly subject: string;
      readonly claims: JsonObject;
    };

export type Departure = {
  readonly url: string;
  /** For the browser that goes, and no other. */
  readonly attempt: string;
};

/** What somebody signing in, a provider or its app brings to the door. Each answer counts once, and only where it was asked for. */
export type SignInFlow = {
  /** Throws `provider_not_found` for one that is switched off, unless to try it; `provider_unreachable`, `provider_answer_refused`. */
  depart(request: {
    readonly providerId: string;
    readonly purpose: AttemptPurpose;
    readonly returnPath: string | undefined;
    readonly client: Client;
  }): Promise<Departure>;
  /** Throws `provider_attempt_invalid`, `provider_declined`, `provider_answer_refused`, `provider_unreachable`, `provider_account_unknown`. */
  return(request: {
    readonly providerId: string;
    readonly query: string;
    readonly attempt: string | undefined;
    readonly client: Client;
  }): Promise<Returned>;
  /** An ID token of an app, for a session. Throws as `return`. */
  withIdToken(request: {
    readonly providerId: string;
    readonly token: string;
    readonly client: Client;
  }): Promise<Admitted>;
  /** Ends the sessions of whom the provider says that they signed out there. Throws `logout_token_refused`, `provider_unreachable`. */
  backChannelLogout(request: { readonly providerId: string; readonly token: string }): Promise<number>;
};

const maxQuery = 8000;

export function createSignInFlow(
  needs: Pick<SignInProviderNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'key' | 'people'> & {
    readonly providers: Pick<Providers, 'get'>;
    readonly store: Pick<ProviderStore, 'noteSuccess' | 'noteFailure'>;
    readonly links: LinkStore;
    readonly oidc: OidcClient;
    readonly firebase: FirebaseTokens;
    readonly arrivals: Arrivals;
    readonly spent: Spent;
  },
): SignInFlow {
  const { database, outbox, clock, random, providers, oidc, arrivals, spent, links } = needs;
  const { sessions } = needs.people;
  const newText = (): string => Buffer.from(random(32)).toString('base64url');

  const enabled = async (id: string, kind: 'oidc' | 'firebase', isTrial = false): Promise<StoredProvider> => {
    const provider = await providers.get(id);
    if (provider.settings.kind === kind && (provider.settings.isEnabled || isTrial)) return provider;
    throw new ProviderError('provider_not_found', 'Cannot sign in with this provider: it is not in use');
  };

  /** Remembers in words that it did not answer: its own doing, not that of who signs in. */
  const watched = async <Result>(provider: StoredProvider, ask: () => Promise<Result>): Promise<Result> => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof ProviderError && error.code === 'provider_unreachable')
        await needs.store.noteFailure(database, provider.id, error.message);
      throw error;
    }
  };

  const recordFailure = async (provider: StoredProvider, client: Client, error: unknown): Promise<void> => {
    if (!(error instanceof ProviderError)) return;
    const event = refusalEvent({ nowMs: clock.nowMs(), reason: error.code, provider, client });
    await database.transaction().execute((transaction) => outbox.record(transaction, event));
    await outbox.flushed();
  };

  return {
    async depart({ providerId, purpose, returnPath, client }) {
      const provider = await enabled(providerId, 'oidc', purpose.kind === 'trial');
      const secrets = { state: newText(), nonce: newText(), verifier: newText() };
      const redirectUri = redirectUriOf(client.origin, providerId);
      const url = await watched(provider, () => oidc.begin(provider, redirectUri, secrets));
      const attempt = sealAttempt(needs, {
        providerId,
        purpose,
        secrets,
        redirectUri,
        returnPath: safeReturnPath(returnPath),
        expiresAtMs: clock.nowMs() + providerLimits.attemptMs,
      });
      return { url: url.href, attempt };
    },

    async return({ providerId, query, attempt: sealed, client }) {
      const attempt = openAttempt(needs.key, sealed, clock.nowMs());
      const isOurs =
        attempt !== undefined &&
        attempt.providerId === providerId &&
        attempt.redirectUri === redirectUriOf(client.origin, providerId) &&
        query.length <= maxQuery &&
        new URLSearchParams(query).get('state') === attempt.secrets.state;
      // Before anything is asked with it: an attempt is over, however it ends.
      if (!isOurs || !(await spent.spend('attempt', attempt.secrets.state, attempt.expiresAtMs)))
        throw new ProviderError(
          'provider_attempt_invalid',
          'Cannot go on: this sign-in was not begun in this browser, was used already, or took over ten minutes',
          { hint: 'start again from the sign-in page' },
        );
      const { purpose, redirectUri, secrets } = attempt;
      const provider = await enabled(providerId, 'oidc', purpose.kind === 'trial');
      let account: OutsideAccount;
      try {
        account = await watched(provider, () => oidc.complete(provider, { redirectUri, query, secrets }));
        await needs.store.noteSuccess(database, provider.id);
      } catch (error) {
        await recordFailure(provider, client, error);
        throw error;
      }
      switch (purpose.kind) {
        case 'sign-in':
          return {
            kind: 'sign-in',
            admitted: await arrivals.signIn(provider, account, client),
            returnPath: attempt.returnPath,
          };
        case 'link':
          return { kind: 'link', link: await arrivals.link(provider, account, purpose), provider };
        case 'trial': {
          const { subject, claims } = account;
          return { kind: 'trial', provider, arrival: await arrivals.foresee(provider, account), subject, claims };
        }
      }
    },

    async withIdToken({ providerId, token, client }) {
      const provider = await enabled(providerId, 'firebase');
      let account: Awaited<ReturnType<FirebaseTokens['verify']>>;
      try {
        account = await watched(provider, () => needs.firebase.verify(provider, token));
        await needs.store.noteSuccess(database, provider.id);
        const untilMs = account.expiresAtMs + providerLimits.clockToleranceSeconds * 1000;
        if (!(await spent.spend('id-token', signedPart(token), untilMs)))
          throw new ProviderError('provider_answer_refused', 'Cannot accept the Firebase token: it was used before');
      } catch (error) {
        await recordFailure(provider, client, error);
        throw error;
      }
      return arrivals.signIn(provider, account, client);
    },

    async backChannelLogout({ providerId, token }) {
      const provider = await enabled(providerId, 'oidc');
      const { settings } = provider;
      const { keys } = await oidc.known(provider);
      const notice = await verifyLogoutToken(token, {
        keys,
        issuer: settings.issuer,
        clientId: settings.clientId,
        nowMs: clock.nowMs(),
      });
      if (!(await spent.spend('logout', `${providerId} ${notice.tokenId}`, notice.goodUntilMs)))
        throw new ProviderError('logout_token_refused', 'Cannot accept the logout token: it was used before');
      const { subject, sessionId: sid } = notice;
      const account = subject === undefined ? undefined : { providerId, issuer: settings.issuer, subject };
      const ended = await database.transaction().execute(async (transaction) => {
        const link = account === undefined ? undefined : await links.findByAccount(transaction, account);
        // Of somebody who has no account here there is nothing to end; of a session alone, whoever it is.
        if (account !== undefined && link === undefined) return 0;
        const which = {
          provider: providerId,
          ...(link === undefined ? {} : { userId: link.userId }),
          ...(sid === undefined ? {} : { sid }),
        };
        const by = actorOf(provider);
        const count = await sessions.endWhere(which, { by, reason: 'provider_logout' }, transaction);
        const details = { sessions: count, user: link?.userId ?? null };
        const event = providerEvent({ nowMs: clock.nowMs(), by, action: 'provider.logout', provider, details });
        await outbox.record(transaction, event);
        return count;
      });
      await outbox.flushed();
      return ended;
    },
  };
}

/** What the signature is over. The signature itself can be written in more than one way: spare bits of its last letter, blanks. */
function signedPart(token: string): string {
  return token.slice(0, token.lastIndexOf('.'));
}

/** One for each provider, so that an answer for another is told apart by where it comes. */
export function redirectUriOf(origin: string, providerId: string): string {
  return `${origin}/sign-in/provider/${providerId}`;
}

export function purposeOf(kind: 'link' | 'trial', by: Principal): AttemptPurpose {
  if (kind === 'trial') return { kind, userId: by.id };
  return { kind, userId: by.id, sessionId: by.sessionId ?? '' };
}
