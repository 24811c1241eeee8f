import { join } from 'node:path';
import {
  createApproverRoutes,
  createCertificateStore,
  createDestructionRoutes,
  createDestructions,
  createHoldRoutes,
  readVaultExport,
} from '@sallyport/key-vault/server';
import type { DestructionService, OffSite } from '@sallyport/key-vault/server';
import type { PeopleServices } from '@sallyport/identity';
import type { LedgerClient, Witnesses } from '@sallyport/ledger';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import type { VaultServices } from './vault.ts';

/** How often it is looked whether a destruction can go on; one that waits costs a frame or two. */
const lookEveryMs = 5000;

export type DestructionServices = {
  readonly destructions: DestructionService;
  routes(people: Pick<PeopleServices, 'passkeysOf' | 'people'>): RoutePlugin[];
  /** From here on what is ready is carried out. */
  start(): void;
  stop(): void;
};

/** The destruction of keys: the sealer decides, the server carries its questions to the witnesses and to the place elsewhere. */
export function createDestructionServices(needs: {
  readonly vault: VaultServices;
  readonly dataDirectory: string;
  readonly database: Database;
  readonly offSite: () => OffSite | undefined;
  readonly witnesses: Pick<Witnesses, 'report'>;
  readonly ledger: Pick<LedgerClient, 'prove'>;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
}): DestructionServices {
  const calls = needs.vault.client.destructions;
  const destructions = createDestructions({
    calls,
    certificates: createCertificateStore(needs.database),
    offSite: needs.offSite,
    vaultFiles: () => readVaultExport(join(needs.dataDirectory, 'vault')),
    async witnessed() {
      const { witnesses, policy, log, quorum } = await needs.witnesses.report();
      const keys = witnesses.map(({ witness }) => witness.verifierKey);
      return {
        keys,
        needed: Math.min(policy.needed, keys.length),
        checkpoint: quorum?.checkpoint,
        size: quorum?.size ?? 0,
        log: log.number,
      };
    },
    prove: async (position) => needs.ledger.prove(position),
    deadline: (ms) => AbortSignal.timeout(ms),
    log: needs.log,
  });
  needs.vault.onDestroyed((keyIds) => destructions.told(keyIds));
  let stopTimer = (): void => undefined;

  return {
    destructions,
    routes(people) {
      const routeNeeds = {
        calls,
        service: destructions,
        passkeysOf: people.passkeysOf,
        nameOf: async (userId: string) => (await people.people.list()).find(({ id }) => id === userId)?.name,
      };
      return [createDestructionRoutes(routeNeeds), createHoldRoutes(routeNeeds), createApproverRoutes(routeNeeds)];
    },
    start() {
      stopTimer = needs.every(lookEveryMs, () => void destructions.tick());
    },
    stop() {
      stopTimer();
    },
  };
}
