import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseScenario, scenariosDirectory } from '@sallyport/content';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import { createEventIntake, eventIntakeMigrations } from '@sallyport/event-intake';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createLog } from '@sallyport/platform/log';
import type { Principal } from '@sallyport/platform/http';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createDemo } from './demo.ts';

const actor: Principal = { kind: 'user', id: 'u-1', name: 'Ada', scopes: ['demo:run'] };

async function setUp() {
  const clock = createManualClock(Date.UTC(2026, 0, 2));
  const ledger = createMemoryLedger({ clock });
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
  const nowMs = () => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key: randomBytes(32), random: randomBytes, nowMs });
  const intake = createEventIntake({ ledger, database, outbox, clock, random: randomBytes });
  const waits: { ms: number; resume: () => void }[] = [];
  const asked: { scopes: readonly string[]; source: string; by: Principal }[] = [];
  const demo = createDemo({
    scenario: parseScenario(await readFile(join(scenariosDirectory, 'break-in.json'), 'utf8')),
    intake,
    database,
    outbox,
    clock,
    random: randomBytes,
    async createKey({ scopes, source, by }) {
      asked.push({ scopes, source, by });
      return { token: { reveal: () => 'sp_demo' } };
    },
    delay: (ms, signal) =>
      new Promise((resolve) => {
        waits.push({ ms, resume: resolve });
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    log: createLog({ clock, write: () => undefined }),
  });
  after(async () => {
    await demo.close();
    await intake.close();
    await close();
  });
  const bodies = () =>
    ledger.events().flatMap(({ body }) => (body === undefined ? [] : [parseJson(new TextDecoder().decode(body))]));
  const played = () => bodies().filter((body) => isJsonObject(body) && body['raw_data'] !== undefined);
  return { demo, clock, ledger, waits, asked, bodies, played };
}

test('a break-in played at once is in the ledger, every event marked as made up in itself and in its original', async () => {
  const { demo, ledger, bodies, played } = await setUp();
  const { events, durationMs } = await demo.replay({ atOnce: true, actor });
  assert.deepEqual([played().length, durationMs], [events, 0]);
  for (const body of played()) {
    assert.ok(isJsonObject(body) && isJsonObject(body['unmapped']));
    assert.equal(body['unmapped']['synthetic'], true);
    assert.match(String(body['raw_data']), /"synthetic":true/);
    assert.equal(body['time'], Date.UTC(2026, 0, 2));
  }
  const last = ledger.events().at(-1);
  assert.equal(last && ledger.collectorAt(last.position), 'intake/demo-replay');
  assert.match(JSON.stringify(bodies()), /"event_code":"demo.replay"/);
});

test('the same run played again records nothing twice; another run is another', async () => {
  const { demo, played } = await setUp();
  const { events } = await demo.replay({ run: 'one', atOnce: true, actor });
  await demo.replay({ run: 'one', atOnce: true, actor });
  assert.equal(played().length, events);
  await demo.replay({ run: 'two', atOnce: true, actor });
  assert.equal(played().length, 2 * events);
});

test('spread out it keeps the pace of the scenario, and ends when the server does', async () => {
  const { demo, played, waits } = await setUp();
  const { durationMs } = await demo.replay({ atOnce: false, actor });
  assert.ok(durationMs > 5000);
  assert.deepEqual([played().length, waits.map(({ ms }) => ms)], [1, [900]]);
  waits[0]?.resume();
  while (waits.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(played().length, 2);
  await demo.close();
  assert.equal(played().length, 2);
});

test('demonstrations running at once are bounded', async () => {
  const { demo } = await setUp();
  for (let run = 0; run < 4; run += 1) await demo.replay({ atOnce: false, actor });
  await assert.rejects(demo.replay({ atOnce: true, actor }), { code: 'demo_busy' });
});

test('how far a run is can be asked, newest run first, and one that failed says so', async () => {
  const { demo, waits } = await setUp();
  assert.deepEqual(demo.runs(), []);
  const { run, events } = await demo.replay({ run: 'slow', atOnce: false, actor });
  assert.deepEqual(demo.runs(), [{ run, sent: 1, events, state: 'playing' }]);
  waits[0]?.resume();
  while (waits.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(demo.runs()[0]?.sent, 2);
  await demo.replay({ run: 'fast', atOnce: true, actor });
  assert.deepEqual(
    demo.runs().map(({ run: name, sent, state }) => [name, sent, state]),
    [
      ['fast', events, 'finished'],
      ['slow', 2, 'playing'],
    ],
  );
  for (let run = 0; run < 20; run += 1) await demo.replay({ atOnce: true, actor });
  assert.equal(demo.runs().length, 8);
});

test('an ingest key may send as one’s own machine and nothing else; a key asks as itself', async () => {
  const { demo, asked } = await setUp();
  assert.deepEqual(await demo.createIngestKey(actor), {
    key: 'sp_demo',
    source: 'my-machine',
    expiresAtMs: Date.UTC(2026, 0, 2, 1),
  });
  await demo.createIngestKey({ kind: 'key', id: 'k', name: 'k', scopes: ['demo:run'] });
  assert.deepEqual(
    asked.map(({ scopes, source, by }) => [scopes, source, by.scopes]),
    [
      [['events:write'], 'my-machine', ['demo:run', 'events:write']],
      [['events:write'], 'my-machine', ['demo:run']],
    ],
  );
});

test('keys for trying out leave room for all others', async () => {
  const { demo, clock } = await setUp();
  for (let made = 0; made < 50; made += 1) await demo.createIngestKey(actor);
  await assert.rejects(demo.createIngestKey(actor), {
    code: 'demo_keys_exhausted',
    details: { retryAfterSeconds: 3600 },
  });
  clock.advance(3_600_000);
  await demo.createIngestKey(actor);
});
