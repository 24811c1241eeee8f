import assert from 'node:assert/strict';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { IndexedBlock } from './indexed-block.ts';
import { temporaryDirectory } from './ledger-testing.ts';
import { openLogIndex } from './log-index.ts';
import type { LogIndex } from './log-index.ts';

const block = (number: number): IndexedBlock => ({
  first: number * 3,
  eventCount: 2,
  receivedAtMs: 1000 * number,
  segment: 0,
  offset: number * 100,
  length: 100,
  // Two classes side by side, and a new day every 500 blocks.
  dataKeyId: `${number % 2 === 0 ? 'events' : 'audit'}-${Math.floor(number / 500)}`,
});

/** What the blocks themselves say. */
function expected(blocks: number): unknown {
  const keys = new Map<string, { dataKeyId: string; events: number; bytes: number; firstMs: number; lastMs: number }>();
  for (let number = 0; number < blocks; number += 1) {
    const { dataKeyId, receivedAtMs: lastMs } = block(number);
    const known = keys.get(dataKeyId) ?? { dataKeyId, events: 0, bytes: 0, firstMs: lastMs, lastMs };
    keys.set(dataKeyId, { ...known, events: known.events + 2, bytes: known.bytes + 100, lastMs });
  }
  return [...keys.values()].map((key) => [key, key.events / 2]);
}

const told = (index: LogIndex): unknown =>
  index
    .sealedKeys()
    .map((key) => [
      key,
      index.sealedRanges(key.dataKeyId, 0).ranges.reduce((sum, { from, to }) => sum + (to - from) / 3, 0),
    ]);

test('what hangs on each key is told rightly, though its totals are mostly in memory, and after a kill at any commit', (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, 'index.db');
  const killed = join(directory, 'killed.db');
  const index = openLogIndex(file);
  for (let number = 0; number < 2100; number += 1) {
    index.add([block(number)], [{ stream: Buffer.alloc(16), first: number * 2, count: 2, index: number * 3 }]);
    const blocks = number + 1;
    if (![1, 2, 999, 1000, 1001, 2001, 2100].includes(blocks)) continue;
    assert.deepEqual(told(index), expected(blocks));
    // What a kill leaves: the files as they are, with nothing closed.
    for (const suffix of ['', '-wal']) {
      rmSync(`${killed}${suffix}`, { force: true });
      if (existsSync(`${file}${suffix}`)) copyFileSync(`${file}${suffix}`, `${killed}${suffix}`);
    }
    for (const go of [0, 1, 2]) {
      const again = openLogIndex(killed);
      assert.deepEqual(told(again), expected(blocks + go));
      assert.equal(again.countEvents(0, Number.MAX_SAFE_INTEGER), 2 * (blocks + go));
      again.add([block(blocks + go)], []);
      assert.deepEqual(told(again), expected(blocks + go + 1));
      again.close();
    }
  }
  index.close();
});
