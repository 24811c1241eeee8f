import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSuspects } from './suspects.ts';

test('the camera whose frames end the process twice is left out for a minute, the one beside it is not', () => {
  const suspects = createSuspects();
  assert.ok(suspects.admit('yard', 0));
  assert.ok(suspects.admit('evil', 0));
  assert.equal(suspects.blame('yard', 10), false);
  assert.equal(suspects.blame('evil', 10), false);
  // One suspect at a time.
  assert.equal(suspects.admit('evil', 20), true);
  assert.equal(suspects.admit('yard', 20), false);
  assert.equal(suspects.blame('evil', 30), true);
  assert.deepEqual(suspects.asideAt(40), ['evil']);
  assert.equal(suspects.admit('evil', 40), false);
  assert.equal(suspects.admit('yard', 40), true);
  suspects.clear('yard');
  assert.equal(suspects.admit('yard', 50), true);
  assert.equal(suspects.admit('evil', 60_029), false);
  assert.equal(suspects.admit('evil', 60_031), true, 'after a minute it is tried again');
  assert.equal(suspects.blame('evil', 60_040), true, 'and out again at the first offence');
});

test('one that was only there when another ended the process on trial is not left out', () => {
  const suspects = createSuspects();
  suspects.admit('evil', 0);
  suspects.blame('evil', 1);
  suspects.admit('evil', 2);
  suspects.admit('yard', 2);
  suspects.blame('evil', 3);
  assert.equal(suspects.blame('yard', 3), false);
  assert.equal(suspects.admit('yard', 4), true);
});

test('a process that is not there blames nobody', () => {
  const suspects = createSuspects();
  suspects.admit('yard', 0);
  suspects.blame('yard', 1);
  assert.ok(suspects.admit('yard', 2));
  suspects.release('yard');
  assert.ok(suspects.admit('yard', 3));
  assert.deepEqual(suspects.asideAt(4), []);
});
