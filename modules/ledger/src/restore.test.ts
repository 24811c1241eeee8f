import assert from 'node:assert/strict';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parseVerifierKey } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import type { AppendBatch, LedgerRange } from './ledger.ts';
import { createProjectionRunner } from './projection-runner.ts';
import { quietLog, startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';
import type { ManualClock, SealerUnderTest } from './ledger-testing.ts';

function batch(first: number, count: number): AppendBatch {
  const entries = Array.from({ length: count }, (_, order) => ({
    classUid: 1007,
    sequence: first + order,
    body: Buffer.from(`{"n":${first + order}}`),
  }));
  return { collector: 'intake/test', priority: 'intake', entries };
}

const generous = { maxEvents: 100, maxBytes: 1 << 20 };

/** A ledger that held 0…9, put back to when it held 0…4. */
async function putBack(
  context: TestContext,
  clock: ManualClock,
): Promise<{ directory: string; restored: SealerUnderTest; newest: string }> {
  const directory = temporaryDirectory(context);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  await first.client.append(batch(0, 5));
  await first.client.close();
  cpSync(join(directory, 'ledger'), join(directory, 'yesterday'), { recursive: true });
  const second = startLedger(context, directory, clock);
  await second.client.ready();
  await second.client.append(batch(5, 5));
  const newest = await second.client.checkpoint(1);
  await second.client.close();
  rmSync(join(directory, 'ledger'), { recursive: true });
  cpSync(join(directory, 'yesterday'), join(directory, 'ledger'), { recursive: true });
  const restored = startLedger(context, directory, clock, { anchor: newest });
  await restored.client.ready();
  return { directory, restored, newest };
}

test('after a restore a resend finds what survived where it was, and records only what was lost', async (context) => {
  const { restored } = await putBack(context, createManualClock(testStartMs));
  const positions = await restored.client.append(batch(3, 4));
  assert.deepEqual(positions.slice(0, 2), [
    { log: 1, index: 3 },
    { log: 1, index: 4 },
  ]);
  assert.deepEqual(
    positions.slice(2).map(({ log }) => log),
    [2, 2],
  );
  assert.deepEqual(await restored.client.append(batch(3, 4)), positions);
});

test('a sealer killed after a restore was declared goes on in the log the restore opened', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  await first.client.append(batch(0, 1));
  await first.client.close();
  const declared = startLedger(context, directory, clock, { afterRestore: true });
  await declared.client.ready();
  for (let kills = 0; kills < 3; kills += 1) {
    const started = declared.sealers.length;
    declared.kill();
    while (declared.sealers.length === started) await new Promise(setImmediate);
    while ((await declared.client.status().catch(() => undefined)) === undefined) await new Promise(setImmediate);
    assert.equal(declared.client.head().log, 2);
  }
});

test('a restore stopped before the new log’s first entry is finished at the next start', async (context) => {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const first = startLedger(context, directory, clock);
  await first.client.ready();
  await first.client.append(batch(0, 1));
  await first.client.close();
  mkdirSync(join(directory, 'ledger', 'logs', '2'));
  const next = startLedger(context, directory, clock);
  await next.client.ready();
  const { events } = await next.client.read({ log: 2, index: 0 }, generous);
  assert.match(Buffer.from(events[0]?.body ?? []).toString(), /ledger\.restored/);
  assert.equal(next.client.head().log, 2);
  const [, second] = next.client.logs();
  assert.match(second?.origin ?? '', /^sallyport\/[0-9a-f]{16}\/[0-9a-f]{8}\/2$/, 'a name nobody had before');
});

test('a directory put back twice beside a vault that was not opens two logs with two names and two keys', async (context) => {
  const { directory, restored, newest } = await putBack(context, createManualClock(testStartMs));
  const once = restored.client.logs()[1];
  await restored.client.close();
  rmSync(join(directory, 'ledger'), { recursive: true });
  cpSync(join(directory, 'yesterday'), join(directory, 'ledger'), { recursive: true });
  const again = startLedger(context, directory, createManualClock(testStartMs), { anchor: newest });
  await again.client.ready();
  const twice = again.client.logs()[1];
  assert.ok(once !== undefined && twice !== undefined);
  assert.notEqual(once.origin, twice.origin);
  const [one, other] = [once, twice].map(({ verifierKey }) => Buffer.from(parseVerifierKey(verifierKey).publicKey));
  assert.ok(one !== undefined && other !== undefined && !one.equals(other));
});

test('ledger time does not go back in the new log, whatever the restored machine’s clock says', async (context) => {
  const directory = temporaryDirectory(context);
  const first = startLedger(context, directory, createManualClock(testStartMs));
  await first.client.ready();
  await first.client.append(batch(0, 1));
  await first.client.close();
  const next = startLedger(context, directory, createManualClock(0), { afterRestore: true });
  await next.client.ready();
  await next.client.append(batch(1, 1));
  const { events } = await next.client.read({ log: 2, index: 0 }, generous);
  assert.deepEqual(
    events.map((event) => event.receivedAtMs >= testStartMs),
    [true, true],
  );
});

test('a projection whose cursor or unfinished range lies in what was lost goes on in the new log', async (context) => {
  const { restored } = await putBack(context, createManualClock(testStartMs));
  const { client } = restored;
  const lost = [
    { cursor: { log: 1, index: 10 } },
    { cursor: { log: 1, index: 3 }, unfinished: { from: { log: 1, index: 3 }, to: { log: 1, index: 10 } } },
  ];
  for (const place of lost) {
    const ranges: LedgerRange[] = [];
    let reads = 0;
    const runner = createProjectionRunner({
      ledger: {
        head: () => client.head(),
        waitPast: (position, signal) => client.waitPast(position, signal),
        read: async (from, limits) => {
          reads += 1;
          return client.read(from, limits);
        },
      },
      projection: {
        name: 'behind',
        load: async () => place,
        apply: async (range) => void ranges.push(range),
      },
      log: quietLog,
      delay: async () => assert.fail(runner.health().lastError),
    });
    await runner.caughtUpTo(client.head(), context.signal);
    await runner.stop();
    assert.ok(reads < 10, `${reads} reads`);
    assert.equal(ranges.at(-1)?.to.log, 2);
    if (place.unfinished !== undefined) assert.deepEqual(ranges[0]?.to, place.unfinished.to);
  }
});

test('a projection ahead of the ledger is reported, and passes over nothing', async (context) => {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  await client.append(batch(0, 1));
  const failed = Promise.withResolvers<string | undefined>();
  const runner = createProjectionRunner({
    ledger: client,
    projection: { name: 'ahead', load: async () => ({ cursor: { log: 1, index: 99 } }), apply: async () => undefined },
    log: quietLog,
    delay: (_ms, signal) => {
      failed.resolve(runner.health().lastError);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  assert.equal(await failed.promise, 'ledger_corrupt');
  await runner.stop();
});

test('a kept checkpoint that is not readable stops the ledger with a code', async (context) => {
  const kept = { anchor: 'not a checkpoint' };
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs), kept);
  await assert.rejects(client.ready(), { code: 'ledger_corrupt' });
});

test('a resend of everything after a restore of everything still records each event once', async (context) => {
  const { directory, restored, newest } = await putBack(context, createManualClock(testStartMs));
  await restored.client.append(batch(0, 10));
  await restored.client.close();
  const again = startLedger(context, directory, createManualClock(testStartMs), { anchor: newest });
  await again.client.ready();
  await again.client.append(batch(0, 10));
  assert.equal(again.client.head().log, 2);
  const counts = await Promise.all([1, 2].map((log) => again.client.countEvents(log, 0, 1000)));
  // Ten events and the marker of the restore.
  assert.equal(counts[0], 5);
  assert.equal(counts[1], 6);
});
