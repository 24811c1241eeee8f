import type { AccessPolicy } from '@sallyport/access-policy';
import type { PeopleServices } from '@sallyport/identity';
import type { LedgerClient, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import {
  createArrivalRoutes,
  createLinkRoutes,
  createProviderRoutes,
  createSignInProviders,
  isInTrouble,
} from '@sallyport/sign-in-providers';
import type { SignInProviders } from '@sallyport/sign-in-providers';
import type { ColumnKeyrings } from './column-keys.ts';
import type { ProvidersHealth } from './health.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';

/** Others who may say who somebody is: their routes, how they are, and a look at each now and then. */
export type ProviderServices = {
  readonly routes: readonly RoutePlugin[];
  /** Accounts elsewhere, for whoever takes everything from somebody. */
  readonly links: Pick<SignInProviders['linking'], 'forgetPerson'>;
  health(): Promise<ProvidersHealth>;
  close(): void;
};

const probeEveryMs = 5 * 60_000;

export async function createProviderServices(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
  readonly policy: AccessPolicy;
  readonly people: PeopleServices;
  readonly columnKeyrings: ColumnKeyrings;
}): Promise<ProviderServices> {
  const { ledger, log, people } = needs;
  const own = createSignInProviders({
    ...needs,
    columnKeys: await needs.columnKeyrings.open(secretNames.signInProviderColumns),
    key: await secretKey(ledger.secrets, secretNames.signInAttempts),
    deadline: (ms) => AbortSignal.timeout(ms),
    onDamaged: ({ message, details }) => log.error(message, details),
  });
  const stopProbing = needs.every(probeEveryMs, () => {
    own.checks.probe().catch((error: unknown) => log.warn('Sign-in providers were not looked at', errorFields(error)));
  });
  return {
    routes: [createProviderRoutes(own), createLinkRoutes(own), createArrivalRoutes(own, people)],
    links: own.linking,
    async health() {
      const enabled = (await own.providers.list()).filter(({ settings }) => settings.isEnabled);
      return {
        enabled: enabled.length,
        troubled: enabled
          .filter(isInTrouble)
          .map(({ settings, standing }) => ({ name: settings.name, words: standing.lastFailure ?? '' })),
      };
    },
    close: stopProbing,
  };
}

/** People are made before what links them to accounts elsewhere. */
export function laterLinks(links: () => ProviderServices['links']): ProviderServices['links'] {
  return { forgetPerson: (transaction, request) => links().forgetPerson(transaction, request) };
}
