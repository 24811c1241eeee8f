import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PerceivedObject } from '../perception/perceived.ts';
import type { CameraNotice } from './camera-notice.ts';
import { emptyPlan } from './plan-schema.ts';
import { createPresence } from './presence.ts';
import type { Moment, Presence } from './presence.ts';
import { lowerHalf, person, startMs } from './watching.fixture.ts';
import type { WatchPlan } from './zone.ts';

const plan = emptyPlan('UTC');
const at = (ms: number): Moment => ({ wallMs: startMs + ms, monotonicMs: ms });
const empty = (): Presence => createPresence({ sightings: [], nextId: 1, at: at(0) });

/** Five pictures a second. */
function film(
  presence: Presence,
  fromMs: number,
  toMs: number,
  objectsAt: (ms: number) => readonly PerceivedObject[],
  on: WatchPlan = plan,
): CameraNotice[] {
  const told: CameraNotice[] = [];
  for (let ms = fromMs; ms < toMs; ms += 200)
    told.push(...presence.see({ objects: objectsAt(ms), isNew: true }, on, at(ms)));
  return told;
}

const eventsOf = (notices: readonly CameraNotice[]): readonly string[] => notices.map(({ event }) => event);

test('a detection that flickers, and a tracker that begins anew, are one appearance', () => {
  const told = film(empty(), 0, 60_000, (ms) =>
    ms % 1000 < 600 ? [{ ...person, track: 1 + Math.floor(ms / 5000) }] : [],
  );
  assert.deepEqual(eventsOf(told), ['camera.appeared']);
});

test('what is seen once is told to nobody', () => {
  assert.deepEqual(
    film(empty(), 0, 60_000, (ms) => (ms % 6000 === 0 ? [person] : [])),
    [],
  );
});

test('what was not looked at again does not make sure of anything', () => {
  const presence = empty();
  presence.see({ objects: [person], isNew: true }, plan, at(0));
  for (let ms = 200; ms < 2000; ms += 200)
    assert.deepEqual(presence.see({ objects: [person], isNew: false }, plan, at(ms)), []);
});

test('two persons apart are two appearances, and the zone of each is told', () => {
  const other: PerceivedObject = { ...person, track: 2, box: [0.8, 0.05, 0.1, 0.2] };
  const told = film(empty(), 0, 2000, () => [person, other], { ...plan, zones: [lowerHalf] });
  const zones = told.flatMap((notice) => (notice.event === 'camera.appeared' ? [notice.sighting.zone?.name] : []));
  assert.deepEqual(new Set(zones), new Set(['Yard', undefined]));
});

test('what stands in a zone that is ignored is not told', () => {
  const ignoring: WatchPlan = { ...plan, zones: [{ ...lowerHalf, kind: 'ignore' }] };
  assert.deepEqual(
    film(empty(), 0, 5000, () => [person], ignoring),
    [],
  );
});

test('a flood of appearances is told so many times for each place, the rest is counted and told', () => {
  const presence = empty();
  const crowd = (ms: number): PerceivedObject[] =>
    Array.from({ length: 10 }, (_, index) => ({
      ...person,
      track: Math.floor(ms / 1000) * 100 + index + 1,
      // Each second elsewhere: nothing that could be the same.
      box: [((Math.floor(ms / 1000) % 9) + index / 11) / 10, index / 11, 0.004, 0.004],
    }));
  const told = film(presence, 0, 300_000, crowd);
  const count = (event: CameraNotice['event']): number => told.filter((notice) => notice.event === event).length;
  assert.ok(count('camera.appeared') <= 60 + 300 * 0.75, `${count('camera.appeared')} were told`);
  assert.ok(count('camera.crowded') >= 1 && count('camera.crowded') <= 6);
  const heldBack = told.reduce((sum, notice) => sum + (notice.event === 'camera.crowded' ? notice.heldBack : 0), 0);
  assert.ok(heldBack > 50, `${heldBack} were counted`);
});

test('a yard where thirty-eight appear a minute is told one by one, and as no crowd', () => {
  const presence = empty();
  const busy = (ms: number): PerceivedObject[] => {
    const index = Math.floor(ms / (60_000 / 38));
    return [{ ...person, track: index + 1, box: [(index % 9) / 10, ((index * 4) % 9) / 10, 0.05, 0.1] }];
  };
  const told = film(presence, 0, 480_000, busy);
  assert.equal(told.filter(({ event }) => event === 'camera.crowded').length, 0);
  const appeared = told.filter(({ event }) => event === 'camera.appeared').length;
  assert.ok(appeared >= 300 && appeared <= 304, `${appeared} were told`);
});

test('whatever perception says: nothing leaves that did not appear, or twice, and all that is told has an end', () => {
  const object = fc.record({
    track: fc.integer({ min: 1, max: 4 }),
    x: fc.constantFrom(0, 0.3, 0.9),
    group: fc.constantFrom('person' as const, 'vehicle' as const, 'weapon_class' as const, 'bag' as const),
    score: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  const step = fc.record({
    objects: fc.array(object, { maxLength: 6 }),
    passMs: fc.constantFrom(0, 50, 200, 1000, 30_000),
    wallMs: fc.integer({ min: -10_000_000, max: 10_000_000 }),
    what: fc.constantFrom('see' as const, 'stand' as const, 'pass' as const, 'end' as const),
    isDrawn: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const presence = empty();
      const open = new Set<number>();
      let monotonicMs = 0;
      const check = (notices: readonly CameraNotice[]): void => {
        for (const notice of notices) {
          if (notice.event === 'camera.appeared') {
            assert.equal(open.has(notice.sighting.id), false);
            open.add(notice.sighting.id);
          } else if (notice.event === 'camera.left') {
            assert.ok(open.delete(notice.sighting.id), 'left without having appeared');
            assert.ok(notice.dwellMs >= 0);
          }
        }
      };
      for (const { objects, passMs, wallMs, what, isDrawn } of steps) {
        monotonicMs += passMs;
        const now = { wallMs: startMs + wallMs, monotonicMs };
        const on = isDrawn ? { ...plan, zones: [lowerHalf] } : plan;
        const seen = objects.map(({ x, ...rest }): PerceivedObject => ({
          ...rest,
          label: rest.group,
          confidence: 'usual',
          box: [x, 0.4, 0.1, 0.3],
        }));
        if (what === 'pass') check(presence.pass(now));
        else if (what === 'end') check(presence.end(now));
        else check(presence.see({ objects: seen, isNew: what === 'see' }, on, now));
        assert.deepEqual(new Set(presence.told().map(({ id }) => id)), open);
      }
      check(presence.end({ wallMs: startMs, monotonicMs }));
      assert.equal(open.size, 0);
    }),
  );
});
