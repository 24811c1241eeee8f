import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { platform } from 'node:os';
import { test } from 'node:test';
import { startChild } from './child-process.ts';

const entry = new URL('./threads.fixture.ts', import.meta.url);
const skip = platform() !== 'linux' && 'Only Linux tells the priority of each thread';

/** Of each thread; proc_pid_stat(5), field 19, after the name in brackets. */
function nicenessOf(pid: number): Set<number> {
  return new Set(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    }),
  );
}

async function begun(niceness?: number): Promise<Set<number>> {
  const more = niceness === undefined ? {} : { niceness };
  const { peer, pid } = startChild({ entry, flags: [], environment: {}, ...more });
  try {
    await peer.call('started', { head: {} });
    return nicenessOf(pid);
  } finally {
    peer.close();
    await peer.closed;
  }
}

test(
  'startChild() gives every thread of a child a priority lower than ours, and without a niceness our own',
  { skip },
  async () => {
    const [own = 0] = nicenessOf(process.pid);
    assert.deepEqual(await begun(), new Set([own]));
    assert.deepEqual(await begun(5), new Set([Math.min(own + 5, 19)]));
    assert.deepEqual(await begun(99), new Set([19]));
  },
);

test('startChild() starts a child whose priority cannot be changed, with that of the others', { skip }, async () => {
  const [own = 0] = nicenessOf(process.pid);
  // Node itself refuses it.
  assert.deepEqual(await begun(Number.NaN), new Set([own]));
});
