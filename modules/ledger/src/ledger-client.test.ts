import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { createFramePeer } from '@sallyport/platform/frames';
import { createLedgerClient } from './ledger-client.ts';
import { decodePositions, encodePositions } from './read-format.ts';
import { quietLog } from './ledger-testing.ts';

test('a sealer that opens and ends again and again is started with growing pauses', async () => {
  const pauses: number[] = [];
  const enough = Promise.withResolvers<void>();
  const client = createLedgerClient({
    connect: async () => {
      const [left, right] = duplexPair();
      const server = createFramePeer(right, {
        open: () => {
          setImmediate(() => server.close());
          return { head: { log: 1, index: 0, logs: [] } };
        },
      });
      return createFramePeer(left, {});
    },
    anchor: async () => undefined,
    afterRestore: false,
    log: quietLog,
    delay: async (ms) => {
      pauses.push(ms);
      if (pauses.length === 5) enough.resolve();
    },
  });
  await client.ready();
  await enough.promise;
  await client.close();
  assert.deepEqual(pauses.slice(0, 5), [50, 100, 200, 400, 800]);
});

test('a start that fails for good ends the tries, also of a sealer that had run before', async () => {
  const refused = Object.assign(new Error('Wrong PIN'), { code: 'provider_refused' });
  let starts = 0;
  const givenUp = Promise.withResolvers<unknown>();
  const pauses: number[] = [];
  const client = createLedgerClient({
    async connect() {
      starts += 1;
      if (starts === 2) throw new Error('Not yet');
      if (starts > 2) throw refused;
      const [left, right] = duplexPair();
      const server = createFramePeer(right, {
        open: () => {
          setImmediate(() => server.close());
          return { head: { log: 1, index: 0, logs: [] } };
        },
      });
      return createFramePeer(left, {});
    },
    anchor: async () => undefined,
    afterRestore: false,
    log: quietLog,
    delay: async (ms) => void pauses.push(ms),
    isFinal: (error) => error === refused,
    onGivenUp: givenUp.resolve,
  });
  await client.ready();
  assert.equal(await givenUp.promise, refused);
  await client.close();
  // After the one that ended and the one that may go better next time; none after the last.
  assert.deepEqual([starts, pauses], [3, [50, 100]]);
});

test('a first start that fails for good is tried once, and told to whoever waits', async () => {
  const refused = new Error('Wrong PIN');
  let starts = 0;
  const client = createLedgerClient({
    async connect() {
      starts += 1;
      throw refused;
    },
    anchor: async () => undefined,
    afterRestore: false,
    log: quietLog,
    delay: async () => assert.fail('tried again'),
    isFinal: () => true,
    onGivenUp: () => assert.fail('told twice'),
  });
  await assert.rejects(client.ready(), refused);
  await client.close();
  assert.equal(starts, 1);
});

test('a batch too large for one frame is refused with a code, and nothing is sent', async () => {
  let appends = 0;
  const [left, right] = duplexPair();
  const server = createFramePeer(right, {
    open: () => ({ head: { log: 1, index: 0, logs: [] } }),
    append: () => {
      appends += 1;
      return { head: {} };
    },
  });
  const client = createLedgerClient({
    connect: async () => createFramePeer(left, {}),
    anchor: async () => undefined,
    afterRestore: false,
    log: quietLog,
    delay: async () => undefined,
  });
  await client.ready();
  const body = Buffer.alloc(1 << 20);
  const entries = Array.from({ length: 60 }, (_, sequence) => ({ classUid: 0, sequence, body }));
  await assert.rejects(client.append({ collector: 'c', priority: 'intake', entries }), { code: 'entry_invalid' });
  const odd = [{ classUid: 0, sequence: 0, body: Buffer.alloc(0), stream: 'a\ud800' }];
  await assert.rejects(client.append({ collector: 'c', priority: 'intake', entries: odd }), { code: 'entry_invalid' });
  assert.equal(appends, 0);
  server.close();
  await client.close();
});

test('positions of several logs survive the way across, in order', () => {
  const position = fc.record({ log: fc.integer({ min: 1, max: 3 }), index: fc.nat(50) }, { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(position), fc.integer({ min: 1, max: 3 }), (positions, log) => {
      assert.deepEqual(decodePositions(encodePositions(log, positions)), positions);
    }),
  );
});
