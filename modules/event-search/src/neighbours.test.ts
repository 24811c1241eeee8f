import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { createEmbeddedStore } from './embedded-store.ts';
import { createNeighbours } from './neighbours.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const neighbours = createNeighbours({ store, timeoutMs: 30_000 });
const startMs = Date.UTC(2026, 0, 2, 3);
after(() => testStore.remove());

const signIn = (user: string, ip: string, statusId = 1): JsonObject => ({
  class_uid: 3002,
  status_id: statusId,
  user: { name: user },
  src_endpoint: { ip },
  device: { hostname: 'web-1' },
  raw_data: 'x',
});
const camera = (id: string, more: JsonObject): JsonObject => ({
  class_uid: 5019,
  device: { hostname: 'Gate camera' },
  unmapped: { sallyport: { camera: { id }, site: 'Mill' } },
  ...more,
});
const change = (more: JsonObject): JsonObject => ({ class_uid: 3001, actor: { user: { name: 'ada' } }, ...more });

before(async () => {
  const events: JsonObject[] = [
    signIn('kim', '192.0.2.7', 2),
    signIn('KIM', '192.0.2.7'),
    ...Array.from({ length: 40 }, (_, at) => signIn(`user-${at}`, '192.0.2.7', 2)),
    signIn('ada', '192.0.2.9'),
    camera('cam-1', {}),
    camera('cam-1', { raw_data: 'claimed', device: { hostname: 'forged' } }),
    change({ user: { name: 'kim' }, raw_data: 'x' }),
    change({ unmapped: { sallyport: { target: { type: 'user', id: 'u1', name: 'guy' } } } }),
    change({ unmapped: { sallyport: { target: { name: 'forged' } } }, raw_data: 'x' }),
    { class_uid: 1007, user: { name: 'kim' }, device: { hostname: 'web-1' }, raw_data: 'x' },
  ];
  await store.insert(
    events.map((event, index) => ({
      position: { log: 1, index },
      receivedAtMs: startMs + index * 1000,
      classUid: Number(event['class_uid']),
      body: Buffer.from(JSON.stringify(event)),
    })),
    'planted',
  );
});

test('an address has whom it tried beside it, counted, with the first and last event, and how many there are in all', async () => {
  const { neighbours: found } = await neighbours({
    filter: {},
    centres: [{ field: 'src_ip', value: '192.0.2.7' }],
    perField: 3,
  });
  const users = found.filter(({ field }) => field === 'user');
  assert.deepEqual(
    users.map(({ value, count, failed, distinct }) => [value, count, failed, distinct]),
    [
      ['KIM', 2, 1, 41],
      ['user-0', 1, 1, 41],
      ['user-1', 1, 1, 41],
    ],
  );
  const [kim] = users;
  assert.deepEqual(
    [kim?.otherSpelling, kim?.first, kim?.last, kim?.firstMs, kim?.classes],
    ['kim', { log: 1, index: 0 }, { log: 1, index: 1 }, startMs, [3002]],
  );
  assert.deepEqual(
    found.filter(({ field }) => field === 'host').map(({ value, count }) => [value, count]),
    [['web-1', 42]],
  );
});

test('several values are looked around in one pass, each by itself and never its own neighbour', async () => {
  const { neighbours: found } = await neighbours({
    filter: { fromMs: startMs },
    centres: [
      { field: 'user', value: 'Kim' },
      { field: 'target_user', value: 'kim' },
      { field: 'user', value: 'nobody' },
    ],
    perField: 10,
  });
  assert.deepEqual(
    found.map(({ centre, field, value, count, classes }) => [centre, field, value, count, classes]),
    [
      [0, 'host', 'web-1', 3, [1007, 3002]],
      [0, 'src_ip', '192.0.2.7', 2, [3002]],
      [1, 'user', 'ada', 1, [3001]],
    ],
  );
});

test('only events of our own speak for cameras and for whose account our people changed', async () => {
  const around = await neighbours({
    filter: {},
    centres: [
      { field: 'camera', value: 'cam-1' },
      { field: 'site', value: 'Mill' },
      { field: 'user', value: 'ada' },
    ],
    perField: 10,
  });
  assert.deepEqual(
    around.neighbours.map(({ centre, field, value, label, count }) => [centre, field, value, label, count]),
    [
      [0, 'site', 'Mill', '', 1],
      [1, 'camera', 'cam-1', 'Gate camera', 1],
      [2, 'host', 'web-1', '', 1],
      [2, 'src_ip', '192.0.2.9', '', 1],
      [2, 'target_user', 'guy', '', 1],
      [2, 'target_user', 'kim', '', 1],
    ],
  );
});

test('a value cannot become SQL, and more than is allowed is refused', async () => {
  const hostile = `') OR 1=1 --\\\u0000 {p0:String}`;
  const { neighbours: found } = await neighbours({
    filter: {},
    centres: [{ field: 'user', value: hostile }],
    perField: 1,
  });
  assert.deepEqual(found, []);
  const many = Array.from({ length: 65 }, (_, at) => ({ field: 'user', value: `u${at}` }) as const);
  await assert.rejects(neighbours({ filter: {}, centres: many, perField: 1 }), { code: 'query_invalid' });
  await assert.rejects(neighbours({ filter: {}, centres: many.slice(0, 1), perField: 101 }), { code: 'query_invalid' });
});
