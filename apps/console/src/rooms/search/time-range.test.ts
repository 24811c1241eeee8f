import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockChoices } from '../../parts/clock-time.ts';
import { fromInputTime, resolveRange, toInputTime } from './time-range.ts';

const nowMs = Date.parse('2026-03-01T12:00:05.500Z');

test('resolveRange() counts a named range back from now, and leaves all time open', () => {
  assert.deepEqual(resolveRange({ range: '1h', from: undefined, to: undefined }, nowMs), {
    from: '2026-03-01T11:00:00.000Z',
  });
  assert.deepEqual(resolveRange({ range: 'nonsense', from: undefined, to: undefined }, nowMs), {});
});

test('resolveRange() takes the times in the address over a named range', () => {
  assert.deepEqual(resolveRange({ range: '1h', from: 'a', to: undefined }, nowMs), { from: 'a' });
});

test('A time written into the picker comes back the same, by each clock', () => {
  for (const clock of [...clockChoices, 'Asia/Kolkata', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Apia']) {
    for (const iso of ['2026-03-01T12:00:05.000Z', '2026-03-08T06:59:59.000Z', '2026-03-08T07:00:00.000Z'])
      assert.equal(fromInputTime(toInputTime(iso, clock), clock), iso, clock);
  }
  assert.equal(toInputTime('2026-03-01T12:00:05.000Z', 'Asia/Kolkata'), '2026-03-01T17:30:05');
  assert.equal(fromInputTime('', 'utc'), undefined);
});

test('A time at the end of all time is no reason to fail', () => {
  assert.equal(toInputTime('+275760-09-13T00:00:00.000Z', 'Asia/Kolkata'), '');
});
