import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { createExportPlaces } from './export-places.ts';

test('nobody has all places for exports, and a place that was left is free', () => {
  const places = createExportPlaces(createManualClock(0));
  const [first] = [places.take('a'), places.take('a')];
  assert.throws(() => places.take('a'), { code: 'store_busy' });
  places.take('b');
  places.take('b');
  assert.throws(() => places.take('c'), { code: 'store_busy' });
  first?.leave();
  first?.leave();
  places.take('c');
  assert.throws(() => places.take('d'), { code: 'store_busy' });
});

test('readers that take nothing keep nobody out for longer than a minute, and those that read are left alone', () => {
  const clock = createManualClock(0);
  const places = createExportPlaces(clock);
  const ended: string[] = [];
  const taken = ['a', 'a', 'b', 'b'].map((caller, at) => {
    const place = places.take(caller);
    place.begun(() => ended.push(`${caller}${at}`));
    return place;
  });
  clock.advance(59_000);
  taken[1]?.moved();
  taken[2]?.moved();
  taken[3]?.moved();
  assert.throws(() => places.take('c'), { code: 'store_busy' });
  clock.advance(1000);
  const late = places.take('c');
  assert.deepEqual(ended, ['a0']);
  assert.throws(() => places.take('d'), { code: 'store_busy' });
  // Its stream closes after its place was given away: that frees nobody else's.
  taken[0]?.leave();
  assert.throws(() => places.take('d'), { code: 'store_busy' });
  late.leave();
  places.take('d');
});
