import type { RoutePlugin } from '@sallyport/platform/http';
import { createAuthorityRoutes } from './certificates/authority-routes.ts';
import { createCertificateRoutes } from './certificates/certificate-routes.ts';
import { createCodeRoutes } from './codes/code-routes.ts';
import { createSignInRulesRoutes } from './admission/sign-in-rules-routes.ts';
import { createAccountRoutes } from './account/account-routes.ts';
import { createPasskeyRulesRoutes } from './factors/passkey-rules-routes.ts';
import { createEnrolmentRoutes } from './factors/enrolment-routes.ts';
import type { ApiKeys } from './keys/api-keys.ts';
import { createKeyRoutes } from './keys/key-routes.ts';
import type { PeopleNeeds } from './needs.ts';
import type { PeopleServices } from './people/create-people.ts';
import { createPeopleRoutes } from './people/people-routes.ts';
import { createSetupRoutes } from './people/setup-routes.ts';
import { createBrowserKeyRoutes } from './sessions/browser-key-routes.ts';
import { createSessionPolicyRoutes } from './sessions/session-policy-routes.ts';
import { createSessionRoutes } from './sessions/session-routes.ts';
import { createSignInRoutes } from './sessions/sign-in-routes.ts';
import { createStepUpRoutes } from './sessions/step-up-routes.ts';

/** Every route of the module: keys, setup, sign-in, enrolment, sessions, people, settings. */
export function createIdentityRoutes(
  services: PeopleServices & { readonly apiKeys: ApiKeys },
  needs: Pick<PeopleNeeds, 'policy' | 'database' | 'outbox'>,
): RoutePlugin {
  const plugins = [
    createKeyRoutes(services, needs),
    createSetupRoutes(services),
    createSignInRoutes(services),
    createStepUpRoutes(services),
    createAccountRoutes(services),
    createEnrolmentRoutes(services),
    createSignInRulesRoutes(services),
    createPasskeyRulesRoutes(services),
    createAuthorityRoutes(services),
    createCertificateRoutes(services),
    createCodeRoutes(services),
    createSessionRoutes(services, needs),
    createSessionPolicyRoutes(services, needs),
    createBrowserKeyRoutes(services),
    createPeopleRoutes(services, needs),
  ];
  return async (app) => {
    for (const plugin of plugins) await app.register(async (own) => plugin(own));
  };
}
