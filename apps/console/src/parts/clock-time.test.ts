import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayAndTime, formatTime } from './clock-time.ts';

test('A written time is taken apart into its day and its time, without the comma between them', () => {
  assert.deepEqual(dayAndTime('22 Nov, 04:30:12'), { day: '22 Nov', time: '04:30:12' });
  assert.deepEqual(dayAndTime('Nov 22, 2024, 04:30:12 UTC'), { day: 'Nov 22, 2024', time: '04:30:12 UTC' });
  assert.deepEqual(dayAndTime('04:30:12'), { day: '', time: '04:30:12' });
});

test('Whatever way a time is written, nothing but the sign between its parts is lost', () => {
  for (const written of [
    '',
    'no time at all',
    '22.11.2024 um 04:30:12',
    formatTime(0, 'utc'),
    formatTime(0, 'Asia/Kolkata'),
  ]) {
    const { day, time } = dayAndTime(written);
    assert.ok(written.startsWith(day) && written.endsWith(time), written);
    assert.ok(written.length - day.length - time.length <= 2, written);
  }
});
