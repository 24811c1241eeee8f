import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { movedPlace, restingScrollTop, rowsInSight, trackHeight } from './scroll-place.ts';
import type { ScrollPlace } from './scroll-place.ts';

const rowHeight = 36;
const frames = fc
  .record({ rows: fc.integer({ min: 0, max: 50_000_000 }), view: fc.integer({ min: 40, max: 2000 }) })
  .map(({ rows, view }) => ({ total: rows * rowHeight, view }));
const million = { total: 1_000_000 * rowHeight, view: 600 };

test('No track is taller than a browser can lay out, and both ends of the list are reached from it', () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const track = trackHeight(frame);
      assert.ok(track <= 8_000_000);
      const end = Math.max(0, track - frame.view);
      const longest = Math.max(0, frame.total - frame.view);
      assert.equal(movedPlace(frame, { top: longest, scrollTop: end }, 0).top, 0);
      assert.equal(movedPlace(frame, { top: 0, scrollTop: 0 }, end).top, longest);
    }),
  );
});

test('Whatever is scrolled, the place stays inside the list and a row is in sight', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.double({ min: -100, max: 8_001_000, noNaN: true })), (frame, moves) => {
      let place: ScrollPlace = { top: 0, scrollTop: 0 };
      for (const scrollTop of moves) {
        place = movedPlace(frame, place, scrollTop);
        assert.ok(place.top >= 0 && place.top <= Math.max(0, frame.total - frame.view));
        const { first, last } = rowsInSight(frame, place.top, { rowHeight, beyond: 4 });
        if (frame.total > 0) assert.ok(first <= last && last < frame.total / rowHeight);
      }
    }),
  );
});

test('The wheel goes from row to row through a million, and no row is passed over', () => {
  let place: ScrollPlace = { top: 0, scrollTop: 0 };
  for (let turn = 0; turn < 5000; turn += 1) {
    const next = movedPlace(million, place, place.scrollTop + 100);
    assert.equal(next.top, place.top + 100);
    // At rest the bar goes where it belongs; what is seen stays.
    place = turn % 50 === 0 ? { ...next, scrollTop: restingScrollTop(million, next.top) } : next;
  }
});

test('A bar that is at its end while rows remain goes on to the last row', () => {
  const end = trackHeight(million) - million.view;
  const stuck = movedPlace(million, { top: 1000, scrollTop: end - 10 }, end);
  assert.equal(stuck.top, million.total - million.view);
});
