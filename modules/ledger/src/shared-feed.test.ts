import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position } from '@sallyport/contracts';
import type { Ledger, LedgerRange } from './ledger.ts';
import { createSharedFeed } from './shared-feed.ts';

const limits = { maxEvents: 10, maxBytes: 1000 };

/** A log of numbered entries that counts how often it is read, and fails when told. */
function startLog() {
  let size = 0;
  let reads = 0;
  let failures = 0;
  const ledger: Pick<Ledger, 'head' | 'read' | 'waitPast'> = {
    head: () => ({ log: 1, index: size }),
    waitPast: async () => undefined,
    async read(from: Position, { maxEvents, until }): Promise<LedgerRange> {
      reads += 1;
      await Promise.resolve();
      if (failures > 0) {
        failures -= 1;
        throw new Error('away');
      }
      const to = { log: 1, index: Math.min(size, from.index + maxEvents, until?.index ?? size) };
      const events = Array.from({ length: to.index - from.index }, (_, at) => ({
        position: { log: 1, index: from.index + at },
        receivedAtMs: 0,
        classUid: 0,
        body: undefined,
      }));
      return { from, to, events };
    },
  };
  return {
    ledger,
    grow: (by: number) => (size += by),
    fail: (times: number) => (failures = times),
    reads: () => reads,
  };
}

test('readers side by side share one read of a range, and each gets all of it', async () => {
  const { ledger, grow, reads } = startLog();
  grow(25);
  const feed = createSharedFeed(ledger, 3);
  const follow = async (): Promise<number[]> => {
    const seen: number[] = [];
    for (let at: Position = { log: 1, index: 0 }; at.index < 25;) {
      const { events, to } = await feed.read(at, limits);
      seen.push(...events.map(({ position }) => position.index));
      at = to;
    }
    return seen;
  };
  const all = await Promise.all([follow(), follow(), follow()]);
  const wanted = Array.from({ length: 25 }, (_, at) => at);
  assert.deepEqual(all, [wanted, wanted, wanted]);
  assert.equal(reads(), 3);
});

test('what is not there yet is asked for again, and so is what failed', async () => {
  const { ledger, grow, fail } = startLog();
  const feed = createSharedFeed(ledger, 3);
  const from = { log: 1, index: 0 };
  assert.equal((await feed.read(from, limits)).to.index, 0);
  grow(5);
  fail(1);
  const both = await Promise.allSettled([feed.read(from, limits), feed.read(from, limits)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal((await feed.read(from, limits)).to.index, 5);
});

test('a bounded number of ranges is kept, and exact bounds are always read', async () => {
  const { ledger, grow, reads } = startLog();
  grow(100);
  const feed = createSharedFeed(ledger, 2);
  for (let index = 0; index < 100; index += 10) await feed.read({ log: 1, index }, limits);
  const before = reads();
  await feed.read({ log: 1, index: 0 }, limits);
  assert.equal(reads(), before + 1);
  await feed.read({ log: 1, index: 90 }, limits);
  assert.equal(reads(), before + 1);
  const exact = { ...limits, until: { log: 1, index: 93 } };
  assert.equal((await feed.read({ log: 1, index: 90 }, exact)).to.index, 93);
});
