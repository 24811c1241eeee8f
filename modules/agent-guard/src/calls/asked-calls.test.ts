import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAskedCalls } from './asked-calls.ts';

test('what was asked for is known, what was not is known not to have been', () => {
  const calls = createAskedCalls();
  calls.asked('s', 'a');
  assert.deepEqual(
    [calls.wasAsked('s', 'a'), calls.wasAsked('s', 'b'), calls.wasAsked('other', 'a')],
    [true, false, false],
  );
});

test('over so many of one session, or of all, nobody knows any more; what is kept does not grow', () => {
  const calls = createAskedCalls({ ofSession: 3, ofAll: 6 });
  for (const id of ['a', 'b', 'c', 'd']) calls.asked('long', id);
  assert.deepEqual([calls.wasAsked('long', 'c'), calls.wasAsked('long', 'd')], [true, undefined]);
  for (let at = 0; at < 1000; at += 1) calls.asked(`run ${at}`, 'a');
  assert.equal(calls.wasAsked('run 999', 'a'), true);
  assert.equal(calls.wasAsked('run 999', 'b'), false);
  // Let go, and so is what it never asked for.
  assert.equal(calls.wasAsked('run 1', 'a'), undefined);
  assert.equal(calls.wasAsked('never heard of', 'a'), undefined);
});
