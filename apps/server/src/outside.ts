import { existsSync } from 'node:fs';
import {
  callTimeAuthority,
  callWitness,
  cosignedOf,
  createTimeStampRoutes,
  createTimeStampStore,
  createTimeStamps,
  createWitnessAlarms,
  createWitnessGate,
  createWitnessRoutes,
  createWitnessStore,
  createWitnesses,
  stampedForProof,
} from '@sallyport/ledger';
import type { LedgerClient, LedgerClientNeeds, Outbox, Witnesses } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import { askTimeServer, runTimeCommand } from '@sallyport/platform/time-service';
import type { TimeServer } from '@sallyport/platform/time-service';
import { createClockRoutes } from './clock-routes.ts';
import { createHostClock } from './host-clock.ts';

/** Those outside who keep the ledger honest: witnesses that saw it grow, authorities that state when, whatever keeps the clock. */
export type Outside = {
  /** For the ledger's client, which asks before the ledger is open. */
  readonly forLedger: Required<Pick<LedgerClientNeeds, 'askOutside' | 'cosigned'>>;
  /** Once the ledger is open. */
  begin(opened: { readonly ledger: LedgerClient; readonly outbox: Outbox }): OutsideServices;
};

export type OutsideServices = {
  readonly witnesses: Witnesses;
  readonly routes: readonly RoutePlugin[];
  /** Called every second. */
  tick(): Promise<void>;
  close(): Promise<void>;
};

export function createOutside(needs: {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: (bytes: number) => Buffer;
  /** Asked for the time, beside whatever keeps the clock of this host. */
  readonly timeServer?: TimeServer | undefined;
  readonly log: Log;
}): Outside {
  const { database, clock } = needs;
  const store = createWitnessStore(database);
  const stampStore = createTimeStampStore(database);
  const deadline = (ms: number): AbortSignal => AbortSignal.timeout(ms);
  const witnessNeeds = { store, call: callWitness, clock, deadline };
  const gate = createWitnessGate(witnessNeeds);
  const newestCosigned = async (log: number) => cosignedOf(await store.quorum(log));
  return {
    forLedger: {
      askOutside: (begun, consistency) => gate.ask(begun, consistency),
      async cosigned(log, index) {
        const cosigned = await newestCosigned(log);
        return index === undefined ? cosigned : stampedForProof(stampStore, { log, index }, cosigned);
      },
    },
    begin({ ledger, outbox }) {
      const witnesses = createWitnesses({ ...needs, ...witnessNeeds, gate, ledger, outbox });
      const stamps = createTimeStamps({
        ...needs,
        store: stampStore,
        alarms: createWitnessAlarms({ store, database, outbox, clock }),
        ledger,
        cosigned: newestCosigned,
        outbox,
        call: callTimeAuthority,
        deadline,
      });
      const { timeServer, random } = needs;
      const hostClock = createHostClock({
        run: runTimeCommand,
        exists: existsSync,
        clock,
        ...(timeServer === undefined
          ? {}
          : {
              measure: {
                server: `${timeServer.host}:${timeServer.port}`,
                ask: (signal) => askTimeServer({ clock, random }, timeServer, signal),
              },
            }),
        async record(event) {
          await database.transaction().execute((transaction) => outbox.record(transaction, event));
          await outbox.flushed();
        },
        deadline,
        log: needs.log,
      });
      return {
        witnesses,
        routes: [
          createWitnessRoutes(witnesses, ledger),
          createTimeStampRoutes(stamps, ledger),
          createClockRoutes(hostClock, () => clock.nowMs()),
        ],
        async tick() {
          await Promise.all([witnesses.tick(), stamps.tick(), hostClock.tick()]);
        },
        async close() {
          await Promise.all([witnesses.close(), stamps.close()]);
        },
      };
    },
  };
}
