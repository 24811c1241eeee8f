import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { CodedError } from '@sallyport/platform/errors';
import { createFramePeer, type FrameHandlers, type FramePeer } from '@sallyport/platform/frames';
import { createStoreClient } from './store-client.ts';

/** A client to processes that `handlers` stand for, one after another; the last one stays. */
function clientOf(...processes: FrameHandlers[]) {
  const clock = createManualClock(0);
  const keys: Buffer[] = [];
  const deadlines: AbortController[] = [];
  const ends: FramePeer[] = [];
  const client = createStoreClient({
    connect() {
      const [ours, theirs] = duplexPair();
      ends.push(createFramePeer(theirs, processes[Math.min(ends.length, processes.length - 1)] ?? {}));
      return Promise.resolve(createFramePeer(ours, {}));
    },
    key() {
      const key = Buffer.alloc(32, 7);
      keys.push(key);
      return Promise.resolve(key);
    },
    directory: '/store',
    threads: 1,
    clock,
    deadline() {
      const controller = new AbortController();
      deadlines.push(controller);
      return controller.signal;
    },
  });
  return { client, clock, keys, deadlines, ends };
}

const opens = { open: () => ({ head: {} }) };
const refuses = {
  open: () => {
    throw new CodedError('store_key_wrong', 'Cannot open the event store');
  },
};
const ping = { head: {} };

test('the process is started once for calls at the same time, and gets key and directory', async () => {
  let opened: unknown;
  const { client, keys, ends } = clientOf({
    open: ({ head, payload }) => {
      opened = { directory: head['directory'], key: Buffer.from(payload ?? []).toString('hex') };
      return { head: {} };
    },
    ping: () => ({ head: { pong: 1 } }),
  });
  const answers = await Promise.all([client.call('ping', ping), client.call('ping', ping)]);
  assert.deepEqual(
    answers.map((answer) => answer.head['pong']),
    [1, 1],
  );
  assert.deepEqual(opened, { directory: '/store', key: '07'.repeat(32) });
  assert.equal(ends.length, 1);
  assert.deepEqual(keys[0], Buffer.alloc(32), 'the key is wiped after use');
  assert.equal(client.state().isUp, true);
});

test('a store that refuses to start is asked again only after a back-off that doubles', async () => {
  const { client, clock, ends } = clientOf(refuses);
  await assert.rejects(client.call('ping', ping), { code: 'store_key_wrong' });
  await assert.rejects(client.call('ping', ping), { code: 'store_unavailable' });
  assert.equal(ends.length, 1);
  clock.advance(250);
  await assert.rejects(client.call('ping', ping), { code: 'store_key_wrong' });
  clock.advance(250);
  await assert.rejects(client.call('ping', ping), { code: 'store_unavailable' });
  clock.advance(250);
  await assert.rejects(client.call('ping', ping), { code: 'store_key_wrong' });
  assert.deepEqual(client.state(), { isUp: false, lastError: 'Cannot open the event store', starts: 3 });
});

test('calls in flight are refused when the process ends, and a later one starts it again', async () => {
  const { client, clock, ends } = clientOf(
    { ...opens, ping: () => new Promise(() => undefined) },
    { ...opens, ping: () => ({ head: {} }) },
  );
  const call = client.call('ping', ping);
  const refused = assert.rejects(call, { code: 'store_unavailable' });
  while (ends.length === 0 || !client.state().isUp) await new Promise(setImmediate);
  ends[0]?.close();
  await refused;
  assert.equal(client.state().isUp, false);
  clock.advance(250);
  await client.call('ping', ping);
  assert.equal(ends.length, 2);
});

test('a process that does not answer in time is given up', async () => {
  const { client, deadlines, ends } = clientOf({ ...opens, query: () => new Promise(() => undefined) });
  const refused = assert.rejects(client.call('query', ping), { code: 'store_unavailable' });
  while (deadlines.length < 2) await new Promise(setImmediate);
  deadlines[1]?.abort();
  await refused;
  await ends[0]?.closed;
});

test('nothing is started after the client was closed', async () => {
  const { client, ends } = clientOf({ ...opens, ping: () => ({ head: {} }) });
  await client.call('ping', ping);
  client.close();
  await ends[0]?.closed;
  await assert.rejects(client.call('ping', ping), { code: 'store_unavailable' });
  assert.equal(ends.length, 1);
});
