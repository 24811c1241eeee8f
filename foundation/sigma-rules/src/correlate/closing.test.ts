import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSaved, define, limits } from './correlation.fixture.ts';
import type { CorrelationDefinition } from './definition.ts';
import { createCorrelationEngine } from './engine.ts';
import { measureOf } from './measure.ts';

test('no window closes before its end, also when the one before it closes at the same time', () => {
  const few = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { lt: 3 }');
  const engine = createCorrelationEngine();
  engine.use(few);
  const told: string[] = [];
  // The watermark is a minute behind the newest event before: 219.5 s at the fourth, 220 s at the last.
  for (const [index, atSeconds] of [100, 160, 279.5, 280, 281].entries()) {
    const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs: atSeconds * 1000 });
    for (const { basis } of closed) told.push(`${index}: ${basis.map((one) => one.index).join(' ')}`);
    if (index < 2)
      engine.count({ correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member: 0, value: 0 });
  }
  assert.deepEqual(told, ['3: 0', '4: 1']);
});

test('a window counts on where the newest of its own events says, not one that came after it, saved and restored in between or not', () => {
  const definitions = define(
    'type: event_count\nrules: [few, r1]\ngroup-by: [host]\ntimespan: 1h\ncondition: { gte: 1 }',
    'title: Few\nid: f\nname: few\ncorrelation:\n    type: event_count\n    rules: [r0]\n    group-by: [user]\n    timespan: 1m\n    condition: { lt: 3 }\n---\n',
  );
  for (const isRestored of [false, true]) {
    const saved = createSaved();
    let engine = createCorrelationEngine();
    engine.use(definitions);
    const told: string[] = [];
    for (const [index, [atSeconds, host]] of (
      [
        [100, 'a'],
        [170, 'b'],
        [900, ''],
        [2000, ''],
      ] as const
    ).entries()) {
      const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs: atSeconds * 1000 });
      for (const { correlationId, group, basis } of closed)
        told.push(`${correlationId} ${group} ${basis.map((one) => one.index).join(' ')}`);
      const chained = [{ correlationId: 'c', group: host, member: 0, value: 0, chained: [] }];
      const position = { log: 1, index };
      if (host !== '')
        engine.count({ correlationId: 'f', group: 'kim', position, timeMs, member: 0, value: 0, chained });
      if (!isRestored) continue;
      saved.save(engine);
      engine = saved.into(createCorrelationEngine(), definitions);
    }
    assert.deepEqual(told, ['f kim 0', 'c a 0', 'f kim 1', 'c b 1'], `restored: ${isRestored}`);
  }
});

test('after a silence a window above waits for all windows below that may still count in it', () => {
  const definitions = define(
    'type: event_count\nrules: [few]\ngroup-by: [host]\ntimespan: 1m\ncondition: { eq: 2 }',
    'title: Few\nid: f\nname: few\ncorrelation:\n    type: event_count\n    rules: [r0]\n    group-by: [user]\n    timespan: 1m\n    condition: { lt: 3 }\n---\n',
  );
  const engine = createCorrelationEngine({ ...limits, latenessMs: 600_000, disorderMs: 300_000 });
  engine.use(definitions);
  const chained = [{ correlationId: 'c', group: 'host', member: 0, value: 0, chained: [] }];
  const told: string[] = [];
  for (const [index, [atSeconds, user]] of (
    [
      [100, 'a'],
      [150, 'c'],
      [165, 'b'],
      [166, 'c'],
      [190, 'b'],
      [5000, ''],
    ] as const
  ).entries()) {
    const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs: atSeconds * 1000 });
    for (const { correlationId, basis } of closed)
      if (correlationId === 'c') told.push(basis.map((one) => one.index).join(' '));
    if (user !== '')
      engine.count({
        correlationId: 'f',
        group: user,
        position: { log: 1, index },
        timeMs,
        member: 0,
        value: 0,
        chained,
      });
  }
  // The first window above holds that of a alone; the second those of c (166 s) and b (190 s), of which b closes last.
  assert.deepEqual(told, ['1 3 2 4']);
});

/** Plays matches of `c` in group `g`: ledger time, time claimed, member (-1: none), in seconds; says at which of them it was told. */
function toldAt(
  definitions: ReadonlyMap<string, CorrelationDefinition>,
  events: readonly (readonly [atSeconds: number, claimedSeconds: number, member: number])[],
): number[] {
  const engine = createCorrelationEngine(limits);
  engine.use(definitions);
  return events.flatMap(([atSeconds, claimedSeconds, member], index) => {
    const claimedMs = claimedSeconds * 1000;
    const { timeMs } = engine.begin({ source: 's', receivedAtMs: atSeconds * 1000, claimedMs });
    if (member < 0) return [];
    const match = { correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member, value: 0 };
    return engine.count(match).length === 0 ? [] : [index];
  });
}

test('a group is kept as long as a match may come within its timespan, and so is the time it was told', () => {
  const two = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 10s\ncondition: { gte: 2 }');
  const kept = toldAt(two, [
    [100, 100, 0],
    [108, 108, -1],
    [109, 109, -1],
    [110, 110, 0],
  ]);
  assert.deepEqual(kept, [3]);
  const one = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 10s\ncondition: { gte: 1 }');
  const told = toldAt(one, [
    [100, 100, 0],
    [106, 106, -1],
    [121, 121, 0],
    [121, 105, 0],
  ]);
  assert.deepEqual(told, [0, 2]);
});

test('a correlation above a closing one keeps what it counted until windows below can have closed', () => {
  const definitions = define(
    'type: temporal\nrules: [few, r1]\ngroup-by: [g]\ntimespan: 10s',
    'title: Few\nid: f\nname: few\ncorrelation:\n    type: event_count\n    rules: [r0]\n    group-by: [g]\n    timespan: 1m\n    condition: { lt: 3 }\n---\n',
  );
  const engine = createCorrelationEngine(limits);
  engine.use(definitions);
  const told: string[] = [];
  for (const [index, atSeconds] of [100, 101, 150, 151, 200, 201].entries()) {
    const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs: atSeconds * 1000 });
    told.push(...closed.map(({ correlationId }) => `${index} ${correlationId}`));
    const position = { log: 1, index };
    const chained = [{ correlationId: 'c', group: 'g', member: 0, value: 0, chained: [] }];
    if (index === 0) engine.count({ correlationId: 'f', group: 'g', position, timeMs, member: 0, value: 0, chained });
    if (index === 1) engine.count({ correlationId: 'c', group: 'g', position, timeMs, member: 1, value: 0 });
  }
  assert.deepEqual(told, ['4 f', '4 c']);
});

test('a window with more matches than are kept is counted exactly, saved and restored in between', () => {
  const definitions = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1h\ncondition: { eq: 5000 }');
  const saved = createSaved();
  let engine = createCorrelationEngine(limits);
  engine.use(definitions);
  let told = 0;
  for (let index = 0; index <= 5_000; index += 1) {
    const receivedAtMs = index === 5_000 ? 9_000_000 : 1_000_000 + Math.floor(index / 100) * 1000;
    if (index === 4_500) {
      saved.save(engine);
      engine = saved.into(createCorrelationEngine(limits), definitions);
    }
    const { timeMs, closed } = engine.begin({ source: 's', receivedAtMs });
    told += closed.length;
    engine.count({ correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member: 0, value: 0 });
  }
  assert.deepEqual([told, engine.health().lost], [1, 0]);
});

test('what goes along with a timespan says of every place of it what a look at all its rows says', () => {
  const bounds = 'condition: { gte: 2, field: v }';
  for (const condition of [
    `type: value_count\nrules: [r0, r1, r2]\n${bounds}`,
    'type: temporal\nrules: [r0, r1, r2]\ncondition: r0 and (r1 or r2)',
  ]) {
    const definition = define(`${condition}\ngroup-by: [g]\ntimespan: 10s`).get('c') ?? assert.fail();
    const measure = measureOf(definition);
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 1, maxLength: 12 }), fc.nat(5), (numbers, width) => {
        const chunk = {
          timeMs: new Float64Array(numbers.length),
          index: Float64Array.from(numbers.keys()),
          value: Float64Array.from(numbers),
          log: new Uint32Array(numbers.length),
          rule: Uint8Array.from(numbers),
        };
        const follower = measure.follow?.() ?? assert.fail();
        for (let end = 1; end <= numbers.length; end += 1) {
          follower.add(chunk, end - 1);
          if (end - 1 > width) follower.drop(chunk, end - 2 - width);
          assert.equal(follower.mayHold(), measure.holds(chunk, Math.max(0, end - 1 - width), end));
        }
      }),
    );
  }
});
