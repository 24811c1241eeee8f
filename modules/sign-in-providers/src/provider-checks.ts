import type { Database } from '@sallyport/platform/database';
import { ProviderError } from './errors.ts';
import type { FirebaseTokens } from './firebase/firebase-tokens.ts';
import type { OidcClient } from './oidc/oidc-client.ts';
import type { ProviderStore, StoredProvider } from './provider-store.ts';

/** One thing that was looked at, in words. */
export type CheckStep = {
  readonly name: 'metadata' | 'keys' | 'logout' | 'client';
  readonly state: 'good' | 'noted' | 'failed';
  readonly words: string;
};

export type ProviderChecks = {
  /** Asks the provider now what it says of itself, and for its keys. Never rejects for what it answers. */
  look(provider: StoredProvider): Promise<readonly CheckStep[]>;
  /** The same for all that are in use, to tell an outage before somebody stands before it. */
  probe(): Promise<void>;
};

export function createProviderChecks(needs: {
  readonly database: Database;
  readonly store: ProviderStore;
  readonly oidc: OidcClient;
  readonly firebase: FirebaseTokens;
}): ProviderChecks {
  const { database, store, oidc, firebase } = needs;

  const failed = (name: CheckStep['name'], error: unknown): CheckStep => {
    if (!(error instanceof ProviderError)) throw error;
    const words = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    return { name, state: 'failed', words };
  };
  const lookAtKeys = async (count: () => Promise<number>): Promise<CheckStep> => {
    try {
      const keys = await count();
      return { name: 'keys', state: 'good', words: `It publishes ${keys} ${keys === 1 ? 'key' : 'keys'} to sign with` };
    } catch (error) {
      return failed('keys', error);
    }
  };

  const lookAtOidc = async (provider: StoredProvider): Promise<readonly CheckStep[]> => {
    let found: Awaited<ReturnType<OidcClient['look']>>;
    try {
      found = await oidc.look(provider);
    } catch (error) {
      return [failed('metadata', error)];
    }
    const { metadata, keys } = found;
    const steps: CheckStep[] = [
      {
        name: 'metadata',
        state: 'good',
        words: `It says of itself what the settings say: ${provider.settings.issuer}`,
      },
      await lookAtKeys(() => keys.count()),
    ];
    const { token_endpoint_auth_methods_supported: methods } = metadata;
    if (
      provider.settings.clientAuthentication === 'private-key' &&
      Array.isArray(methods) &&
      !methods.includes('private_key_jwt')
    )
      steps.push({
        name: 'client',
        state: 'failed',
        words: 'It does not take a key in place of a client secret: use a secret',
      });
    steps.push(
      metadata['backchannel_logout_supported'] === true
        ? { name: 'logout', state: 'good', words: 'It can tell this server when somebody signs out there' }
        : {
            name: 'logout',
            state: 'noted',
            words: 'It does not say that it tells when somebody signs out there: sessions here end by their own rules',
          },
    );
    return steps;
  };

  const look: ProviderChecks['look'] = (provider) =>
    provider.settings.kind === 'oidc'
      ? lookAtOidc(provider)
      : lookAtKeys(() => firebase.countKeys(provider)).then((step) => [step]);

  return {
    look,
    async probe() {
      for (const provider of await store.list(database)) {
        if (!provider.settings.isEnabled) continue;
        const trouble = (await look(provider)).find(({ state }) => state === 'failed');
        await (trouble === undefined
          ? store.noteSuccess(database, provider.id)
          : store.noteFailure(database, provider.id, trouble.words));
      }
    },
  };
}

/** What it said last was that it does not answer. */
export function isInTrouble({ standing }: Pick<StoredProvider, 'standing'>): boolean {
  const { lastFailureAtMs, lastSuccessAtMs = 0 } = standing;
  return lastFailureAtMs !== undefined && lastFailureAtMs > lastSuccessAtMs;
}
