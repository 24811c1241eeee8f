import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crossesItself } from './polygon.ts';
import type { Point } from './polygon.ts';
import { emptyPlan } from './plan-schema.ts';
import { isWithin, localTimeOf } from './schedule.ts';
import { lowerHalf, person, startMs } from './watching.fixture.ts';
import { checkPlan, isNight, placeOf } from './zone.ts';
import type { Zone } from './zone.ts';

const plan = emptyPlan('Europe/Berlin');
const zoneOf = (points: readonly Point[], more: Partial<Zone> = {}): Zone => ({ ...lowerHalf, points, ...more });

test('a zone whose border crosses or touches itself, that is empty, or given twice, is refused', () => {
  const bow: Point[] = [
    [0, 0],
    [1, 1],
    [1, 0],
    [0, 1],
  ];
  const spike: Point[] = [
    [0, 0],
    [1, 0],
    [0.5, 0],
    [0.5, 1],
  ];
  const line: Point[] = [
    [0, 0],
    [0.5, 0],
    [1, 0],
  ];
  const speck: Point[] = [
    [0.5, 0.5],
    [0.501, 0.5],
    [0.501, 0.501],
  ];
  for (const points of [bow, spike, line, speck])
    assert.throws(
      () => checkPlan({ ...plan, zones: [zoneOf(points)] }),
      { code: 'zone_invalid' },
      JSON.stringify(points),
    );
  assert.throws(() => checkPlan({ ...plan, zones: [lowerHalf, lowerHalf] }), { code: 'zone_invalid' });
  assert.throws(() => checkPlan({ ...plan, timeZone: 'Mars/Olympus' }), { code: 'zone_invalid' });
  const schedule = { days: [], from: '00:00', to: '01:00', zone: '../etc/passwd' };
  assert.throws(() => checkPlan({ ...plan, zones: [{ ...lowerHalf, schedule }] }), { code: 'zone_invalid' });
  checkPlan({ ...plan, zones: [lowerHalf] });
});

test('the corners of a circle in order never cross, those of a star do', () => {
  fc.assert(
    fc.property(fc.integer({ min: 5, max: 31 }), fc.double({ min: 0.05, max: 0.5, noNaN: true }), (corners, radius) => {
      const circle = Array.from({ length: corners }, (_, index): Point => {
        const angle = (2 * Math.PI * index) / corners;
        return [0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)];
      });
      assert.equal(crossesItself(circle), false);
      const [first, second, third, ...rest] = circle;
      if (first === undefined || second === undefined || third === undefined) return;
      assert.equal(crossesItself([first, third, second, ...rest]), true);
    }),
  );
});

test('of zones over each other the one that is watched now counts, and one that is ignored before all', () => {
  const never: Zone = { ...lowerHalf, id: 'z2', name: 'Never', schedule: { days: [], from: '03:00', to: '03:01' } };
  const found = placeOf({ ...plan, zones: [never, lowerHalf] }, person, startMs);
  assert.ok(found !== 'ignored');
  assert.deepEqual([found.zone?.name, found.isWatched], ['Yard', true]);
  const ignored: Zone = { ...lowerHalf, id: 'z3', kind: 'ignore', labels: ['person'] };
  assert.equal(placeOf({ ...plan, zones: [lowerHalf, ignored] }, person, startMs), 'ignored');
  const dog = { ...person, label: 'dog', group: 'animal' } as const;
  assert.notEqual(placeOf({ ...plan, zones: [lowerHalf, ignored] }, dog, startMs), 'ignored');
});

test('a night belongs to the day it begins on', () => {
  const friday = { days: ['fri' as const], from: '22:00', to: '06:00' };
  const utc = (text: string): boolean => isWithin(friday, Date.parse(text), 'UTC');
  assert.equal(utc('2026-01-02T23:00:00Z'), true, 'Friday evening');
  assert.equal(utc('2026-01-03T05:59:00Z'), true, 'Saturday morning');
  assert.equal(utc('2026-01-03T06:00:00Z'), false);
  assert.equal(utc('2026-01-02T05:00:00Z'), false, 'Friday morning is of Thursday');
  assert.equal(utc('2026-01-03T23:00:00Z'), false, 'Saturday evening');
});

test('on the days clocks change, what a clock on the wall shows counts', () => {
  const early = { days: [], from: '02:15', to: '02:45', zone: 'Europe/Berlin' };
  const inSpring = Array.from({ length: 24 * 12 }, (_, step) => Date.parse('2026-03-28T23:00:00Z') + step * 300_000);
  assert.equal(inSpring.filter((ms) => isWithin(early, ms, 'UTC')).length, 0, 'the hour is left out');
  const inAutumn = Array.from({ length: 25 * 12 }, (_, step) => Date.parse('2026-10-24T22:00:00Z') + step * 300_000);
  assert.equal(inAutumn.filter((ms) => isWithin(early, ms, 'UTC')).length, 12, 'the hour comes twice');
  const night = { ...plan, night: { from: '22:00', to: '06:00' } };
  assert.equal(isNight(night, Date.parse('2026-03-29T03:59:00Z')), true, '05:59 in summer time');
  assert.equal(isNight(night, Date.parse('2026-03-29T04:00:00Z')), false);
  assert.equal(isNight(night, Date.parse('2026-10-25T04:59:00Z')), true, '05:59 in winter time');
});

test('schedules and time zones of every kind give an answer, the same an hour of that place for from and to', () => {
  const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 })).map((parts) => {
    return parts.map((part) => String(part).padStart(2, '0')).join(':');
  });
  const zone = fc.constantFrom('UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Australia/Lord_Howe');
  fc.assert(
    fc.property(time, time, zone, fc.integer({ min: 0, max: 4_000_000_000_000 }), (from, to, name, ms) => {
      const { day, minute } = localTimeOf(ms, name);
      assert.ok(day >= 0 && day <= 6 && minute >= 0 && minute < 1440);
      const inside = isWithin({ days: [], from, to }, ms, name);
      // What is not from A to B is from B to A, but for whole days.
      if (from !== to) assert.equal(isWithin({ days: [], from: to, to: from }, ms, name), !inside);
      else assert.equal(inside, true);
    }),
  );
});
