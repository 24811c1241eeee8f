import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBackoff } from './backoff.ts';
import { createClockOffset } from './clock-offset.ts';
import { fit } from './frame-grabber.ts';
import { encodeBinary, parseServerMessage } from './message.ts';
import { createPacing, inFlightLimit } from './pacing.ts';
import { createResampler, soundRate } from './resample.ts';

test('The wait between two attempts doubles up to twenty seconds, is never under half of it, and begins anew after success', () => {
  for (const [share, part] of [
    [0, 0.5],
    [1, 1],
  ] as const) {
    const backoff = createBackoff(() => share);
    const waits = Array.from({ length: 8 }, () => backoff.next());
    assert.deepEqual(
      waits,
      [500, 1000, 2000, 4000, 8000, 16_000, 20_000, 20_000].map((ms) => ms * part),
    );
    backoff.reset();
    assert.equal(backoff.next(), 500 * part);
  }
});

test('Two pictures are under way at most, and each that is taken makes room for one', () => {
  const pacing = createPacing();
  pacing.sent(1, 1000);
  assert.ok(pacing.hasRoom());
  pacing.sent(2, 1100);
  assert.ok(!pacing.hasRoom());
  assert.equal(pacing.waitingSinceMs(), 1000);
  assert.equal(pacing.taken(1, 1250), 250);
  assert.ok(pacing.hasRoom());
  assert.equal(pacing.waitingSinceMs(), 1100);
});

test('A number that was never sent, or taken before, makes no room; a later one stands for those before it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 9 }), { maxLength: 40 }), (answers) => {
      const pacing = createPacing();
      let sequence = 0;
      const underWay = new Set<number>();
      for (const answer of answers) {
        while (pacing.hasRoom()) {
          sequence += 1;
          pacing.sent(sequence, 0);
          underWay.add(sequence);
        }
        assert.equal(underWay.size, inFlightLimit);
        assert.equal(pacing.taken(answer, 0) !== undefined, underWay.has(answer));
        if (underWay.has(answer)) for (const one of underWay) if (one <= answer) underWay.delete(one);
      }
    }),
  );
});

test('Whatever the server asks for, pictures are due between ten a second and one in ten seconds', () => {
  const pacing = createPacing();
  const intervals = [5, 1000, 0, -1, Number.NaN, Infinity].map((perSecond) => {
    pacing.pace(perSecond);
    return pacing.intervalMs();
  });
  assert.deepEqual(intervals, [200, 100, 10_000, 10_000, 10_000, 10_000]);
});

test('The quickest exchange tells the offset of the clock; before the first one the remembered one holds', () => {
  const clock = createClockOffset(700);
  assert.equal(clock.offsetMs(), 700);
  clock.measured(1000, 6400, 1800);
  assert.equal(clock.offsetMs(), 5000);
  clock.measured(2000, 7020, 2040);
  assert.equal(clock.offsetMs(), 5000);
  clock.measured(3000, 8900, 4000);
  assert.equal(clock.offsetMs(), 5000);
  clock.measured(5000, 1, 4999);
  clock.measured(5000, Number.NaN, 5001);
  assert.equal(clock.offsetMs(), 5000);
});

test('A binary message is the length of its header, the header, and the payload as it is', () => {
  const bytes = encodeBinary({ kind: 'frame', sequence: 7 }, Uint8Array.of(0xff, 0xd8, 0xff));
  const length = new DataView(bytes.buffer).getUint32(0);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))), { kind: 'frame', sequence: 7 });
  assert.deepEqual([...bytes.subarray(4 + length)], [0xff, 0xd8, 0xff]);
});

test('What the server says is read field by field; what is unknown or not whole is nothing', () => {
  const read = (message: unknown) => parseServerMessage(JSON.stringify(message));
  assert.deepEqual(read({ type: 'clock', t0: 1, t1: 2 }), { type: 'clock', t0: 1, t1: 2 });
  assert.deepEqual(read({ type: 'taken', sequence: 3 }), { type: 'taken', sequence: 3 });
  assert.deepEqual(read({ type: 'pace', per_second: 5 }), { type: 'pace', perSecond: 5 });
  assert.deepEqual(read({ type: 'bye', code: 'device_revoked' }), { type: 'bye', code: 'device_revoked' });
  assert.deepEqual(read({ type: 'command', id: 'a', torch: true, speak: ' ', siren: 'yes' }), {
    type: 'command',
    command: { id: 'a', torch: true },
  });
  for (const wrong of [
    { type: 'taken' },
    { type: 'clock', t0: '1', t1: 2 },
    { type: 'command' },
    { type: 'new' },
    [],
    1,
  ])
    assert.equal(read(wrong), undefined);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseServerMessage(text)));
});

test('Sound of any rate becomes 16,000 samples a second, a steady tone stays what it is, nothing overflows', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(8000, 16_000, 22_050, 44_100, 48_000, 96_000),
      fc.float({ min: -4, max: 4, noNaN: true }),
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 20 }),
      (rate, level, blocks) => {
        const resampler = createResampler(rate);
        const out = blocks.flatMap((length) => [...resampler.add(new Float32Array(length).fill(level))]);
        const samples = blocks.reduce((sum, length) => sum + length, 0);
        assert.ok(Math.abs(out.length - (samples * soundRate) / rate) <= 1 + soundRate / rate);
        const wanted = Math.round(Math.max(-1, Math.min(1, level)) * 32_767);
        for (const sample of out) assert.ok(Math.abs(sample - wanted) <= 1);
      },
    ),
  );
  for (const rate of [0, Number.NaN, 1e9]) assert.throws(() => createResampler(rate), RangeError);
});

test('A picture keeps its form, is 640 pixels long at most, and is never made larger', () => {
  assert.deepEqual(fit(1280, 720), { width: 640, height: 360 });
  assert.deepEqual(fit(720, 1280), { width: 360, height: 640 });
  assert.deepEqual(fit(320, 240), { width: 320, height: 240 });
  assert.equal(fit(0, 0), undefined);
});
