import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { alertFrom } from './alert.ts';
import type { Alert } from './alert.ts';
import { createAlertStreams } from './alert-streams.ts';
import { createManualTimers, finding } from './alerts.fixture.ts';

function setUp(options: { count?: number; maxStreams?: number; streamBuffer?: number } = {}) {
  const stored: Alert[] = [];
  const timers = createManualTimers();
  let fetches = 0;
  const streams = createAlertStreams({
    async alertsAfter(after, limit) {
      fetches += 1;
      return stored.filter(({ number }) => number > after).slice(0, limit);
    },
    newestNumber: async () => stored.at(-1)?.number ?? 0,
    every: timers.every,
    maxStreams: options.maxStreams ?? 2,
    streamBuffer: options.streamBuffer ?? 65_536,
  });
  const add = (count: number): void => {
    for (let left = count; left > 0; left -= 1) {
      const number = stored.length + 1;
      const position = { log: 1, index: number };
      stored.push(
        alertFrom({ number, position, finding: finding({ index: number, host: 'web-1' }), isSuppressed: false }),
      );
    }
    streams.wake();
  };
  add(options.count ?? 0);
  let callers = 0;
  // Somebody else each time.
  const open = (after: number | undefined): Promise<Readable> => streams.open(after, `user/${(callers += 1)}`);
  return { streams: { ...streams, open }, openAs: streams.open, timers, add, fetches: () => fetches };
}

/** Reads until `count` alerts came, and gives their ids as sent. */
async function take(stream: Readable, count: number): Promise<number[]> {
  let text = '';
  while ([...text.matchAll(/^id: \d+$/gm)].length < count || !text.endsWith('\n\n')) {
    const chunk: unknown = stream.read();
    if (typeof chunk === 'string') text += chunk;
    else await once(stream, 'readable');
  }
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}

test('a stream resumes after the number given, then follows, in order and without a gap', async () => {
  const { streams, add } = setUp({ count: 120 });
  const stream = await streams.open(3);
  add(30);
  const ids = await take(stream, 147);
  assert.deepEqual(
    ids,
    Array.from({ length: 147 }, (_, at) => at + 4),
  );
  add(1);
  assert.deepEqual(await take(stream, 1), [151]);
  stream.destroy();
});

test('a stream without a number starts with the next alert', async () => {
  const { streams, add } = setUp({ count: 5 });
  const stream = await streams.open(undefined);
  add(2);
  assert.deepEqual(await take(stream, 2), [6, 7]);
  stream.destroy();
});

test('an event carries number, kind and one line of JSON with the host', async () => {
  const { streams } = setUp({ count: 1 });
  const stream = await streams.open(0);
  stream.setEncoding('utf8');
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes('data:')) break;
  }
  assert.match(
    text,
    /^: alerts follow\n\nid: 1\nevent: alert\ndata: \{"id":"1-1","number":1,.*"host":"web-1",.*\}\n\n$/,
  );
});

test('one stream over the limit is refused with a code, also when all open at once, and a place freed is given again', async () => {
  const { streams } = setUp();
  const results = await Promise.allSettled([1, 2, 3].map(() => streams.open(undefined)));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  await assert.rejects(streams.open(0), { code: 'alert_streams_exhausted' });
  const [first] = results;
  assert.ok(first?.status === 'fulfilled');
  first.value.destroy();
  await once(first.value, 'close');
  assert.equal(streams.count(), 1);
  (await streams.open(0)).destroy();
});

test('a reader that takes nothing costs one page, is told, ended, and then cut off; another reader gets everything', async () => {
  const { streams, timers, fetches } = setUp({ count: 5000, streamBuffer: 1024 });
  const slow = await streams.open(0);
  slow.read(1);
  const reader = await streams.open(4990);
  assert.equal((await take(reader, 10)).length, 10);
  const bound = slow.readableLength;
  assert.ok(bound < 50 * 1024, `${bound} characters held`);
  const fetched = fetches();
  for (let beat = 1; beat <= 2; beat += 1) timers.goOff();
  const closed = once(slow, 'close');
  assert.equal(streams.count(), 2);
  timers.goOff();
  await closed;
  assert.equal(streams.count(), 1);
  assert.equal(fetches(), fetched);
  reader.destroy();
});

test('a slow reader that comes back in time reads the farewell and can resume without a gap', async () => {
  const { streams, timers } = setUp({ count: 300, streamBuffer: 1024 });
  const slow = await streams.open(0);
  slow.read(1);
  await new Promise((resolve) => setImmediate(resolve));
  for (let beat = 1; beat <= 2; beat += 1) timers.goOff();
  let text = '';
  for await (const chunk of slow) text += String(chunk);
  assert.ok(text.endsWith(': reader too slow, resume with Last-Event-ID\n\n'));
  const last = Number([...text.matchAll(/^id: (\d+)$/gm)].at(-1)?.[1]);
  const resumed = await streams.open(last);
  const ids = await take(resumed, 300 - last);
  assert.deepEqual([ids[0], ids.at(-1)], [last + 1, 300]);
  resumed.destroy();
});

test('a quiet stream gets heartbeats for as long as they are read', async () => {
  const { streams, timers } = setUp();
  const stream = await streams.open(undefined);
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  for (let beat = 1; beat <= 5; beat += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    timers.goOff();
  }
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(chunks.filter((chunk) => chunk === ': heartbeat\n\n').length, 5);
  stream.destroy();
});

test('close() ends every stream and stops its timer', async () => {
  const { streams, timers } = setUp();
  const open = [await streams.open(0), await streams.open(0)];
  const closed = Promise.all(open.map((stream) => once(stream, 'close')));
  streams.close();
  await closed;
  assert.deepEqual([streams.count(), timers.count()], [0, 0]);
});

test('one caller cannot take the places of all others', async () => {
  const { streams, openAs } = setUp({ maxStreams: 8 });
  const own = [await openAs(0, 'user/a'), await openAs(0, 'user/a')];
  await assert.rejects(openAs(0, 'user/a'), { code: 'alert_streams_exhausted' });
  const other = await openAs(0, 'user/b');
  own[0]?.destroy();
  const again = await openAs(0, 'user/a');
  assert.equal(streams.count(), 3);
  for (const stream of [...own, other, again]) stream.destroy();
});
