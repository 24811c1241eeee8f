// A ledger with its control database and witnesses, in this process, to be stopped, copied and put back as a whole.
import { randomBytes } from 'node:crypto';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { quietLog, startLedger } from '../ledger-testing.ts';
import type { ManualClock, SealerUnderTest } from '../ledger-testing.ts';
import { ledgerMigrations } from '../migrations/migrations.ts';
import { createOutbox } from '../outbox.ts';
import { createWitnessGate } from './witness-gate.ts';
import { roundEveryMs } from './witness-rounds.ts';
import { createWitnessStore } from './witness-store.ts';
import type { WitnessStore } from './witness-store.ts';
import { callAll } from './witness.fixture.ts';
import type { FakeWitness } from './witness.fixture.ts';
import { cosignedOf, createWitnesses } from './witnesses.ts';
import type { Witnesses } from './witnesses.ts';

export const admin = { kind: 'user', id: 'u1', name: 'Ada' } as const;

export type House = {
  readonly client: SealerUnderTest['client'];
  readonly sealers: SealerUnderTest['sealers'];
  readonly witnesses: Witnesses;
  readonly store: WitnessStore;
  append(count: number): Promise<void>;
  /** Lets a round begin and end. */
  round(): Promise<void>;
  /** Event codes, or whole events, of what was recorded about witnesses and logs. */
  told(): Promise<readonly string[]>;
  records(): Promise<readonly JsonObject[]>;
  /** Resolves when what waits to be recorded is. */
  flushed(): Promise<void>;
  stop(): Promise<void>;
};

export async function startHouse(
  context: TestContext,
  place: {
    readonly directory: string;
    readonly clock: ManualClock;
    readonly outside: readonly FakeWitness[];
    readonly deadline?: (ms: number) => AbortSignal;
  },
): Promise<House> {
  const { directory, clock, outside } = place;
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations]);
  const store = createWitnessStore(database);
  const call = callAll(outside);
  // What a test wants to be late is told so; nothing here waits by the clock.
  const deadline = place.deadline ?? ((): AbortSignal => new AbortController().signal);
  const gate = createWitnessGate({ store, call, clock, deadline });
  const { client, sealers } = startLedger(context, directory, clock, {
    askOutside: (begun, consistency) => gate.ask(begun, consistency),
    cosigned: async (log) => cosignedOf(await store.quorum(log)),
  });
  await client.ready();
  const outbox = createOutbox({
    database,
    ledger: client,
    key: Buffer.alloc(32, 1),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const witnesses = createWitnesses({
    store,
    gate,
    ledger: client,
    database,
    outbox,
    call,
    clock,
    random: randomBytes,
    deadline,
    log: quietLog,
  });
  let sequence = 0;
  const run = randomBytes(4).toString('hex');
  const records = async (): Promise<readonly JsonObject[]> => {
    const all: JsonObject[] = [];
    for (let log = 1; log <= client.head().log; log += 1) {
      const { events } = await client.read({ log, index: 0 }, { maxEvents: 10_000, maxBytes: 1 << 24 });
      for (const { body } of events) {
        const event: JsonValue = JSON.parse(Buffer.from(body ?? []).toString());
        if (isJsonObject(event) && isJsonObject(event['metadata'])) all.push(event);
      }
    }
    return all;
  };
  let isStopped = false;
  const house: House = {
    client,
    sealers,
    witnesses,
    store,
    async append(count) {
      const entries = Array.from({ length: count }, () => ({
        classUid: 1007,
        sequence: (sequence += 1),
        body: Buffer.from(`{"run":"${run}","n":${sequence}}`),
      }));
      await client.append({
        collector: 'intake/test',
        priority: 'intake',
        entries: entries.map((entry) => ({ ...entry, stream: run })),
      });
    },
    async round() {
      clock.advance(roundEveryMs);
      await witnesses.tick();
      await witnesses.settled();
    },
    async told() {
      return (await records()).flatMap(({ metadata }) =>
        isJsonObject(metadata) && typeof metadata['event_code'] === 'string' ? [metadata['event_code']] : [],
      );
    },
    records,
    async flushed() {
      while (
        !(await outbox.flushed().then(
          () => true,
          () => false,
        ))
      )
        await new Promise(setImmediate);
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      await witnesses.close();
      await client.close();
      await close();
    },
  };
  context.after(() => house.stop());
  return house;
}

/** Keeps a copy of everything of a stopped house, and gives what puts it back. */
export function snapshot(directory: string): () => void {
  const copy = `${directory}-copy`;
  cpSync(directory, copy, { recursive: true });
  return () => {
    rmSync(directory, { recursive: true });
    cpSync(copy, directory, { recursive: true });
  };
}
