import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  holding,
  joined,
  lanesOf,
  momentAtPlace,
  moved,
  placeOf,
  spanFrom,
  ticksOf,
  zoomed,
} from './timeline-scale.ts';

const hour = { fromMs: 0, toMs: 3_600_000 };
const latestMs = 3_600_000;

test('A place and its moment lead to each other', () => {
  assert.equal(placeOf(900_000, hour), 0.25);
  assert.equal(momentAtPlace(0.25, hour), 900_000);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (place) => {
      assert.ok(Math.abs(placeOf(momentAtPlace(place, hour), hour) - place) < 1e-9);
    }),
  );
});

test('Zooming keeps what stands under the pointer there, and ends at the shortest and longest span', () => {
  const anchorMs = 900_000;
  const near = zoomed(hour, 0.5, { anchorMs, latestMs });
  assert.equal(near.toMs - near.fromMs, 1_800_000);
  assert.ok(Math.abs(placeOf(anchorMs, near) - 0.25) < 1e-6);
  const nearest = zoomed(hour, 1e-9, { anchorMs, latestMs });
  assert.equal(nearest.toMs - nearest.fromMs, 20_000);
  const far = zoomed(hour, 1e9, { anchorMs, latestMs });
  assert.equal(far.toMs - far.fromMs, 8 * 86_400_000);
});

test('Nothing shows the time that has not come', () => {
  const at = fc.integer({ min: 0, max: latestMs });
  fc.assert(
    fc.property(
      at,
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (anchorMs, factor, part) => {
        assert.ok(zoomed(hour, factor, { anchorMs, latestMs }).toMs <= latestMs);
        assert.ok(moved(hour, part, latestMs).toMs <= latestMs);
        assert.ok(holding(hour, anchorMs * 2, latestMs).toMs <= latestMs);
      },
    ),
  );
});

test('A span holds the moment that is played, and stays when it did already', () => {
  assert.equal(holding(hour, 10, latestMs), hour);
  const before = holding(hour, -10_000_000, latestMs);
  assert.deepEqual(before, { fromMs: -11_800_000, toMs: -8_200_000 });
});

test('Ticks are round on the clock in use, and not more than fit', () => {
  const { stepMs, ticks } = ticksOf(hour, { most: 6, offsetMinutes: 0 });
  assert.equal(stepMs, 600_000);
  assert.deepEqual(ticks.slice(0, 3), [0, 600_000, 1_200_000]);
  // Half an hour ahead of UTC, days begin at half past.
  const day = ticksOf({ fromMs: 0, toMs: 3 * 86_400_000 }, { most: 4, offsetMinutes: 330 });
  assert.deepEqual(day.ticks[0], 86_400_000 - 330 * 60_000);
  fc.assert(
    fc.property(fc.integer({ min: 20_000, max: 8 * 86_400_000 }), fc.integer({ min: 2, max: 12 }), (length, most) => {
      assert.ok(ticksOf({ fromMs: 0, toMs: length }, { most, offsetMinutes: 60 }).ticks.length <= most + 1);
    }),
  );
});

test('Segments that touch are drawn as one, whatever their order', () => {
  const ten = (at: number) => ({ fromMs: at * 10_000, toMs: (at + 1) * 10_000 });
  assert.deepEqual(joined([ten(2), ten(0), ten(1), ten(5)], 0), [
    { fromMs: 0, toMs: 30_000 },
    { fromMs: 50_000, toMs: 60_000 },
  ]);
  assert.deepEqual(joined([ten(0), ten(2)], 10_000), [{ fromMs: 0, toMs: 30_000 }]);
  assert.deepEqual(
    joined(
      [
        { fromMs: 0, toMs: 100 },
        { fromMs: 10, toMs: 20 },
      ],
      0,
    ),
    [{ fromMs: 0, toMs: 100 }],
  );
});

test('Marks close to each other stand in lanes', () => {
  assert.deepEqual(lanesOf([0, 0.01, 0.02, 0.5], { apart: 0.05, lanes: 3 }), [0, 1, 2, 0]);
  assert.deepEqual(lanesOf([0, 0, 0, 0], { apart: 0.05, lanes: 2 }), [0, 1, 0, 0]);
});

test('An address that says no span, or a wrong one, shows the last hour', () => {
  const fallback = { fromMs: 0, toMs: latestMs, isFollowing: true };
  for (const [from, to] of [
    [undefined, undefined],
    ['a', '5'],
    ['5', '4'],
    ['0', '1e18'],
    ['0', 'Infinity'],
  ])
    assert.deepEqual(spanFrom({ from, to }, latestMs), fallback);
  const none = { from: undefined, to: undefined };
  for (const last of ['', 'a', '-1', '1', '1e18']) assert.deepEqual(spanFrom({ ...none, last }, latestMs), fallback);
  const lastMinutes = { fromMs: latestMs - 600_000, toMs: latestMs, isFollowing: true };
  assert.deepEqual(spanFrom({ ...none, last: '600000' }, latestMs), lastMinutes);
  assert.deepEqual(spanFrom({ from: '0', to: '60000' }, latestMs), { fromMs: 0, toMs: 60_000, isFollowing: false });
});
