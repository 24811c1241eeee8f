import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import fc from 'fast-check';
import { startHouse } from '../intake-testing.ts';
import type { IntakeHouse } from '../intake-testing.ts';
import { traceReads } from './trace-reads.ts';

const line = '<86>Oct  9 08:52:20 web1 sshd[11]: Failed password for invalid user bob from 192.0.2.3 port 22 ssh2';

async function preview(
  house: IntakeHouse,
  body: string | Uint8Array,
  query = '?format=auto',
  type = 'text/plain',
): Promise<{ status: number; body: JsonObject; events: JsonObject[] }> {
  const answer = await house.post(`/v1/events/preview${query}`, body, { 'content-type': type });
  const said = parseJson(await answer.text());
  const read = isJsonObject(said) ? said : {};
  const events = Array.isArray(read['events']) ? read['events'] : [];
  return { status: answer.status, body: read, events: events.filter((event: JsonValue) => isJsonObject(event)) };
}

test('a preview shows what sending would record, and records nothing', async (t) => {
  const house = await startHouse(t);
  const body = `${line}\n{"time":1760000000000,"a":{"b":1},"message":"x"}\nodd\n`;
  const shown = await preview(house, body);
  assert.equal(shown.status, 200);
  assert.equal(house.ledger.events().length, 0);
  assert.equal((await house.intake.sources.list({ limit: 9 })).length, 0);
  await house.send(body, { query: '?source=web&format=auto', headers: { 'content-type': 'text/plain' } });
  const recorded = house.bodies().map(({ metadata, ...event }) => {
    const { reporter: _reporter, ...own } = isJsonObject(metadata) ? metadata : {};
    return { ...event, metadata: own };
  });
  assert.deepEqual(
    shown.events.map(({ ocsf }) => ocsf),
    recorded,
  );
  assert.deepEqual(
    shown.events.map(({ class_uid: classUid, mapping, unmapped }) => [classUid, mapping, unmapped]),
    [
      [3002, { id: 'linux-ssh-sign-in', version: 1 }, ['ProcessId', 'facility', 'severity', 'KnownUser', 'ambiguous']],
      [0, undefined, ['a.b']],
      [0, undefined, []],
    ],
  );
});

test('a preview says why an event would be kept raw, and refuses what is too large', async (t) => {
  const house = await startHouse(t);
  const raw = await preview(house, '{"a":\n{"b":1}\n', '', 'application/x-ndjson');
  assert.deepEqual(
    raw.events.map(({ reason }) => reason),
    ['json_invalid', undefined],
  );
  const many = await preview(house, '{"b":1}\n'.repeat(1000), '', 'application/x-ndjson');
  assert.deepEqual([many.events.length, many.body['total']], [20, 1000]);
  assert.equal((await preview(house, 'x'.repeat(70_000))).status, 413);
  assert.equal((await preview(house, 'x', '', 'image/png')).status, 415);
  const packed = { 'content-type': 'text/plain', 'content-encoding': 'gzip' };
  assert.equal((await house.post('/v1/events/preview', gzipSync('x'), packed)).status, 415);
});

test('a preview that hangs its thread holds up nobody who sends, and leaves the next preview sound', async (t) => {
  const house = await startHouse(t, {
    createWorker: () => new Worker(new URL('../hostile-worker-testing.ts', import.meta.url)),
    limits: { previewTimeLimitMs: 300 },
  });
  const hostile = Array.from({ length: 6 }, () => preview(house, '{"spin":1}\n', '', 'application/x-ndjson'));
  const sent = await house.send('{"fine":1}\n', { query: '?source=web' });
  assert.equal(sent.status, 200);
  const statuses = (await Promise.all(hostile)).map(({ status }) => status).toSorted((one, other) => one - other);
  assert.deepEqual([...new Set(statuses)], [200, 429]);
  const sound = await preview(house, '{"fine":1}\n', '', 'application/x-ndjson');
  assert.deepEqual([sound.status, sound.events[0]?.['reason']], [200, undefined]);
});

test('what is read of a record is read as it is, and the rest is told', () => {
  const { record, unread } = traceReads({ a: 1, b: { c: 2, d: { e: 3 } }, list: [1, 2], empty: {} });
  assert.equal(record['a'], 1);
  const { b } = record;
  assert.ok(isJsonObject(b));
  assert.deepEqual(JSON.parse(JSON.stringify(b['d'])), { e: 3 });
  assert.deepEqual(unread(), ['b.c', 'list', 'empty']);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const parsed = parseJson(JSON.stringify(value));
      assert.ok(isJsonObject(parsed));
      const trace = traceReads(parsed);
      assert.deepEqual(JSON.parse(JSON.stringify(trace.record)), parsed);
      assert.deepEqual(trace.unread(), []);
    }),
  );
});
