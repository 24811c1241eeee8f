import { createArrivals } from './arrivals.ts';
import { createFirebaseTokens, googlesFirebase } from './firebase/firebase-tokens.ts';
import { createLinkStore } from './link-store.ts';
import { createLinking, type Linking } from './linking.ts';
import type { SignInProviderNeeds } from './needs.ts';
import { createOidcClient } from './oidc/oidc-client.ts';
import { askProvider } from './outgoing/ask-provider.ts';
import { createProviderChecks, type ProviderChecks } from './provider-checks.ts';
import { createProviders, type Providers } from './providers.ts';
import { createProviderStore } from './provider-store.ts';
import { createSignInFlow, type SignInFlow } from './sign-in-flow.ts';
import { createSpent } from './spent.ts';

/** Who else may say who somebody is. */
export type SignInProviders = {
  readonly providers: Providers;
  readonly flow: SignInFlow;
  readonly linking: Linking;
  readonly checks: ProviderChecks;
};

export function createSignInProviders(needs: SignInProviderNeeds): SignInProviders {
  const { clock, deadline, ask = askProvider, firebase: place = googlesFirebase } = needs;
  const store = createProviderStore(needs);
  const links = createLinkStore(needs);
  const spent = createSpent(needs);
  const oidc = createOidcClient({ ask, clock, deadline });
  const firebase = createFirebaseTokens({ ask, clock, deadline, place });
  const providers = createProviders({ ...needs, store, links, onChange: (id) => oidc.forget(id) });
  const arrivals = createArrivals({ ...needs, links });
  return {
    providers,
    flow: createSignInFlow({ ...needs, providers, store, links, oidc, firebase, arrivals, spent }),
    linking: createLinking({ ...needs, links, providers, store }),
    checks: createProviderChecks({ ...needs, store, oidc, firebase }),
  };
}
