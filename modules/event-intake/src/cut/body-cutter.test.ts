import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { startHouse } from '../intake-testing.ts';
import type { EventIntakeNeeds } from '../index.ts';
import { cutBody } from './cut-body.ts';

function heldWorker(released: Int32Array): EventIntakeNeeds['createCutWorker'] {
  return () => new Worker(new URL('held-worker-testing.ts', import.meta.url), { workerData: released });
}

test('while a body of 8 MiB is being cut, others are answered and their events acknowledged', async (t) => {
  const released = new Int32Array(new SharedArrayBuffer(4));
  const house = await startHouse(t, { createCutWorker: heldWorker(released) });
  const body = `{"event":"hold"}${'{"event":{}}'.repeat(650_000)}`.slice(0, 8 * 1024 * 1024 - 4);
  let isAnswered = false;
  const slow = house.post('/services/collector', body).then(async (reply) => {
    isAnswered = true;
    return [reply.status, await reply.json()];
  });
  let answered = 0;
  for (let times = 0; times < 50; times += 1) {
    const health = await fetch(`http://127.0.0.1:${house.port}/services/collector/health`);
    if (health.status === 200) answered += 1;
    await health.arrayBuffer();
  }
  const events = await house.send('{"a":1}\n', { query: '?source=other' });
  assert.deepEqual([answered, events.status, isAnswered], [50, 200, false]);
  Atomics.store(released, 0, 1);
  Atomics.notify(released, 0);
  // One more than are taken from one body, so it is told where it ends; those before it are kept.
  const [status, said] = await slow;
  assert.equal(status, 400);
  assert.match(JSON.stringify(said), /"invalid-event-number":65536/);
});

test('a body that hangs the thread is refused, and the next one is taken', async (t) => {
  const house = await startHouse(t, {
    createCutWorker: heldWorker(new Int32Array(new SharedArrayBuffer(4))),
    limits: { normaliseTimeLimitMs: 200 },
  });
  const refused = await house.post('/services/collector', '{"event":"hang"}');
  assert.deepEqual([refused.status, await refused.json()], [400, { text: 'Invalid data format', code: 6 }]);
  assert.equal((await house.post('/services/collector', '{"event":"next"}')).status, 200);
  assert.deepEqual(
    house.bodies().map((event) => event['raw_data']),
    ['{"event":"next"}'],
  );
});

test('a resource written into very many records is refused before it fills the memory', async (t) => {
  const house = await startHouse(t);
  const large = { attributes: [{ key: 'k', value: { stringValue: 'x'.repeat(1_000_000) } }] };
  const records = Array.from({ length: 1000 }, () => ({ body: { stringValue: 'a' } }));
  const request = JSON.stringify({ resourceLogs: [{ resource: large, scopeLogs: [{ logRecords: records }] }] });
  const refused = await house.post('/v1/logs', request, { 'content-type': 'application/json' });
  assert.equal(refused.status, 413);
  assert.match(await refused.text(), /written one by one/);
  assert.equal(house.bodies().length, 0);
});

test('what is cut is what was sent, and a fault is told with the events before it', () => {
  const texts = ({ events, ends }: { events: ArrayBuffer; ends: readonly number[] }): string[] =>
    ends.map((end, index) => Buffer.from(events).toString('utf8', ends[index - 1] ?? 0, end));
  const hec = cutBody({ bytes: Buffer.from('{"event":"é"} {"event":2}{"x":1}'), as: 'hec_events' });
  assert.deepEqual(texts(hec), ['{"event":"é"}', '{"event":2}']);
  assert.deepEqual(hec.fault, { code: 'event_required', invalidEventNumber: 2 });
  assert.deepEqual(texts(cutBody({ bytes: Buffer.from('a\r\n\nb'), as: 'hec_raw' })), ['a', 'b']);
  assert.equal(cutBody({ bytes: Buffer.from([255]), as: 'otlp_protobuf' }).refused?.code, 'otlp_wire');
});
