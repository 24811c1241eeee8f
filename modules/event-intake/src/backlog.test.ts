import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import { createManualClock } from '@sallyport/platform/clock';
import { createBacklog } from './backlog.ts';
import type { Backlog } from './backlog.ts';

function setUp() {
  const clock = createManualClock(0);
  let behind: number | undefined = 0;
  const backlog: Backlog = createBacklog({
    clock,
    behind: () => behind,
    limits: { maxBehind: 1000, quietBytesPerMinute: 500 },
  });
  const isLetIn = (holder: string): boolean => {
    try {
      backlog.admit(holder);
      return true;
    } catch (error) {
      assert.equal(codeOf(error), 'overloaded');
      return false;
    }
  };
  return { clock, backlog, isLetIn, fallBehind: (events: number | undefined) => (behind = events) };
}

test('while detection keeps up anybody may send as much as they like', () => {
  const { backlog, isLetIn, fallBehind } = setUp();
  backlog.took('flooder', 1e9);
  fallBehind(1000);
  assert.ok(isLetIn('flooder'));
  fallBehind(undefined);
  assert.ok(isLetIn('flooder'));
});

test('when it falls behind, who sends much waits and who sends little is heard', () => {
  const { clock, backlog, isLetIn, fallBehind } = setUp();
  backlog.took('flooder', 501);
  backlog.took('sensor', 500);
  fallBehind(1001);
  assert.deepEqual([isLetIn('flooder'), isLetIn('sensor'), isLetIn('newcomer')], [false, true, true]);
  clock.advance(60_000);
  assert.ok(!isLetIn('flooder'), 'the minute before counts as well');
  clock.advance(60_000);
  assert.ok(isLetIn('flooder'), 'who was quiet is heard again');
  fallBehind(0);
  assert.ok(isLetIn('flooder'));
});

test('many keys that send a little each do not get around it', () => {
  const { isLetIn, fallBehind } = setUp();
  fallBehind(4001);
  assert.ok(!isLetIn('one of many'));
});
