import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createSenderPatience } from './sender-patience.ts';

function start(context: TestContext): {
  patience: ReturnType<typeof createSenderPatience>;
  pass(ms: number): void;
  ended(): boolean;
} {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = createManualClock(0);
  let isOver = false;
  const patience = createSenderPatience({
    clock,
    idleMs: 900_000,
    messageMs: 60_000,
    onEnd() {
      isOver = true;
    },
  });
  return {
    patience,
    pass(ms) {
      clock.advance(ms);
      context.mock.timers.tick(ms);
    },
    ended: () => isOver,
  };
}

test('a sender may say nothing for long, and then it is over', (t) => {
  const { patience, pass, ended } = start(t);
  patience.wait(false);
  pass(899_999);
  assert.equal(ended(), false);
  pass(1);
  assert.equal(ended(), true);
});

test('a byte now and then does not put off the end of a message', (t) => {
  const { patience, pass, ended } = start(t);
  patience.wait(true);
  for (let byte = 0; byte < 5; byte += 1) {
    pass(10_000);
    patience.stop();
    patience.wait(true);
  }
  assert.equal(ended(), false);
  pass(10_000);
  assert.equal(ended(), true);
});

test('whoever waits for us is neither idle nor slow', (t) => {
  const { patience, pass, ended } = start(t);
  patience.wait(true);
  pass(50_000);
  patience.stop();
  // The ledger is behind for an hour.
  pass(3_600_000);
  patience.wait(true);
  pass(9999);
  assert.equal(ended(), false);
  patience.stop();
  patience.wait(false);
  pass(800_000);
  patience.stop();
  patience.wait(true);
  pass(59_999);
  assert.equal(ended(), false, 'the next message has its own time');
});

test('the end of one message gives the next its own time, also when a chunk ends in the middle of each', (t) => {
  const { patience, pass, ended } = start(t);
  patience.wait(true);
  for (let chunk = 0; chunk < 20; chunk += 1) {
    pass(50_000);
    patience.stop();
    patience.wait(true, true);
  }
  assert.equal(ended(), false);
  pass(60_000);
  assert.equal(ended(), true);
});
