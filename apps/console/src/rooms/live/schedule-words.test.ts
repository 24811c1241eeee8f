import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleWords, weekDays } from './schedule-words.ts';

test('A schedule is told in one line, and what ends on the next day says so', () => {
  const night = { from: '22:00', to: '06:00', zone: 'Europe/Berlin' };
  assert.equal(scheduleWords(undefined), 'always');
  assert.equal(scheduleWords({ ...night, days: weekDays }), 'Every day 22:00–06:00 (into the next day), Europe/Berlin');
  assert.equal(
    scheduleWords({ days: ['sat', 'mon', 'tue', 'wed'], from: '08:00', to: '17:00', zone: 'UTC' }),
    'Mon–Wed, Sat 08:00–17:00, UTC',
  );
  assert.equal(
    scheduleWords({ days: ['sat', 'sun'], from: '08:00', to: '17:00', zone: 'UTC' }),
    'Sat, Sun 08:00–17:00, UTC',
  );
});
