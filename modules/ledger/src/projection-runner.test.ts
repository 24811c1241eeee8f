import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Position } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import type { LedgerRange } from './ledger.ts';
import type { LedgerClient } from './ledger-client.ts';
import type { Projection } from './projection.ts';
import { createProjectionRunner } from './projection-runner.ts';
import { quietLog, startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';

async function ledgerWith(context: TestContext, count: number): Promise<LedgerClient> {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  for (let sequence = 0; sequence < count; sequence += 1) {
    await client.append({
      collector: 'c',
      priority: 'intake',
      entries: [{ classUid: 0, sequence, body: Buffer.from(String(sequence)) }],
    });
  }
  return client;
}

function recorder(
  start: { cursor: Position; unfinished?: { from: Position; to: Position } },
  fail?: (range: LedgerRange) => boolean,
) {
  const ranges: LedgerRange[] = [];
  let cursor = start.cursor;
  let { unfinished } = start;
  const projection: Projection = {
    name: 'recorder',
    load: async () => ({ cursor, ...(unfinished === undefined ? {} : { unfinished }) }),
    apply: async (range) => {
      if (fail?.(range) === true) throw new Error('planted');
      unfinished = undefined;
      ranges.push(range);
      cursor = range.to;
    },
  };
  return {
    projection,
    bodies: () => ranges.flatMap((range) => range.events.map((event) => Buffer.from(event.body ?? []).toString())),
    ranges,
  };
}

test('a projection is given every event once, in order, and new ones as they come', async (context) => {
  const client = await ledgerWith(context, 5);
  const { projection, bodies } = recorder({ cursor: { log: 1, index: 0 } });
  const runner = createProjectionRunner({
    ledger: client,
    projection,
    log: quietLog,
    delay: async () => undefined,
    limits: { maxEvents: 2, maxBytes: 1 << 20 },
  });
  await runner.caughtUpTo(client.head(), context.signal);
  await client.append({
    collector: 'c',
    priority: 'intake',
    entries: [{ classUid: 0, sequence: 5, body: Buffer.from('5') }],
  });
  await runner.caughtUpTo(client.head(), context.signal);
  assert.deepEqual(bodies(), ['0', '1', '2', '3', '4', '5']);
  await runner.stop();
  assert.equal(runner.health().state, 'stopped');
});

test('a range begun before a crash is repeated with exactly its bounds', async (context) => {
  const client = await ledgerWith(context, 6);
  const unfinished = { from: { log: 1, index: 2 }, to: { log: 1, index: 9 } };
  const { projection, ranges } = recorder({ cursor: { log: 1, index: 2 }, unfinished });
  const runner = createProjectionRunner({
    ledger: client,
    projection,
    log: quietLog,
    delay: async () => undefined,
    limits: { maxEvents: 1, maxBytes: 1 },
  });
  await runner.caughtUpTo(client.head(), context.signal);
  assert.deepEqual([ranges[0]?.from, ranges[0]?.to], [unfinished.from, unfinished.to]);
  assert.deepEqual(
    ranges[0]?.events.map((event) => event.position.index),
    [2, 4, 6, 8],
  );
  await runner.stop();
});

test('a failing projection is loaded again and goes on, and says what is wrong meanwhile', async (context) => {
  const client = await ledgerWith(context, 3);
  let failures = 2;
  const { projection, bodies } = recorder({ cursor: { log: 1, index: 0 } }, () => failures-- > 0);
  const states: string[] = [];
  const runner = createProjectionRunner({
    ledger: client,
    projection,
    log: quietLog,
    delay: async () => {
      states.push(runner.health().state);
    },
  });
  await runner.caughtUpTo(client.head(), context.signal);
  assert.deepEqual(states, ['retrying', 'retrying']);
  assert.deepEqual(bodies(), ['0', '1', '2']);
  await runner.stop();
});

test('while much comes in, ranges are put together and read at rest; little is read at once', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  let sequence = 0;
  const append = async (count: number): Promise<void> => {
    const entries = Array.from({ length: count }, () => {
      const body = Buffer.from(String(sequence));
      return { classUid: 0, sequence: sequence++, body };
    });
    await client.append({ collector: 'c', priority: 'intake', entries });
  };
  await append(60);
  const { projection, ranges, bodies } = recorder({ cursor: { log: 1, index: 0 } });
  const clock = createManualClock(testStartMs);
  const rests: number[] = [];
  const resting = Promise.withResolvers<void>();
  const awake = Promise.withResolvers<void>();
  // What others read in small ranges is given out in these.
  const small = { head: () => client.head(), waitPast: client.waitPast, read: readsOf(client, 20) };
  const runner = createProjectionRunner({
    ledger: small,
    projection,
    log: quietLog,
    gather: { clock, forMs: 500, smallMs: 250 },
    delay: async (ms) => {
      rests.push(ms);
      resting.resolve();
      await awake.promise;
    },
  });
  await resting.promise;
  await append(1);
  await append(30);
  assert.deepEqual(rests, [500]);
  assert.equal(ranges.length, 1);
  awake.resolve();
  await runner.caughtUpTo(client.head(), context.signal);
  await append(1);
  await runner.caughtUpTo(client.head(), context.signal);
  assert.deepEqual(rests, [500]);
  assert.deepEqual(
    ranges.map(({ events }) => events.length),
    [60, 31, 1],
  );
  assert.deepEqual(
    bodies(),
    Array.from({ length: 92 }, (_, index) => String(index)),
  );
  await runner.stop();
});

test('few events are read at once ten times in a row, then as often as the ranges cost, and after a rest at once again', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const { projection, ranges, bodies } = recorder({ cursor: { log: 1, index: 0 } });
  const clock = createManualClock(testStartMs);
  const rests: number[] = [];
  let resting = Promise.withResolvers<void>();
  let awake = Promise.withResolvers<void>();
  const runner = createProjectionRunner({
    ledger: client,
    projection,
    log: quietLog,
    gather: { clock, forMs: 500, smallMs: 250 },
    delay: async (ms) => {
      rests.push(ms);
      resting.resolve();
      await awake.promise;
    },
  });
  let sequence = 0;
  const append = async (): Promise<void> => {
    const body = Buffer.from(String(sequence));
    await client.append({
      collector: 'c',
      priority: 'intake',
      entries: [{ classUid: 0, sequence: sequence++, body }],
    });
  };
  const appendAndWait = async (): Promise<void> => {
    await append();
    await runner.caughtUpTo(client.head(), context.signal);
  };
  for (let at = 0; at < 10; at += 1) await appendAndWait();
  await resting.promise;
  assert.deepEqual(rests, [250]);
  // What comes meanwhile is one range afterwards.
  for (let at = 0; at < 5; at += 1) await append();
  assert.equal(ranges.length, 10);
  clock.advance(250);
  const past = awake;
  awake = Promise.withResolvers();
  resting = Promise.withResolvers();
  past.resolve();
  await resting.promise;
  assert.equal(ranges.length, 11);
  assert.deepEqual(rests, [250, 250]);
  clock.advance(10_000);
  awake.resolve();
  for (let at = 0; at < 9; at += 1) await appendAndWait();
  assert.deepEqual(rests, [250, 250]);
  assert.deepEqual(
    bodies(),
    Array.from({ length: 24 }, (_, index) => String(index)),
  );
  await runner.stop();
});

/** Reads at most so many events at once, whatever is asked for. */
function readsOf(client: LedgerClient, maxEvents: number): LedgerClient['read'] {
  return (from, limits) => client.read(from, { ...limits, maxEvents });
}

test('so much is put into one range, and then the next one begins', async (context) => {
  const client = await ledgerWith(context, 100);
  for (const [mostBytes, wanted] of [
    [undefined, [30, 25, 25, 20]],
    [80, [25, 20, 20, 20, 15]],
  ] as const) {
    const { projection, ranges } = recorder({ cursor: { log: 1, index: 0 } });
    const runner = createProjectionRunner({
      ledger: { head: () => client.head(), waitPast: client.waitPast, read: readsOf(client, 5) },
      projection,
      log: quietLog,
      limits: { maxEvents: 1000, maxBytes: 100 },
      gather: {
        clock: createManualClock(testStartMs),
        forMs: 0,
        smallMs: 0,
        ...(mostBytes !== undefined && { mostBytes }),
      },
      delay: async () => undefined,
    });
    await runner.caughtUpTo(client.head(), context.signal);
    await runner.stop();
    assert.deepEqual(
      ranges.map(({ events }) => events.length),
      wanted,
    );
  }
});
