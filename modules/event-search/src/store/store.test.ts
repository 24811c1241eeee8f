import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { LedgerEvent } from '@sallyport/ledger';
import fc from 'fast-check';
import { engineJson } from '../engine-json.ts';
import { createEmbeddedStore } from '../embedded-store.ts';
import { eventsTable } from '../events-table.ts';
import { parseLines } from '../result-lines.ts';
import { createTestStore, type TestStore } from '../store-testing.ts';

const everything = { from: { log: 0, index: 0 } };
const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 0, 1);
const limits = { lane: 'search', timeoutMs: 60_000, maxRows: 1000, maxBytes: 1_000_000 } as const;

const stores: TestStore[] = [];
function newStore(): TestStore {
  const store = createTestStore();
  stores.push(store);
  return store;
}
after(async () => {
  for (const store of stores) await store.remove();
});
const shared = newStore();
const store = createEmbeddedStore(shared.client());

function event(index: number, body: string, options: { log?: number; receivedAtMs?: number } = {}): LedgerEvent {
  return {
    position: { log: options.log ?? 1, index },
    receivedAtMs: options.receivedAtMs ?? startMs,
    classUid: 1007,
    body: Buffer.from(body),
  };
}

async function rows(sql: string, parameters: Record<string, string> = {}) {
  return parseLines((await store.query({ sql, parameters, ...limits })).lines);
}

test('the engine computes the promoted columns from the body', async () => {
  const body = {
    class_uid: 1007,
    category_uid: 1,
    severity_id: 3,
    time: startMs + 5,
    device: { hostname: 'web1' },
    user: { name: 'bob' },
    process: { file: { path: 'C:\\Windows\\cmd.exe' }, cmd_line: 'cmd /c "whoami"' },
    actor: { user: { name: '' } },
    dst_endpoint: { ip: '10.0.0.1', port: 445 },
  };
  await store.insert([event(0, JSON.stringify(body), { log: 2 })], 'promoted');
  const [found] = await rows(
    `SELECT class_uid, severity_id, toUnixTimestamp64Milli(time) AS time, host, user, process, command_line, dst_ip, dst_port, domain, body FROM ${eventsTable} WHERE log = 2`,
  );
  assert.deepEqual(found, {
    class_uid: 1007,
    severity_id: 3,
    time: startMs + 5,
    host: 'web1',
    user: 'bob',
    process: 'C:\\Windows\\cmd.exe',
    command_line: 'cmd /c "whoami"',
    dst_ip: '10.0.0.1',
    dst_port: 445,
    domain: '',
    body: JSON.stringify(body),
  });
});

test('no body can make an insert fail or spill into another row', async () => {
  const bodies = [
    '',
    'null',
    '[1]',
    'not JSON',
    '"],[9,9,"2026-01-01 00:00:00.000",1,"forged',
    '{"a":1}\n[9,9,"2026-01-01 00:00:00.000",1,"{}"]\n',
    '{"time":-9e18,"severity_id":-1,"dst_endpoint":{"port":"x"}}',
    '{"time":99999999999999999999999,"class_uid":1e400,"device":5}',
    '{"time":"soon","severity_id":"3","device":{"hostname":{"a":1}},"user":[1]}',
    '['.repeat(20_000),
    `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`,
    '{"device":{"hostname":"\\ud800\\u0000"},"__proto__":{"x":1}}',
    '\u0000\u0001\u2028',
    `{"device":{"hostname":"${'x'.repeat(100_000)}"}}`,
    '{"a":1}{"a":2} trailing',
  ];
  const events = bodies.map((body, index) => event(index, body, { log: 3 }));
  const broken = { ...event(bodies.length, '', { log: 3 }), body: Buffer.from([0x7b, 0xff, 0xfe, 0x22, 0x7d]) };
  const erased = { ...event(bodies.length + 1, '', { log: 3 }), body: undefined };
  await store.insert([...events, broken, erased], 'poison');
  const wanted = bodies.length + 2;
  assert.deepEqual(await store.extent({ from: { log: 3, index: 0 }, to: { log: 4, index: 0 } }), {
    rows: wanted,
    positions: wanted,
  });
  assert.equal(await store.countRows({ from: { log: 9, index: 0 } }), 0);
  const kept = await rows(`SELECT idx, body FROM ${eventsTable} WHERE log = 3 AND idx < ${bodies.length} ORDER BY idx`);
  assert.deepEqual(
    kept.map((row) => row['body']),
    bodies.map(engineJson),
  );
});

test('whatever stands in a body is kept sign by sign', async () => {
  const store = createEmbeddedStore(newStore().client());
  const sign = fc.constantFrom(
    '{',
    '}',
    '"',
    '""',
    '\\',
    "'",
    'a',
    '1'.repeat(19),
    '\n',
    '\r',
    '\u001f',
    '\t',
    ' ',
    ',',
    ';',
    '\n\n',
    '\u0000',
    'é',
    '😀',
  );
  const body = fc.oneof(
    fc.string({ unit: sign }).map((text) => Buffer.from(text)),
    fc.string({ unit: sign }).map((text) => Buffer.from(`{${text}}`)),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  );
  const bodies = fc.sample(body, 2000);
  // Many small inserts besides one of all: rows go in one way or the other for the sake of a single body.
  const events = bodies.map((bytes, index) => ({ ...event(index, ''), body: bytes }));
  for (let at = 0; at < 8; at += 1) await store.insert(events.slice(at, at + 1), `sign/${at}`);
  await store.insert(events.slice(8), 'signs');
  const { lines } = await store.query({
    sql: `SELECT idx, body FROM ${eventsTable} ORDER BY idx`,
    parameters: {},
    ...limits,
    maxRows: bodies.length,
  });
  assert.deepEqual(
    parseLines(lines).map((row) => row['body']),
    bodies.map((bytes) => engineJson(bytes.toString())),
  );
});

test('the same token inserts nothing more, also after the rows were removed', async () => {
  const range = { from: { log: 4, index: 0 }, to: { log: 4, index: 10 } };
  const events = [event(0, '{}', { log: 4 }), event(5, '{}', { log: 4 })];
  await store.insert(events, 'once');
  await store.insert(events, 'once');
  assert.deepEqual(await store.extent(range), { rows: 2, positions: 2 });
  await store.remove(range);
  await store.insert(events, 'once');
  assert.deepEqual(await store.extent(range), { rows: 0, positions: 0 });
  await store.insert(events, 'twice');
  assert.deepEqual(await store.extent(range), { rows: 2, positions: 2 });
});

test('one insert may hold more receive days than the engine allows by default', async () => {
  const store = createEmbeddedStore(newStore().client());
  const events = Array.from({ length: 102 }, (_, day) => event(day, '{}', { receivedAtMs: startMs + day * dayMs }));
  await store.insert(events, 'days');
  assert.equal(await store.countRows(everything), 102);
  assert.equal(await store.lastIndex(1, 50), 49);
  assert.equal(await store.lastIndex(77, 50), undefined);
  await store.remove({ from: { log: 1, index: 100 } });
  assert.equal(await store.countRows(everything), 100);
});

test('a query is ended at its time limit, its row limit and its byte limit, and cannot write', async () => {
  const ask = (sql: string, changed: object) => store.query({ sql, parameters: {}, ...limits, ...changed });
  await assert.rejects(ask('SELECT max(sipHash64(number)) FROM numbers(1e12)', { timeoutMs: 200 }), {
    code: 'query_timeout',
  });
  await assert.rejects(ask('SELECT number FROM numbers(5000)', {}), { code: 'query_too_large' });
  await assert.rejects(ask(`SELECT repeat('x', 900000 + number) FROM numbers(3)`, {}), { code: 'query_too_large' });
  await assert.rejects(ask('SELECT groupArray(toString(number)) FROM numbers(1e9)', { timeoutMs: 120_000 }), {
    code: 'query_too_large',
  });
  await assert.rejects(ask(`INSERT INTO ${eventsTable} (log) SELECT 1`, {}), { code: 'query_failed' });
  await assert.rejects(ask('SELECT no_such_column FROM system.one', {}), {
    code: 'query_failed',
    details: { engineCode: 47, engineError: 'UNKNOWN_IDENTIFIER' },
  });
  assert.deepEqual(await rows('SELECT 1 AS one'), [{ one: 1 }]);
});

test('an insert does not wait for a search', async () => {
  let searchIsRunning = true;
  const search = store
    .query({ sql: 'SELECT max(sipHash64(number)) FROM numbers(1e12)', parameters: {}, ...limits })
    .catch(() => undefined)
    .then(() => {
      searchIsRunning = false;
    });
  await store.insert([event(0, '{}', { log: 6 })], 'beside');
  assert.equal(await store.countRows({ from: { log: 6, index: 0 }, to: { log: 7, index: 0 } }), 1);
  assert.equal(searchIsRunning, true);
  await shared.kill();
  await search;
});

test('what was acknowledged is there after kill -9, and nothing of it is readable on disk', async () => {
  const secret = 'plantedSecretZ7';
  const before = await store.countRows(everything);
  for (let batch = 0; batch < 8; batch += 1) {
    const body = JSON.stringify({
      device: { hostname: `${secret}host` },
      message: `${secret} ${batch}`,
      raw_data: secret,
    });
    await store.insert([event(batch, body, { log: 8 })], `planted/${batch}`);
  }
  await store.remove({ from: { log: 8, index: 7 } });
  assert.equal(
    (await rows(`SELECT count() AS n FROM ${eventsTable} WHERE message ILIKE {p:String}`, { p: `%${secret}%` }))[0]?.[
      'n'
    ],
    7,
  );
  await rows(`SELECT body, rand() AS r FROM ${eventsTable} WHERE log = 8 ORDER BY r`);
  await shared.kill();
  assert.equal(await store.countRows(everything), before + 7);
  const files = readdirSync(shared.directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(files.some((file) => file.name === 'data.bin'));
  const texts = [secret, secret.toLowerCase(), shared.key.toString('hex'), shared.key.toString('hex').toUpperCase()];
  for (const file of files) {
    const content = readFileSync(join(file.parentPath, file.name));
    for (const text of texts) assert.equal(content.includes(text), false, `${file.name} holds "${text}"`);
    assert.equal(content.includes(shared.key), false, `${file.name} holds the key`);
  }
});

test('another key, a key of another length and a missing key check are refused, and change nothing', async () => {
  const before = await store.countRows(everything);
  await shared.kill();
  const wrong = createEmbeddedStore(shared.client({ key: Buffer.alloc(32, 1) }));
  await assert.rejects(wrong.countRows(everything), { code: 'store_key_wrong' });
  const short = createEmbeddedStore(shared.client({ key: Buffer.alloc(31, 1) }));
  await assert.rejects(short.countRows(everything), { code: 'store_key_invalid' });
  const check = join(shared.directory, 'key-check');
  const content = readFileSync(check);
  rmSync(check);
  await assert.rejects(store.countRows(everything), { code: 'store_key_wrong' });
  writeFileSync(check, content);
  assert.equal(await store.countRows(everything), before);
});

test('a table outside the encrypted disk keeps the store from serving', async () => {
  await shared.kill();
  const script = `
    import { Session } from 'chdb';
    process.env.SALLYPORT_STORE_KEY_HEX = process.argv[1];
    const session = new Session(process.argv[2], { connectionArgs: ['--config-file=' + process.argv[2] + '/engine.xml'] });
    session.query(process.argv[3]);
    session.close();`;
  const run = (sql: string) =>
    execFileSync(
      process.execPath,
      ['--input-type=module', '--eval', script, shared.key.toString('hex'), shared.directory, sql],
      { cwd: import.meta.dirname },
    );
  run('CREATE TABLE sallyport.plain (a String) ENGINE = MergeTree ORDER BY a');
  await assert.rejects(store.countRows(everything), {
    code: 'store_not_encrypted',
    details: { tables: ['sallyport.plain'] },
  });
  run('DROP TABLE sallyport.plain SYNC');
  assert.ok((await store.countRows(everything)) > 0);
  await shared.kill();
  run(`ALTER TABLE ${eventsTable} MODIFY SETTING auto_statistics_types = 'uniq'`);
  assert.ok((await store.countRows(everything)) > 0, 'a table with another upkeep is kept');
  const [kept] = await rows(`SELECT engine_full FROM system.tables WHERE database = 'sallyport' AND name = 'events'`);
  assert.match(String(kept?.['engine_full']), /auto_statistics_types = ''/);
  await shared.kill();
  run(`ALTER TABLE ${eventsTable} MODIFY COMMENT 'an older layout'`);
  assert.equal(await store.countRows(everything), 0, 'a table of another layout is made anew');
});

test('the store process ends when its connection closes', async () => {
  const other = newStore();
  const peer = await other.connect();
  await assert.rejects(peer.call('query', { head: {} }), { code: 'store_unavailable' });
  await assert.rejects(peer.call('open', { head: { directory: '' } }), { code: 'query_invalid' });
  peer.close();
  await other.exited();
});
