import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCaptureTime } from './capture-time.ts';

const now = 1_800_000_000_000;

test('a clock that is off by years is put right by the quickest message, and the rest of a delay is seen', () => {
  const time = createCaptureTime();
  const offMs = -3 * 365 * 86_400_000;
  time.hear(now + offMs, now + 5);
  // Made 100 ms later, and under way for 250.
  assert.equal(time.correct(now + 100 + offMs, now + 350), now + 105);
  assert.equal(time.at(now + 200 + offMs, now + 900), now + 205);
});

test('whatever a device claims, a picture is no newer than its arrival and at most ten seconds older', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ deviceMs: fc.double({ min: 0, max: 8.64e15, noNaN: true }), laterMs: fc.nat(70_000) })),
      (messages) => {
        const time = createCaptureTime();
        let receivedMs = now;
        for (const { deviceMs, laterMs } of messages) {
          receivedMs += laterMs;
          const capturedMs = time.correct(deviceMs, receivedMs);
          assert.ok(capturedMs <= receivedMs && capturedMs >= receivedMs - 10_000);
        }
      },
    ),
  );
});

test('a clock that was put back is believed again after a minute', () => {
  const time = createCaptureTime();
  time.hear(now, now);
  assert.equal(time.correct(now - 3_600_000, now + 1000), now - 9000);
  assert.equal(time.correct(now - 3_600_000 + 69_000, now + 70_000), now + 70_000);
});

test('a clock that runs slow does not make pictures look ever older', () => {
  const time = createCaptureTime();
  // Two seconds an hour, as no device is.
  for (let second = 0; second < 3600; second += 1) {
    const atMs = now + second * 1000;
    assert.ok(atMs - time.correct(atMs - (second * 2000) / 3600, atMs) < 100);
  }
});
