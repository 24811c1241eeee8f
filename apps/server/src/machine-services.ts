import { createLocalTime, heldRights } from '@sallyport/access-policy';
import type { AccessPolicy, PrincipalRisk } from '@sallyport/access-policy';
import type { ApiKeys, PeopleServices } from '@sallyport/identity';
import type { Outbox } from '@sallyport/ledger';
import { createMachineAccess } from '@sallyport/machine-access';
import type { MachineAccess } from '@sallyport/machine-access';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { ColumnKeyrings } from './column-keys.ts';
import { secretNames } from './secret-names.ts';

export type MachineServicesNeeds = {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Log;
  readonly columnKeyrings: Pick<ColumnKeyrings, 'open'>;
  readonly policy: Pick<AccessPolicy, 'permissionsOf'>;
  readonly riskOf: (principal: Principal) => PrincipalRisk | undefined;
  readonly apiKeys: ApiKeys;
  /** Made after this, since it tells us of whom it disables. */
  readonly people: () => Pick<PeopleServices, 'personNow' | 'answering'>;
};

export type MachineServices = {
  readonly access: MachineAccess;
  /** What stops when a person may do less: their keys, the accounts they answer for, and the programs they let in. */
  readonly suspension: Pick<ApiKeys, 'suspendAllOf'>;
  /** What ends with sessions: the programs they let in. */
  readonly programs: Pick<MachineAccess['logins'], 'endWhere'>;
  close(): Promise<void>;
};

const useEveryMs = 60_000;
/** What an owner may do at best. */
const strongest = { assurance: 3, authenticatedAtMs: 0, methods: [] } as const;

export async function createMachineServices(needs: MachineServicesNeeds): Promise<MachineServices> {
  const { apiKeys, policy, log, every, riskOf } = needs;
  const timeIn = createLocalTime(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const localTime = () => timeIn(needs.clock.nowMs());
  const contextFrom = (address: string) =>
    address === 'local'
      ? ({ channel: 'socket', address: '127.0.0.1', localTime } as const)
      : ({ channel: 'network', address, localTime } as const);
  const access = createMachineAccess({
    ...needs,
    columnKeys: await needs.columnKeyrings.open(secretNames.machineColumns),
    person: (userId, proof) => needs.people().personNow(userId, proof),
    allowedTo: async (userId) => (await needs.people().personNow(userId, strongest))?.principal,
    answering: (userId) => needs.people().answering(userId),
    permissionsOf: (principal, from) =>
      heldRights(
        policy,
        principal,
        from === undefined ? {} : { context: contextFrom(from.address), risk: riskOf(principal) },
      ),
  });
  const stops = [
    every(useEveryMs, () => {
      access.tokens.recordUse().catch((error: unknown) => log.warn('Token use was not recorded', errorFields(error)));
    }),
  ];

  return {
    access,
    programs: access.logins,
    suspension: {
      async suspendAllOf(transaction, request) {
        const keys = await apiKeys.suspendAllOf(transaction, request);
        const accounts = await access.accounts.suspendAllOf(transaction, request);
        // Whoever may do nothing any more was disabled, or their place was given away.
        if (request.allowed.length === 0)
          await access.logins.endWhere(transaction, { userId: request.makerId }, request.by);
        return { ...keys, count: keys.count + accounts };
      },
    },
    async close() {
      for (const stop of stops) stop();
      await access.tokens.recordUse();
    },
  };
}
