import type { MigrationSet } from '@sallyport/platform/database';
import { createSignInProviderTables } from './migrations/0001-create-sign-in-providers.ts';

export { createArrivalRoutes } from './arrival-routes.ts';
export { providerProblems } from './errors.ts';
export { createLinkRoutes } from './link-routes.ts';
export { isInTrouble } from './provider-checks.ts';
export { createProviderRoutes } from './provider-routes.ts';
export { createSignInProviders } from './sign-in-providers.ts';
export type { SignInProviders } from './sign-in-providers.ts';

export const signInProviderMigrations: MigrationSet = {
  module: 'sign-in-providers',
  migrations: { '0001-create-sign-in-providers': createSignInProviderTables },
};
