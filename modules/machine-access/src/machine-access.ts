import type { RoutePlugin } from '@sallyport/platform/http';
import { createAccountRoutes } from './accounts/account-routes.ts';
import { createAccountStore } from './accounts/account-store.ts';
import { createServiceAccounts, type ServiceAccounts } from './accounts/service-accounts.ts';
import { createDeviceLogins, type DeviceLogins } from './logins/device-logins.ts';
import { createLoginRoutes } from './logins/login-routes.ts';
import { createLoginStore } from './logins/login-store.ts';
import { defaultLimits, type MachineAccessNeeds } from './needs.ts';
import { createClientAuthentication } from './oauth/client-authentication.ts';
import { createOAuthRoutes } from './oauth/oauth-routes.ts';
import { createRefusalRecord } from './oauth/refusal-record.ts';
import { createTokenService, type TokenService } from './oauth/token-service.ts';
import { createDpopNonces } from './tokens/dpop-nonces.ts';
import { createDpopProofs } from './tokens/dpop-proof.ts';
import { createSeenProofs } from './tokens/seen-proofs.ts';
import { createTokenStore } from './tokens/token-store.ts';
import { createTokens, type Tokens } from './tokens/tokens.ts';

export type MachineAccess = {
  readonly accounts: ServiceAccounts;
  readonly logins: DeviceLogins;
  readonly tokens: Pick<Tokens, 'authenticate' | 'recheck' | 'recordUse'>;
  /** The OAuth endpoints without their HTTP. */
  readonly service: TokenService;
  readonly routes: RoutePlugin;
};

/** Service accounts, their tokens, and the tokens of programs that people let in. */
export function createMachineAccess(needs: MachineAccessNeeds): MachineAccess {
  const { clock } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const nonces = createDpopNonces(needs);
  const stores = {
    accountStore: createAccountStore(needs),
    loginStore: createLoginStore(needs),
    tokenStore: createTokenStore(),
  };
  const seen = createSeenProofs({ clock, max: limits.maxRememberedProofs });
  const proofs = createDpopProofs({ nowMs: () => clock.nowMs(), nonces, seen });
  const parts = { ...needs, ...stores, nonces, proofs };
  const accounts = createServiceAccounts(parts);
  const logins = createDeviceLogins(parts);
  const tokens = createTokens(parts);
  const clients = createClientAuthentication({ ...parts, credentialUsed: (id) => tokens.credentialUsed(id) });
  const service = createTokenService({ ...parts, tokens, logins, clients });
  const plugins = [
    createAccountRoutes(accounts),
    createLoginRoutes(logins),
    createOAuthRoutes(service, createRefusalRecord(needs)),
  ];
  return {
    accounts,
    logins,
    tokens,
    service,
    async routes(app) {
      for (const plugin of plugins) await app.register(async (own) => plugin(own));
    },
  };
}
