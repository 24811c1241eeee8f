// What an operator meets after a disaster: a store that does not start, and yesterday's directories put back.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runSallyport } from './command-line.ts';
import { markedLine, markerOf, readMatchedRule, scriptletRule } from './marked-events.ts';
import { listAlerts, provenEvent, searchEverything, verifierKeyOf } from './recorded-events.ts';
import type { RecordedEvent } from './recorded-events.ts';
import { problemCode, sendLines } from './sending.ts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';

const rule = readMatchedRule(scriptletRule);

function markersOf(recorded: readonly RecordedEvent[]): string[] {
  return recorded.flatMap(({ event }) => markerOf(event?.raw_data) ?? []).toSorted();
}

test(
  'with a store that does not start events are taken, alerts raised and searches refused with a code, and it catches up once repaired',
  { timeout: 400_000 },
  async (context) => {
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    await sendLines(server, { source: 'store', sequence: 0, lines: [markedLine('one.')] });
    await server.caughtUp();
    assert.equal(await server.stop(), 0);
    const store = join(server.dataDirectory, 'store');

    renameSync(store, `${store}.kept`);
    writeFileSync(store, 'this is no directory');
    await server.start();
    await sendLines(server, { source: 'store', sequence: 1, lines: [markedLine('two.', rule)] });
    await eventually({
      what: 'the alert is raised without a store',
      timeoutMs: 60_000,
      look: async () => ((await listAlerts(server)).length === 1 ? true : undefined),
    });
    const refused = await server.ask({ path: '/v1/events' });
    assert.equal(refused.status, 503, refused.text);
    assert.match(problemCode(refused), /^store_/);
    assert.equal((await server.health()).search.up, false);

    // Repaired under the running server.
    rmSync(store);
    renameSync(`${store}.kept`, store);
    await server.caughtUp();
    assert.deepEqual(markersOf(await searchEverything(server)), ['one.', 'two.']);

    // A store that has to start again meets a key that is not its own.
    const keyCheck = join(store, 'key-check');
    const right = readFileSync(keyCheck);
    writeFileSync(keyCheck, Buffer.alloc(right.length, 7));
    assert.deepEqual(server.kill('store'), ['store']);
    await sendLines(server, { source: 'store', sequence: 2, lines: [markedLine('three.')] });
    const wrong = await server.ask({ path: '/v1/events' });
    assert.equal(wrong.status, 503, wrong.text);
    assert.match(problemCode(wrong), /^store_(key_wrong|unavailable)$/);
    await eventually({
      what: 'the operator is told why',
      timeoutMs: 60_000,
      look: async () => ((await server.health()).search.error?.includes('key') === true ? true : undefined),
    });
    writeFileSync(keyCheck, right);
    await server.caughtUp();
    assert.deepEqual(markersOf(await searchEverything(server)), ['one.', 'three.', 'two.']);

    // Thrown away altogether: everything in it comes from the ledger.
    assert.equal(await server.stop(), 0);
    rmSync(store, { recursive: true });
    await server.start();
    await server.caughtUp();
    assert.deepEqual(markersOf(await searchEverything(server)), ['one.', 'three.', 'two.']);
    assert.equal((await listAlerts(server)).length, 1, 'nothing is raised twice');
  },
);

test(
  "yesterday's data directory goes on by itself, and a checkpoint kept elsewhere shows that entries are gone",
  { timeout: 400_000 },
  async (context) => {
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    const first = await sendLines(server, { source: 'whole', sequence: 0, lines: [markedLine('yesterday.')] });
    await server.caughtUp();
    const old = join(server.directory, 'old-checkpoint');
    writeFileSync(old, (await server.ask({ path: '/v1/ledger/checkpoint' })).text);
    assert.equal(await server.stop(), 0);
    const backup = join(server.directory, 'backup');
    cpSync(server.dataDirectory, backup, { recursive: true });

    await server.start();
    await sendLines(server, { source: 'whole', sequence: 1, lines: [markedLine('lost.', rule)] });
    await server.caughtUp();
    const kept = join(server.directory, 'kept-checkpoint');
    writeFileSync(kept, (await server.ask({ path: '/v1/ledger/checkpoint' })).text);
    const verifierKey = await verifierKeyOf(server);
    assert.equal(await server.stop(), 0);
    const log = join(server.dataDirectory, 'ledger', 'logs', '1');
    const verify = (against: string): ReturnType<typeof runSallyport> =>
      runSallyport(['ledger', 'verify', log, '--key', verifierKey, '--against', against], server.environment);
    for (const checkpoint of [old, kept]) {
      const fits = await verify(checkpoint);
      assert.equal(fits.code, 0, fits.stderr);
    }

    rmSync(server.dataDirectory, { recursive: true });
    cpSync(backup, server.dataDirectory, { recursive: true });
    const shorter = await verify(kept);
    assert.equal(shorter.code, 1, 'a log that lacks entries a kept checkpoint covers');
    assert.match(shorter.stderr, /entries/);

    await server.start();
    const lines = Array.from({ length: 300 }, (_, at) => markedLine(`today-${at}.`, at === 7 ? rule : undefined));
    const today = await sendLines(server, { source: 'whole', sequence: 1, lines });
    await server.caughtUp();
    assert.equal(markersOf(await searchEverything(server)).length, 301);
    assert.deepEqual(
      (await listAlerts(server)).map(({ input }) => input),
      [today[7]],
    );
    await provenEvent(server, first[0] ?? '', verifierKey);
    assert.equal(await server.stop(), 0);
    const forked = await verify(kept);
    assert.equal(forked.code, 1, 'a log grown past the checkpoint, with other entries');
    assert.match(forked.stderr, /other entries/);
    assert.equal((await verify(old)).code, 0, 'what both have in common still fits');
  },
);

test(
  "with yesterday's ledger under today's control data a new log is opened, which says so, and search and alerts follow it",
  { timeout: 400_000 },
  async (context) => {
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    const [kept = ''] = await sendLines(server, { source: 'part', sequence: 0, lines: [markedLine('kept.', rule)] });
    await server.caughtUp();
    assert.equal(await server.stop(), 0);
    const ledger = join(server.dataDirectory, 'ledger');
    const backup = join(server.directory, 'ledger-backup');
    cpSync(ledger, backup, { recursive: true });

    await server.start();
    const lines = Array.from({ length: 500 }, (_, at) => markedLine(`lost-${at}.`, at % 100 === 0 ? rule : undefined));
    await sendLines(server, { source: 'part', sequence: 1, lines });
    await server.caughtUp();
    assert.equal((await listAlerts(server)).length, 6);
    assert.equal(await server.stop(), 0);

    rmSync(ledger, { recursive: true });
    mkdirSync(ledger);
    cpSync(backup, ledger, { recursive: true });
    await server.start();
    await server.caughtUp();
    const afterwards = await searchEverything(server);
    assert.deepEqual(markersOf(afterwards), ['kept.'], 'search holds what the ledger holds, no more');
    const restored = afterwards.filter(({ event }) => event?.metadata?.event_code === 'ledger.restored');
    assert.deepEqual(
      restored.map(({ position }) => position),
      ['2/0'],
      'the first entry of the new log tells of the gap',
    );
    assert.match(JSON.stringify(restored[0]?.event?.unmapped), /"reason":"behind".*newest_checkpoint_seen/s);

    // A sender that kept its events sends them again, and they are new here.
    const positions = await sendLines(server, { source: 'part', sequence: 1, lines });
    assert.ok(positions.every((position) => position.startsWith('2/')));
    const [again = ''] = await sendLines(server, { source: 'part', sequence: 0, lines: [markedLine('kept.', rule)] });
    assert.equal(again, kept, 'a resend of what was kept still finds its old place');
    await server.caughtUp();
    assert.equal(markersOf(await searchEverything(server)).length, 501);

    const keys = new Map([
      ['1', await verifierKeyOf(server, 1)],
      ['2', await verifierKeyOf(server, 2)],
    ]);
    for (const position of [kept, positions[0] ?? '', positions.at(-1) ?? ''])
      await provenEvent(server, position, keys.get(position.split('/')[0] ?? '') ?? '');
    const alerts = await listAlerts(server);
    const wanted = [kept, ...positions.filter((_, at) => at % 100 === 0)].toSorted();
    const provable = new Set((await searchEverything(server)).map(({ position }) => position));
    const standing = alerts.filter(({ finding }) => provable.has(finding));
    assert.deepEqual(standing.map(({ input }) => input).toSorted(), wanted, 'one alert for each event that is there');
    const files = join(ledger, 'logs', '2');
    assert.equal(await server.stop(), 0);
    const verified = await runSallyport(['ledger', 'verify', files, '--key', keys.get('2') ?? ''], server.environment);
    assert.equal(verified.code, 0, verified.stderr);
  },
);
