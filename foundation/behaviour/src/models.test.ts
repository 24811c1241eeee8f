import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createExtremeThreshold,
  createFeedback,
  createPeerDistance,
  createSeasonalRate,
  createSeenBefore,
  createSequenceNovelty,
  createSeriesAnomaly,
  createValueDistribution,
  createValueNovelty,
} from './index.ts';
import type { Judgement } from './index.ts';
import { createTailRarity } from './tail-rarity.ts';

type Model<Input> = { observe(input: Input, timeMs: number): Judgement; state(): string };

const hourMs = 3_600_000;
const wildTime = fc.oneof(fc.double(), fc.integer({ min: 0, max: 4_000_000_000_000 }));
const wildText = fc.oneof(fc.string({ maxLength: 300 }), fc.constantFrom('a', 'b', '__proto__', '\u0001', ''));
/** Longest state of each, in characters: what "bounded" means. */
const kinds: readonly {
  name: string;
  longest: number;
  input: fc.Arbitrary<unknown>;
  create(saved?: string): Model<never>;
}[] = [
  numeric('seasonal-rate', 3000, createSeasonalRate),
  numeric('value-distribution', 3500, (saved) => createValueDistribution({ what: 'size' }, saved)),
  numeric('extreme-threshold', 12_000, (saved) => createExtremeThreshold({ what: 'size', depth: 10 }, saved)),
  numeric('series-anomaly', 140_000, createSeriesAnomaly),
  textual('value-novelty', 20_000, (saved) =>
    createValueNovelty({ what: 'thing', capacity: 32, warmUp: { observations: 5, timeMs: 0 } }, saved),
  ),
  textual('sequence-novelty', 20_000, (saved) => createSequenceNovelty({ what: 'step', capacity: 60 }, saved)),
  {
    name: 'peer-distance',
    longest: 500,
    input: fc.array(fc.double(), { maxLength: 4 }),
    create: (saved) => createPeerDistance(['a', 'b', 'c'], saved),
  },
];

function numeric(name: string, longest: number, create: (saved?: string) => Model<number>) {
  return { name, longest, input: fc.oneof(fc.double(), fc.integer()), create };
}

function textual(name: string, longest: number, create: (saved?: string) => Model<string>) {
  return { name, longest, input: wildText, create };
}

for (const { name, longest, input, create } of kinds) {
  test(`${name}: whatever comes, scores are from 0 to 1, the state is bounded, and going on from it changes nothing`, () => {
    const steps = fc.array(fc.tuple(input, wildTime), { minLength: 1, maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(steps, fc.nat(400), (all, cut) => {
        const whole = create();
        const first = create();
        let second: Model<never> | undefined;
        for (const [order, [value, time]] of all.entries()) {
          if (order === cut) second = create(first.state());
          const judged = observe(whole, value, time);
          assert.ok(judged.score >= 0 && judged.score <= 1, String(judged.score));
          assert.deepEqual(observe(second ?? first, value, time), judged);
        }
        assert.equal((second ?? first).state(), whole.state());
        assert.ok(whole.state().length <= longest, String(whole.state().length));
      }),
      { numRuns: 12 },
    );
  });

  test(`${name}: no state breaks the reader, and what it takes can be gone on from`, () => {
    const model = create();
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.tuple(fc.nat(), fc.string({ maxLength: 3 })).map(([at, piece]) => {
        const text = model.state();
        return text.slice(0, at % text.length) + piece + text.slice((at % text.length) + piece.length);
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let restored: Model<never>;
        try {
          restored = create(text);
        } catch (error) {
          assert.ok(error instanceof Error && 'code' in error && error.code === 'state_unreadable', String(error));
          return;
        }
        const { score } = observe(
          restored,
          name === 'peer-distance' ? [1, 2, 3] : name.endsWith('novelty') ? 'a' : 1,
          0,
        );
        assert.ok(score >= 0 && score <= 1);
      }),
      { numRuns: 150 },
    );
  });
}

/** Inputs come from the arbitrary that belongs to the model. */
function observe(model: Model<never>, value: unknown, time: number): Judgement {
  const judge: (input: never, timeMs: number) => Judgement = (input, timeMs) => model.observe(input, timeMs);
  return Reflect.apply(judge, undefined, [value, time]);
}

test('seasonal-rate: a busy night is told where nights are quiet, a busy noon is not', () => {
  const rate = createSeasonalRate();
  for (let hour = 0; hour < 24 * 28; hour += 1) rate.observe(hour % 24 === 12 ? 100 : 1, hour * hourMs);
  const noon = (24 * 28 + 12) * hourMs;
  assert.equal(rate.observe(100, noon).score, 0);
  const night = rate.observe(60, noon + 14 * hourMs);
  assert.ok(night.score > 0.8);
  assert.match(night.reasons[0] ?? '', /^60 in this hour where about (?:1|0\.9\d*) are usual/);
  assert.equal(Math.round(rate.expected(noon).perHour / 10), 10);
});

test('seasonal-rate: a time beyond the calendar neither hangs it nor makes a state that cannot be read', () => {
  for (const power of [50, 53, 54, 56, 60, 200]) {
    const rate = createSeasonalRate();
    for (const sign of [0, 1, -1]) rate.observe(1, sign * 2 ** power * hourMs);
    assert.equal(createSeasonalRate(rate.state()).state(), rate.state());
  }
});

test('seasonal-rate: what becomes the habit stops being told', () => {
  const rate = createSeasonalRate();
  for (let hour = 0; hour < 24 * 14; hour += 1) rate.observe(5, hour * hourMs);
  const scores: number[] = [];
  for (let hour = 24 * 14; hour < 24 * 56; hour += 1) scores.push(rate.observe(60, hour * hourMs).score);
  assert.ok((scores[0] ?? 0) > 0.5);
  assert.equal(Math.max(...scores.slice(-24 * 7)), 0);
});

test('value-novelty: the first stranger among a hundred of the same is told, the tenth new one of a traveller is not', () => {
  const home = createValueNovelty({ what: 'network' });
  const traveller = createValueNovelty({ what: 'network' });
  for (let day = 0; day < 1000; day += 1) {
    home.observe('10.0', day * 86_400_000);
    traveller.observe(`10.${day % 500}`, day * 86_400_000);
  }
  const { score, reasons, isNew } = home.observe('203.0', 1e12);
  assert.ok(score >= 0.5 && isNew);
  assert.match(reasons[0] ?? '', /^first time with this network; one in 1,001 was new before$/);
  assert.equal(traveller.observe('203.0', 1e12).score, 0);
});

test('seen-before: nothing seen is called new, and new ones are called seen at the stated rate', () => {
  const seen = createSeenBefore({ perGeneration: 2000 });
  const hash = (number: number) =>
    (Math.imul(number + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + number.toString(16);
  let wrong = 0;
  for (let number = 0; number < 2000; number += 1) if (seen.observe(hash(number))) wrong += 1;
  for (let number = 0; number < 2000; number += 1) assert.ok(seen.observe(hash(number)));
  assert.ok(wrong < 40, String(wrong));
  const restored = createSeenBefore({ perGeneration: 2000 }, seen.state());
  assert.ok(restored.observe(hash(7)));
  assert.throws(() => createSeenBefore({ perGeneration: 1000 }, seen.state()), { code: 'state_unreadable' });
});

test('value-distribution: far out is told with what is usual', () => {
  const sizes = createValueDistribution({ what: 'upload' });
  for (let order = 0; order < 2000; order += 1) sizes.observe(1000 + ((order * 7919) % 500), order);
  assert.equal(sizes.observe(1200, 1).score, 0);
  const { score, reasons } = sizes.observe(5e9, 1);
  assert.ok(score >= 0.45);
  assert.match(reasons[0] ?? '', /^upload of 5000000000 is unusually large: about 1\d{3} is usual/);
});

test('sequence-novelty: a step never taken after a well-known one is told', () => {
  const steps = createSequenceNovelty({ what: 'tool' });
  for (let order = 0; order < 300; order += 1) for (const kind of ['read', 'edit', 'test']) steps.observe(kind, order);
  assert.equal(steps.observe('read', 1).score, 0);
  const { score, reasons } = steps.observe('send-mail', 1);
  assert.ok(score > 0.3, String(score));
  assert.match(reasons[0] ?? '', /^tool send-mail after test, then read is unusual/);
});

test('peer-distance: who does ten times what others do is told in which measure', () => {
  const peers = createPeerDistance(['downloads', 'sign-ins']);
  for (let order = 0; order < 400; order += 1) peers.observe([20 + ((order * 31) % 10), 3 + (order % 2)], order);
  assert.equal(peers.observe([25, 4], 1).score, 0);
  const { score, reasons } = peers.observe([4000, 4], 1);
  assert.ok(score > 0.3, String(score));
  assert.match(reasons[0] ?? '', /^downloads 4000 where others have about/);
});

test('extreme-threshold: it finds the value that is exceeded as seldom as asked for, and follows drift', () => {
  const exponential = (order: number) => -Math.log((((order * 7919) % 10_007) + 0.5) / 10_007);
  const still = createExtremeThreshold({ what: 'delay', risk: 1e-3 });
  for (let order = 0; order < 10_000; order += 1) still.observe(exponential(order), order);
  const threshold = still.threshold() ?? 0;
  // Of an exponential distribution it is ln 1000 = 6.9.
  assert.ok(threshold > 5.5 && threshold < 8.5, String(threshold));
  assert.ok(still.observe(12, 1).score >= 0.5);
  const drifting = createExtremeThreshold({ what: 'delay', risk: 1e-4, depth: 20 });
  let alarms = 0;
  for (let order = 0; order < 4000; order += 1)
    if (drifting.observe(order / 10 + exponential(order), order).score >= 0.55) alarms += 1;
  assert.ok(alarms <= 8, String(alarms));
});

test('series-anomaly: a burst and a change of level are told, the same disturbance once', () => {
  const model = createSeriesAnomaly();
  const scores = Array.from({ length: 4000 }, (_, row) => {
    const usual = 50 + 20 * Math.sin((row * Math.PI) / 144) + ((row * 7919) % 101) / 50;
    const value = usual + (row === 2500 ? 80 : 0) + (row >= 3200 && row < 3260 ? 60 : 0);
    return model.observe(value, row * 300_000).score;
  });
  const told = scores.flatMap((score, row) => (score >= 0.5 ? [row] : []));
  assert.ok(told.includes(2500));
  assert.ok(told.some((row) => row >= 3200 && row < 3230));
  assert.ok(told.length < 12, told.join());
});

test('tail-rarity: peaks as large as can be, nearly all the same, leave a state that can be gone on from', () => {
  const rarity = createTailRarity();
  for (let row = 0; row < 400; row += 1) rarity.observe(row % 20 === 0 ? 2e100 * (1 - row * 1e-10) : 0);
  assert.equal(createTailRarity(rarity.state()).state(), rarity.state());
});

test('feedback: each "expected" lowers the next, fades with the months, and is taken back by "confirmed"', () => {
  const feedback = createFeedback({ capacity: 2 });
  feedback.expected('a', 0);
  assert.equal(feedback.factor('a', 0), 0.5);
  feedback.expected('a', 0);
  assert.equal(feedback.factor('a', 0), 1 / 3);
  assert.ok(feedback.factor('a', 400 * 86_400_000) > 0.8);
  assert.equal(createFeedback({ capacity: 2 }, feedback.state()).factor('a', 0), 1 / 3);
  feedback.confirmed('a', 0);
  assert.equal(feedback.factor('a', 0), 1);
  for (const reason of ['b', 'c', 'd']) feedback.expected(reason, 0);
  assert.equal(feedback.size(), 2);
});
