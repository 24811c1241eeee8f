import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTaskEnds, type TaskEnd } from './task-ends.ts';

const call = { id: 'call-000001', kind: 'tool', name: 'one', input: { a: 'b' } } as const;
function endsWith(heard: (task: string) => boolean | undefined) {
  const asked: string[] = [];
  const recorded: string[] = [];
  const said: string[] = [];
  const untold: TaskEnd[] = [];
  let missed = 0;
  const ends = createTaskEnds({
    gate: {
      async task(_call, { task }) {
        asked.push(task);
        const isHeard = heard(task);
        if (isHeard === undefined) throw new Error('broken');
        return isHeard ? {} : { isUnheard: true };
      },
    },
    say: (line) => void said.push(line),
    untold,
    missed: () => void (missed += 1),
  });
  const tell = (task: string, told: () => void = () => void recorded.push(task)): Promise<void> =>
    ends.tell({ call, task, change: 'abandoned', reason: 'why', told });
  return { ends, tell, asked, recorded, said, untold, missedTimes: () => missed };
}

test('one that nobody ever hears keeps none of the others from being heard', async () => {
  const { ends, tell, recorded, untold } = endsWith((task) => isThere && task !== 'bad');
  let isThere = false;
  for (const task of ['bad', 'a', 'b']) await tell(task);
  isThere = true;
  for (let beat = 0; beat < 4; beat += 1) await ends.tellAgain();
  assert.deepEqual(recorded, ['a', 'b']);
  assert.deepEqual(
    untold.map(({ task }) => task),
    ['bad'],
  );
  assert.equal(ends.isUntold(), true);
});

test('while nobody hears it is told less and less often, and once', async () => {
  const { ends, tell, asked, recorded } = endsWith(() => isThere);
  let isThere = false;
  await tell('a');
  const beats: number[] = [];
  for (let beat = 1; beat <= 300; beat += 1) {
    const before = asked.length;
    await ends.tellAgain();
    if (asked.length > before) beats.push(beat);
  }
  assert.deepEqual(beats, [1, 2, 4, 8, 16, 32, 64, 128, 192, 256]);
  isThere = true;
  for (let beat = 0; beat < 100; beat += 1) await ends.tellAgain();
  assert.deepEqual(recorded, ['a']);
  assert.equal(asked.length, 12);
  assert.equal(ends.isUntold(), false);
});

test('what cannot be taken out of the file after it was heard is not told twice', async () => {
  const { ends, tell, asked, said } = endsWith(() => true);
  await tell('a', () => {
    throw new Error('read-only');
  });
  await ends.tellAgain();
  assert.deepEqual([asked, ends.isUntold()], [['a'], false]);
  assert.match(said.join(), /read-only/);
});

test('ends without end are bounded, a gate that breaks is one that does not hear, and no arguments are kept', async () => {
  const { tell, untold, missedTimes } = endsWith(() => undefined);
  for (let at = 0; at < 1100; at += 1) await tell(String(at));
  assert.deepEqual([untold.length, missedTimes()], [1000, 1000]);
  assert.deepEqual(untold[0]?.call.input, {});
});
