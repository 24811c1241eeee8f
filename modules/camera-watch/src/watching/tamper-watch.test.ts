import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { tamperKinds } from '@sallyport/object-detection';
import type { CameraNotice } from './camera-notice.ts';
import { createTamperWatch } from './tamper-watch.ts';

const at = (ms: number) => ({ wallMs: 1_700_000_000_000 + ms, monotonicMs: ms });
const covered = { kind: 'covered', score: 0.9 } as const;

test('two signs in a row are told, one alone is not', () => {
  const watch = createTamperWatch({ open: undefined, mayTell: () => true });
  assert.deepEqual(watch.see(covered, at(0)), []);
  assert.deepEqual(watch.see(undefined, at(200)), []);
  assert.deepEqual(watch.see(covered, at(400)), []);
  assert.equal(watch.see(covered, at(600))[0]?.event, 'camera.tampered');
  assert.deepEqual(watch.see(covered, at(800)), []);
});

test('a light that blinks between clear pictures is told all the same', () => {
  const watch = createTamperWatch({ open: undefined, mayTell: () => true });
  const told = Array.from({ length: 10 }, (_, step) =>
    watch.see(step % 2 === 0 ? { kind: 'dazzled', score: 0.8 } : undefined, at(step * 200)),
  ).flat();
  assert.deepEqual(
    told.map(({ event }) => event),
    ['camera.tampered'],
  );
});

test('tampering for which there was no room is told as soon as there is some', () => {
  const room = { is: false };
  const watch = createTamperWatch({ open: undefined, mayTell: () => room.is });
  for (let ms = 0; ms < 3000; ms += 200) assert.deepEqual(watch.see(covered, at(ms)), []);
  assert.equal(watch.open(), undefined);
  room.is = true;
  const [told] = watch.see(covered, at(3000));
  assert.ok(told?.event === 'camera.tampered');
  assert.equal(told.sinceMs, at(0).wallMs);
});

test('a view that is accepted ends what is open, and one picture from before it does not begin anew', () => {
  const watch = createTamperWatch({ open: undefined, mayTell: () => true });
  watch.see({ kind: 'moved', score: 0.9 }, at(0));
  watch.see({ kind: 'moved', score: 0.9 }, at(200));
  const [told] = watch.accept();
  assert.ok(told?.event === 'camera.restored');
  assert.deepEqual([told.kind, told.why], ['moved', 'view_accepted']);
  assert.deepEqual(watch.see({ kind: 'moved', score: 0.9 }, at(400)), []);
  assert.deepEqual(watch.see(undefined, at(600)), []);
  assert.deepEqual([watch.accept(), watch.open()], [[], undefined]);
});

test('whatever is seen, tampering is told and taken back in turns', () => {
  const sign = fc.option(
    fc.record({ kind: fc.constantFrom(...tamperKinds), score: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      nil: undefined,
    },
  );
  const step = fc.tuple(sign, fc.constantFrom(0, 100, 200, 1000, 60_000), fc.boolean(), fc.nat(9));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, isOpen) => {
      let mayTell = true;
      const watch = createTamperWatch({
        open: isOpen ? { kind: 'covered', kinds: ['covered'], sinceMs: 5 } : undefined,
        mayTell: () => mayTell,
      });
      let ms = 0;
      let open = isOpen;
      for (const [seen, passMs, may, dice] of steps) {
        ms += passMs;
        mayTell = may;
        const told: CameraNotice[] = dice === 0 ? watch.accept() : watch.see(seen, at(ms));
        assert.ok(told.length <= 1);
        for (const { event } of told) {
          assert.equal(event, open ? 'camera.restored' : 'camera.tampered');
          open = !open;
        }
        assert.equal(watch.open() !== undefined, open);
      }
    }),
  );
});
