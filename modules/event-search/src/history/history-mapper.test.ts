import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { JsonObject } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import { createHistoryMapper, fingerprintOf } from './history-mapper.ts';
import { doorMapping, sealedBody, shownToday, todaysText } from './history-testing.ts';
import { createRemapThread, startRemapWorker } from './remap-thread.ts';

const event = (index: number, body: Uint8Array | undefined): LedgerEvent => ({
  position: { log: 1, index },
  receivedAtMs: 1,
  classUid: 3002,
  body,
});
const door = (index: number, more: JsonObject = {}) =>
  event(index, sealedBody({ kind: 'door', who: `u${index}`, from: '10.0.0.1', ...more }));

function mapperWith(timeLimitMs: number, createWorker: () => Worker) {
  let started = 0;
  const thread = createRemapThread({
    timeLimitMs,
    createWorker() {
      started += 1;
      return createWorker();
    },
  });
  return { ...createHistoryMapper({ thread, fingerprint: 'f', mostEnds: 12 }), started: () => started };
}

const real = (text = todaysText) => mapperWith(10_000, () => startRemapWorker([{ name: 'door.yaml', text }]));
const hostile = () =>
  mapperWith(1000, () => new Worker(new URL('hostile-worker-testing.ts', import.meta.url), { workerData: todaysText }));

test('bodies are those of today; what is erased, ours or no event stays as it is, at its place', async () => {
  const mapper = real();
  const own = event(3, Buffer.from('{"class_uid":3002,"time":1,"metadata":{"log_name":"audit"}}'));
  const events = [door(0), event(1, undefined), event(2, Buffer.from('not JSON')), own, door(4)];
  const mapped = await mapper.map(events);
  assert.deepEqual(mapped.kept, 0);
  assert.deepEqual(
    mapped.events.map(({ body, ...rest }) => ({ ...rest, body: body && Buffer.from(body).toString() })),
    events.map(shownToday).map(({ body, ...rest }) => ({ ...rest, body: body && Buffer.from(body).toString() })),
  );
  assert.match(Buffer.from(mapped.events[4]?.body ?? []).toString(), /"remapped":\{"sealed":"door@1","by":"door@2"\}/);
  assert.equal(mapped.events[3], own);
  await mapper.rest();
  assert.deepEqual(
    (await mapper.map([door(7)])).events,
    [shownToday(door(7))].map((one) => ({ ...one, body: new Uint8Array(one.body ?? []) })),
  );
  await mapper.rest();
});

test('an event that holds up or ends the thread is kept as it is, and its neighbours are mapped', async () => {
  for (const order of ['order-spin', 'order-exit', 'order-throw']) {
    const mapper = hostile();
    const events = [door(0), door(1), door(2, { order }), door(3)];
    const mapped = await mapper.map(events);
    assert.equal(mapped.kept, 1, order);
    assert.equal(mapped.events[2], events[2]);
    for (const at of [0, 1, 3]) assert.match(Buffer.from(mapped.events[at]?.body ?? []).toString(), /door@2/, order);
    await mapper.rest();
  }
});

test('many such events cost a few threads a call and a bounded number in all; the rest is kept', async () => {
  const mapper = hostile();
  const events = Array.from({ length: 50 }, (_, index) => door(index, { order: 'order-exit' }));
  for (let call = 0; call < 6; call += 1) assert.equal((await mapper.map(events)).kept, 50);
  assert.ok(mapper.started() <= 13, `${mapper.started()} threads`);
  const before = mapper.started();
  assert.deepEqual((await mapper.map([door(0)])).kept, 1, 'given up, until it is asked for again');
  assert.equal(mapper.started(), before);
  await mapper.rest();
  assert.equal((await mapper.map([door(0)])).kept, 0);
  await mapper.rest();
});

test('a mapping file that is refused for its size, or makes too much of a record, changes nothing', async () => {
  const large = real(`${todaysText}\n# ${'x'.repeat(300_000)}`);
  const [base] = (await large.map([door(0)])).events;
  assert.match(Buffer.from(base?.body ?? []).toString(), /"class_uid":0/, 'without its mapping it is a base event');
  await large.rest();
  const long = 'x'.repeat(32_000);
  const wide = Array.from({ length: 120 }, (_, at) => `unmapped.a${at}: $who`).join('\n  ');
  const greedy = real(doorMapping(3, wide));
  const { events, kept } = await greedy.map([door(0, { who: long })]);
  assert.equal(kept, 0);
  assert.ok((events[0]?.body?.byteLength ?? 0) < 2 * 1024 * 1024);
  await greedy.rest();
});

test('the fingerprint is of what the mappings say, not of the order of their files', () => {
  const [a, b] = [
    { name: 'a', text: '1' },
    { name: 'b', text: '2' },
  ];
  assert.equal(fingerprintOf([a, b], 'v'), fingerprintOf([b, a], 'v'));
  assert.notEqual(fingerprintOf([a, b], 'v'), fingerprintOf([a, b], 'w'));
  assert.notEqual(fingerprintOf([a, b], 'v'), fingerprintOf([a, { ...b, text: '3' }], 'v'));
});
