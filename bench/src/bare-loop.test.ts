import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { openBareLoop } from './bare-loop.ts';
import { lagOf } from './projection-lag.ts';
import { withDirectory } from './repository.ts';

test('the bare loop keeps one complete subtree for each set bit of the number of entries', async () => {
  await withDirectory(undefined, async (directory) => {
    const loop = openBareLoop(join(directory, 'bare'));
    loop.append(Array.from({ length: 7 }, (_, number) => Buffer.from(`entry ${number}`)));
    assert.equal(loop.root().length, 3 * 32);
    loop.append([Buffer.from('entry 7')]);
    assert.equal(loop.root().length, 32);
    loop.close();
  });
});

test('lagOf() counts entries between each cursor and the head, and none for a cursor past it', () => {
  const health = {
    head: '1/120',
    projections: [
      { name: 'detection', cursor: '1/100' },
      { name: 'alerts', cursor: '1/121' },
    ],
  };
  assert.deepEqual(lagOf(health).lag, { detection: 20, alerts: 0 });
});
