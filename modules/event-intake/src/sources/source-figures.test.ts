import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import fc from 'fast-check';
import { createSummaryBuilder, joinSummaries } from './batch-summary.ts';
import { createLagSketch, lagBucket } from './lag-sketch.ts';
import { createMinuteRing } from './minute-ring.ts';
import { createSourceFigures } from './source-figures.ts';
import { parseAlarm } from './source-alarms.ts';
import { parseSettings } from './source-settings.ts';
import { createVolumeFloor } from './volume-floor.ts';

const startMs = 1_760_000_000_000;

test('quantiles of lag are told to a tenth, clocks that are ahead included, and forgotten after ten minutes', () => {
  const lags = fc.array(fc.integer({ min: -1e11, max: 1e11 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(lags, (values) => {
      const sketch = createLagSketch();
      for (const value of values) sketch.add([lagBucket(value), 1], 0);
      const ordered = values.toSorted((one, other) => one - other);
      const read = sketch.read(1);
      assert.ok(read);
      for (const [told, part] of [
        [read.p50, 0.5],
        [read.p99, 0.99],
      ] as const) {
        const exact = ordered[Math.ceil(ordered.length * part) - 1] ?? 0;
        assert.ok(Math.abs(told - exact) <= Math.abs(exact) * 0.1 + 1, `${told} for ${exact}`);
      }
      assert.equal(sketch.read(600_001), undefined);
    }),
  );
});

test('no lag a sender can claim makes the sketch grow or break', () => {
  const sketch = createLagSketch();
  for (const lag of [Number.NaN, Infinity, -Infinity, 1e308, -1e308, 0.5, Number.MAX_SAFE_INTEGER])
    sketch.add([lagBucket(lag), 1], 0);
  assert.ok(Object.values(sketch.read(0) ?? {}).every((value) => Number.isSafeInteger(value)));
});

test('the last hour is told minute by minute, and the rate over the last sixty seconds', () => {
  const ring = createMinuteRing();
  const minute = Math.floor(startMs / 60_000);
  for (let at = 0; at < 90; at += 1) ring.add({ accepted: at, bytes: 10 }, (minute + at) * 60_000);
  const read = ring.read((minute + 89) * 60_000);
  assert.deepEqual(
    read.map(({ accepted }) => accepted),
    Array.from({ length: 60 }, (_, at) => 30 + at),
  );
  assert.equal(read.at(-1)?.startMs, (minute + 89) * 60_000);
  assert.equal(ring.perSecond((minute + 89) * 60_000 + 30_000), (89 + 88 / 2) / 60);
  // A clock that was set back shows no minutes of the future.
  assert.equal(
    ring.read(startMs - 86_400_000).reduce((sum, { accepted }) => sum + accepted, 0),
    0,
  );
});

test('figures come back as they were kept, and whatever stands there instead is none', () => {
  const clock = createManualClock(startMs);
  const figures = createSourceFigures(clock, null);
  const summary = { formats: { json: 2, 'linux-auth': 1 }, lags: [lagBucket(-5000), 3] };
  figures.receive({ accepted: 4, bytes: 400, keptRaw: new Map([['json_invalid', 1]]), summary });
  figures.refuse({ code: 'body_corrupt', message: 'x'.repeat(10_000) });
  assert.ok((figures.lag?.p50 ?? 0) < -4000);
  assert.ok((figures.lastRefusal?.message.length ?? 0) <= 300);
  const again = createSourceFigures(clock, figures.keep());
  assert.deepEqual(again.totals, figures.totals);
  assert.equal(again.bytesToday, 400);
  clock.advance(86_400_000);
  assert.equal(again.bytesToday, 0);
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.ok(createSourceFigures(clock, text).totals.accepted >= 0);
      assert.ok(parseSettings(text).eventsPerSecond >= 1);
      parseAlarm(text);
      createVolumeFloor(text).roll(startMs, []);
    }),
  );
});

test('names a sender makes up do not make the figures grow', () => {
  const figures = createSourceFigures(createManualClock(startMs), null);
  for (let at = 0; at < 1000; at += 1) {
    figures.refuse({ code: `code-${at}`, message: '' });
    figures.receive({ accepted: 1, bytes: 1, keptRaw: new Map(), summary: { formats: { [`f${at}`]: 1 }, lags: [] } });
  }
  assert.ok(figures.totals.refused.size <= 65 && figures.totals.formats.size <= 65);
  assert.equal(figures.totals.formats.get('other'), 936);
  assert.ok(figures.keep().length < 10_000);
});

test('a batch is summed up by format and lag; what claims no time has no lag', () => {
  const builder = createSummaryBuilder(startMs);
  for (const format of ['json', 'json', 'cef', 'json']) builder.add(format, startMs);
  builder.add('cef', startMs - 1000);
  const summary = builder.finish();
  assert.deepEqual(summary, { formats: { json: 3, cef: 2 }, lags: [lagBucket(1000), 1] });
  // However many batches a body has, what is held of them does not grow.
  const joined = joinSummaries(Array.from({ length: 1000 }, () => summary));
  assert.deepEqual(joined, { formats: { json: 3000, cef: 2000 }, lags: [lagBucket(1000), 1000] });
});

const hourMs = 3_600_000;

/** So many events each hour; the verdicts of the hours. */
function verdicts(perHour: readonly number[], gaps: readonly { fromMs: number; toMs: number }[] = []): string[] {
  const floor = createVolumeFloor(null);
  const firstMs = Math.ceil(startMs / (24 * hourMs)) * 24 * hourMs;
  const told: string[] = [];
  for (const [hour, events] of perHour.entries()) {
    floor.add(events, firstMs + hour * hourMs + 1);
    const verdict = floor.roll(firstMs + (hour + 1) * hourMs + 1, gaps);
    if (verdict !== undefined) told.push(`${hour} ${verdict.kind}`);
  }
  return told;
}
const week = Array.from({ length: 8 * 24 }, (_, hour) => 1000 + 500 * Math.sin(hour));

test('one line a minute does not hide that the rest is missing, and the end of it is told', () => {
  assert.deepEqual(verdicts([...week, ...Array.from({ length: 30 }, () => 40), 900, 1000]), [
    `${week.length} thinned`,
    `${week.length + 30} recovered`,
  ]);
});

test('a slow week, a weekend, nights without an event and hours the server missed are no collapse', () => {
  const weekends = Array.from({ length: 30 * 24 }, (_, hour) => (Math.floor(hour / 24) % 7 >= 5 ? 70 : 2000));
  assert.deepEqual(verdicts(weekends), []);
  const nights = Array.from({ length: 30 * 24 }, (_, hour) => (hour % 24 < 8 ? 0 : 2000));
  assert.deepEqual(verdicts([...nights, 5]), []);
  assert.deepEqual(verdicts([...week.slice(0, 100), 5, 5]), [], 'a week is not over');
  const small = Array.from({ length: 9 * 24 }, () => 30);
  assert.deepEqual(verdicts([...small, 1, 1]), [], 'too few to tell');
  const firstMs = Math.ceil(startMs / (24 * hourMs)) * 24 * hourMs;
  const gap = { fromMs: firstMs + week.length * hourMs + 5, toMs: firstMs + week.length * hourMs + 50 };
  assert.deepEqual(verdicts([...week, 5, 1000], [gap]), []);
});

test('what stays thin for a week is how it is from then on', () => {
  const thin = Array.from({ length: 20 * 24 }, () => 80);
  assert.deepEqual(verdicts([...week.map((events) => events * 10), ...thin]), [`${week.length} thinned`]);
});
