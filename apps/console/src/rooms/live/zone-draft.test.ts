import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameDraft, newSchedule, newZone, planOf, zonesFault } from './zone-draft.ts';
import { weekDays } from './schedule-words.ts';

const zone = newZone([], { id: 'z1', kind: 'watch' });

test('A new zone has a name nobody else has', () => {
  assert.equal(zone.name, 'Zone 1');
  assert.equal(newZone([zone], { id: 'z2', kind: 'watch' }).name, 'Zone 2');
  assert.equal(newZone([{ ...zone, name: 'Yard' }], { id: 'z2', kind: 'watch' }).name, 'Zone 1');
  assert.equal(newZone([zone], { id: 'z2', kind: 'ignore' }).name, 'Mask 1');
});

test('A schedule begins as every night of the place', () => {
  const night = { from: '21:00', to: '05:30' };
  assert.deepEqual(newSchedule({ time_zone: 'Europe/Berlin', night }), {
    days: weekDays,
    ...night,
    zone: 'Europe/Berlin',
  });
});

test('Zones nobody can have meant are refused with the reason', () => {
  assert.equal(zonesFault([zone]), undefined);
  assert.match(zonesFault([{ ...zone, name: ' ' }]) ?? '', /name/);
  assert.match(
    zonesFault([
      {
        ...zone,
        points: [
          [0, 0],
          [1, 1],
          [1, 0],
          [0, 1],
        ],
      },
    ]) ?? '',
    /crosses itself/,
  );
  assert.match(
    zonesFault([
      {
        ...zone,
        points: [
          [0, 0],
          [0, 0],
          [0.001, 0],
        ],
      },
    ]) ?? '',
    /covers nothing/,
  );
  assert.match(zonesFault([{ ...zone, schedule: { days: [], from: '1', to: '2', zone: 'UTC' } }]) ?? '', /never/);
});

test('A draft is told from what is kept', () => {
  assert.equal(isSameDraft([zone], [{ ...zone }]), true);
  assert.equal(isSameDraft([zone], [{ ...zone, kind: 'ignore' }]), false);
});

test('A schedule without days is every day, by the clock of the camera', () => {
  const schedule = { days: [], from: '22:00', to: '06:00' };
  const night = { from: '22:00', to: '06:00' };
  const plan = planOf({ zones: [{ ...zone, schedule }], time_zone: 'Europe/Berlin', night, revision: 3 });
  assert.deepEqual(plan.zones[0]?.schedule, { ...schedule, days: weekDays, zone: 'Europe/Berlin' });
  assert.deepEqual(plan.zones[0]?.points, zone.points);
});
