import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { readFileIfPresent } from '@sallyport/platform/files';
import { decodeEntryBundle, parseVerifierKey, verifyTileLog } from '@sallyport/merkle-log';
import fc from 'fast-check';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { entry, logNeeds, startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';
import { verifyEvidence } from './evidence.ts';
import { classesOf, retentionOf } from './retention-class.ts';

const dayMs = 86_400_000;
const limits = { maxEvents: 1000, maxBytes: 1 << 20 };

function reopenable(context: TestContext): { directory: string; open(): Log } {
  const directory = temporaryDirectory(context);
  return { directory, open: () => openLog(logNeeds(directory)) };
}

/** What the vault does, in the file that stands in for it. */
function destroyKey(directory: string, id: string): void {
  const file = join(directory, 'test-keys.json');
  const keys = new Map<string, unknown>(Object.entries(JSON.parse(readFileSync(file, 'utf8'))));
  keys.delete(id);
  keys.set(`destroyed ${id}`, '');
  writeFileSync(file, JSON.stringify(Object.fromEntries(keys)));
}

const text = (message: string): string => JSON.stringify({ message });

const read = (log: Log): string[] =>
  log.read(0, limits).events.map(({ index, body }) => `${index} ${body?.toString() ?? 'erased'}`);

test('a commit makes one block a class, and every entry is found where it was told to be', (context) => {
  const { open } = reopenable(context);
  const log = open();
  const entries = [
    entry('a', 0, 'a0', 'events'),
    entry('b', 0, 'b0', 'audit'),
    entry('a', 1, 'a1', 'events'),
    entry('b', 1, 'b1', 'audit'),
    // Named again under another class: it was recorded already.
    entry('a', 1, 'a1', 'audit'),
  ];
  assert.deepEqual(log.append(entries, testStartMs), [0, 3, 1, 4, 1]);
  assert.deepEqual(read(log), ['0 a0', '1 a1', '3 b0', '4 b1']);
  assert.equal(log.sealedKeys().length, 2);
  log.close();
  const again = open();
  assert.deepEqual(again.append(entries, testStartMs), [0, 3, 1, 4, 1]);
  assert.deepEqual(read(again), ['0 a0', '1 a1', '3 b0', '4 b1']);
  again.close();
});

test('whatever classes a batch mixes, each class stays in order and each index is given once', (context) => {
  const { open } = reopenable(context);
  const log = open();
  let sequence = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom('events', 'audit', 'findings'), { maxLength: 12 }), (classes) => {
      const batch = classes.map((retention) => entry('s', sequence++, `${retention} ${sequence}`, retention));
      const indexes = log.append(batch, testStartMs);
      assert.equal(new Set(indexes).size, indexes.length);
      for (const name of classesOf(batch)) {
        const own = indexes.filter((_, order) => batch[order]?.retention === name);
        assert.deepEqual(
          own,
          own.toSorted((a, b) => a - b),
        );
      }
      for (const [order, index] of indexes.entries())
        assert.equal(
          log.read(index, { maxEvents: 1, maxBytes: 1 }).events[0]?.body?.toString(),
          batch[order]?.body.toString(),
        );
    }),
    { numRuns: 30 },
  );
  log.close();
});

test('a destroyed key takes one class of one day and nothing else; its proof stays, its place is told', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0, text('planted'), 'events'), entry('b', 0, text('who looked'), 'audit')], testStartMs);
  log.append([entry('a', 1, text('planted too'), 'events')], testStartMs + 1000);
  log.append(
    [entry('a', 2, text('next day'), 'events'), entry('b', 1, text('next look'), 'audit')],
    testStartMs + dayMs,
  );
  const [first] = log.sealedKeys();
  assert.ok(first);
  const { events, firstMs, lastMs } = first;
  assert.deepEqual({ events, firstMs, lastMs }, { events: 2, firstMs: testStartMs, lastMs: testStartMs + 1000 });
  assert.deepEqual(log.sealedRanges(first.dataKeyId, 0).ranges, [
    { from: 0, to: 2, events: 1 },
    { from: 4, to: 6, events: 1 },
  ]);
  const left = ['0 erased', `2 ${text('who looked')}`, '4 erased', `6 ${text('next day')}`, `8 ${text('next look')}`];
  const evidence = log.prove(0);
  const root = log.root();
  // Opened before, so that the reader holds it.
  assert.equal(read(log)[0], `0 ${text('planted')}`);
  destroyKey(directory, first.dataKeyId);
  log.forget(new Set([first.dataKeyId]));
  assert.deepEqual(read(log), left);
  assert.throws(() => log.prove(0), { code: 'erased' });
  assert.deepEqual(log.root(), root);
  assert.equal(log.countEvents(0, log.size()), 5);
  // What was proved goes on being proved, by whoever kept it.
  assert.ok(verifyEvidence(evidence, { verifierKey: log.verifierKey }).ok);
  log.close();
  const again = open();
  assert.deepEqual(read(again), left);
  assert.equal(again.sealedKeys().length, 4);
  again.close();
});

test('an index from before keys were noted is filled from the blocks; one that is gone is made again', (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  for (let round = 0; round < 3; round += 1)
    log.append([entry('a', round, 'e', 'events'), entry('b', round, 'a', 'audit')], testStartMs);
  const told = (from: Log): unknown => from.sealedKeys().map((key) => [key, from.sealedRanges(key.dataKeyId, 0)]);
  const before = told(log);
  log.close();
  const file = join(directory, 'log', 'index.db');
  const database = new DatabaseSync(file);
  database.exec('DROP TABLE sealing_keys; DROP TABLE sealing_counted; PRAGMA user_version = 0');
  database.exec('ALTER TABLE blocks DROP COLUMN data_key');
  database.close();
  const filled = open();
  assert.deepEqual(told(filled), before);
  filled.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  const remade = open();
  assert.deepEqual(told(remade), before);
  remade.close();
});

test('the server is told what hangs on a key, over all logs, and no class but a class is taken', async (context) => {
  const directory = temporaryDirectory(context);
  const { client } = startLedger(context, directory, createManualClock(testStartMs));
  await client.ready();
  const body = Buffer.from('{}');
  const batch = (sequence: number) => ({ collector: 'x', entries: [{ classUid: 1, sequence, body }] });
  await client.append({ ...batch(0), priority: 'intake' });
  await client.append({ ...batch(1), priority: 'intake', retention: 'vpn-logs' });
  await client.append({ ...batch(2), priority: 'control' });
  await client.append({ ...batch(3), priority: 'intake' });
  const keys = await client.sealedKeys();
  assert.deepEqual(
    keys.map(({ events }) => events),
    [2, 1, 1],
  );
  assert.deepEqual(await client.sealedRanges(keys[0]?.dataKeyId ?? ''), [
    { log: 1, from: 0, to: 2, events: 1 },
    { log: 1, from: 6, to: 8, events: 1 },
  ]);
  assert.deepEqual(await client.sealedRanges('0'.repeat(32)), []);
  await client.forgetSealed([keys[0]?.dataKeyId ?? '']);
  await assert.rejects(client.append({ ...batch(4), priority: 'intake', retention: '../audit' }), {
    code: 'entry_invalid',
  });
  assert.equal(retentionOf(undefined, 'control'), 'audit');
});

test('the tree and its files verify as before once a key is destroyed', async (context) => {
  const { directory, open } = reopenable(context);
  const log = open();
  log.append([entry('a', 0, text('planted'), 'events')], testStartMs);
  log.append([entry('a', 1, text('later'), 'events')], testStartMs + dayMs);
  const evidence = log.prove(0);
  const [key] = log.sealedKeys();
  destroyKey(directory, key?.dataKeyId ?? '');
  log.forget(new Set([key?.dataKeyId ?? '']));
  log.publish();
  const readFile = async (path: string): Promise<Uint8Array | undefined> =>
    readFileIfPresent(join(directory, 'log', path));
  const result = await verifyTileLog({ read: readFile, verifierKeys: [parseVerifierKey(log.verifierKey)] });
  assert.equal(result.ok, true, JSON.stringify(result));
  // The leaf that stands in the tree is that of the evidence somebody kept.
  const bundle = decodeEntryBundle((await readFile('tile/entries/000.p/4')) ?? new Uint8Array(), 4);
  assert.equal(Buffer.from(bundle[0] ?? []).toString('base64'), /^leaf (.*)$/m.exec(evidence)?.[1]);
  log.close();
});
