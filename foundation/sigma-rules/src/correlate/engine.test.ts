import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { conditions, createSaved, define, limits } from './correlation.fixture.ts';
import type { CorrelationDefinition } from './definition.ts';
import { createCorrelationEngine } from './engine.ts';
import { eventName } from './group-state.ts';
import type { EventPosition } from './group-state.ts';
import { createNaiveCorrelator } from './naive-correlator.ts';

type Step = {
  readonly passedMs: number;
  readonly lateMs: number;
  readonly source: number;
  readonly group: number;
  readonly members: readonly number[];
  readonly value: number;
  readonly restart: boolean;
};

const steps = fc.array(
  fc.record<Step>({
    passedMs: fc.oneof({ weight: 8, arbitrary: fc.nat(4_000) }, { weight: 1, arbitrary: fc.nat(60_000) }),
    lateMs: fc.oneof(fc.constant(0), fc.nat(12_000), fc.integer({ min: -5_000, max: 40_000 })),
    source: fc.nat(2),
    group: fc.nat(1),
    members: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }),
    value: fc.nat(3),
    restart: fc.boolean(),
  }),
  { minLength: 1, maxLength: 60 },
);

test('whatever the order, however late, with restarts in between: the engine says what the naive evaluation of all matches says', () => {
  for (const condition of conditions) {
    const definitions = define(`${condition}\ngroup-by: [g]\ntimespan: 10s`);
    const definition = definitions.get('c') ?? assert.fail();
    fc.assert(
      fc.property(steps, (played) => {
        const saved = createSaved();
        // Few rows a slice, so that most of what closes at once is done in several.
        const sliced = { ...limits, slice: 9 };
        let engine = saved.into(createCorrelationEngine(sliced), definitions);
        const naive = createNaiveCorrelator('c', definition);
        let receivedAtMs = 1_000_000;
        for (const [index, step] of played.entries()) {
          receivedAtMs += Math.floor(step.passedMs / 1000) * 1000;
          const mayClose = engine.wouldClose(receivedAtMs);
          const { timeMs, ...first } = engine.begin({
            source: `s${step.source}`,
            claimedMs: receivedAtMs - step.lateMs,
            receivedAtMs,
          });
          const closed = [...first.closed];
          for (let { more } = first; more;) {
            const next = engine.goOn();
            closed.push(...next.closed);
            ({ more } = next);
          }
          assert.ok(mayClose || closed.length === 0, `${condition} at ${index}: nobody said that a window would close`);
          const { watermarkMs } = engine.health();
          assert.ok(timeMs >= watermarkMs && timeMs <= receivedAtMs);
          assert.deepEqual(
            closed.map(({ group }) => group).toSorted(),
            naive
              .close(watermarkMs)
              .map(({ group }) => group)
              .toSorted(),
            `${condition} closing at ${index}`,
          );
          for (const member of step.members) {
            const match = {
              correlationId: 'c',
              group: `g${step.group}`,
              position: { log: 1, index },
              timeMs,
              member,
              value: step.value,
            };
            const found = engine.count(match);
            const expected = naive.count(match);
            assert.deepEqual(
              found.map((one) => one.timeMs),
              expected === undefined ? [] : [expected.timeMs],
              `${condition} at ${index}`,
            );
            assert.ok(found.every(({ basis }) => basis.length > 0));
          }
          if (!step.restart) continue;
          saved.save(engine);
          engine = saved.into(createCorrelationEngine(sliced), definitions);
        }
        assert.equal(engine.health().lost, 0);
      }),
      { numRuns: 25 },
    );
  }
});

function played(
  definitions: ReadonlyMap<string, CorrelationDefinition>,
  events: readonly (readonly [atSeconds: number, member: number, value?: number, claimedSeconds?: number])[],
): string[] {
  const engine = createCorrelationEngine();
  engine.use(definitions);
  const told: string[] = [];
  const names = (basis: readonly EventPosition[]): string => basis.map(({ index }) => index).join(' ');
  for (const [index, [atSeconds, member, value = 0, claimedSeconds = atSeconds]] of events.entries()) {
    const { timeMs, closed } = engine.begin({
      source: 's',
      claimedMs: claimedSeconds * 1000,
      receivedAtMs: atSeconds * 1000,
    });
    for (const { correlationId, basis } of closed) told.push(`${index}: ${correlationId} closed ${names(basis)}`);
    if (member < 0) continue;
    const match = { correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member, value };
    for (const { correlationId, basis } of engine.count(match)) told.push(`${index}: ${correlationId} ${names(basis)}`);
  }
  return told;
}

test('events that arrive out of order are counted at their own time', () => {
  const ordered = define('type: temporal_ordered\nrules: [r0, r1]\ngroup-by: [g]\ntimespan: 1m');
  assert.deepEqual(
    played(ordered, [
      [100, 1, 0, 100],
      [101, 0, 0, 90],
    ]),
    ['1: c 1 0'],
  );
  assert.deepEqual(
    played(ordered, [
      [100, 0],
      [101, 1, 0, 90],
    ]),
    [],
  );
  const counted = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { gte: 2 }');
  assert.deepEqual(
    played(counted, [
      [500, 0, 0, 100],
      [500, 0, 0, 400],
    ]),
    [],
  );
  assert.deepEqual(
    played(counted, [
      [500, 0, 0, 100],
      [501, 0, 0, 130],
    ]),
    ['1: c 0 1'],
  );
});

test('a sender who lies about time gains what he would by keeping silent: the future and the far past count on arrival', () => {
  const counted = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { gte: 3 }');
  assert.deepEqual(
    played(counted, [
      [1000, 0, 0, 9e9],
      [1001, 0, 0, 1],
      [1002, 0, 0, -5],
    ]),
    ['2: c 0 1 2'],
  );
  const engine = createCorrelationEngine();
  engine.use(counted);
  engine.begin({ source: 'honest', claimedMs: 1_000_000, receivedAtMs: 1_000_000 });
  engine.begin({ source: 'liar', claimedMs: 9e15, receivedAtMs: 1_001_000 });
  engine.begin({ source: 'liar', claimedMs: 1, receivedAtMs: 1_002_000 });
  assert.equal(engine.health().watermarkMs, 1_000_000 - 60_000);
  assert.deepEqual([engine.health().late, engine.health().ahead], [1, 1]);
  // Old claims hold the others up for ten minutes, not longer.
  for (let second = 0; second < 2000; second += 10) {
    engine.begin({ source: 'liar', claimedMs: 1_000_000, receivedAtMs: 1_002_000 + second * 1000 });
  }
  assert.ok(engine.health().watermarkMs >= 1_002_000 + 1_990_000 - 600_000);
});

test('what can stop being true is looked at once, when the window is over, and an empty window is none', () => {
  const few = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { lt: 3 }');
  assert.deepEqual(
    played(few, [
      [100, 0],
      [110, 0],
      [170, -1],
      [230, -1],
      [231, -1],
    ]),
    ['4: c closed 0 1'],
  );
  assert.deepEqual(
    played(few, [
      [100, 0],
      [110, 0],
      [120, 0],
      [5000, -1],
    ]),
    [],
  );
});

test('a rule that must not match is waited for', () => {
  const without = define('type: temporal\nrules: [r0, r1]\ngroup-by: [g]\ntimespan: 1m\ncondition: r0 and not r1');
  assert.deepEqual(
    played(without, [
      [100, 0],
      [1000, -1],
    ]),
    ['1: c closed 0'],
  );
  assert.deepEqual(
    played(without, [
      [100, 0],
      [159, 1],
      [1000, -1],
    ]),
    [],
  );
  assert.deepEqual(
    played(without, [
      [100, 1],
      [159, 0],
      [1000, -1],
    ]),
    ['2: c closed 1'],
  );
});

test('a chain counts matches of a correlation by its own groups, and names what those rest on', () => {
  const text = ['type: temporal_ordered', 'rules: [many, r1]', 'group-by: [user]', 'timespan: 5m'].join('\n');
  for (const [below, expected] of [
    ['{ gte: 2 }', ['2: c 0 1 2']],
    ['{ lt: 3 }', ['2: c 0 1 2']],
  ] as const) {
    const definitions = define(
      text,
      `title: Many\nid: m\nname: many\ncorrelation:\n    type: event_count\n    rules: [r0]\n    group-by: [host]\n    timespan: 1m\n    condition: ${below}\n---\n`,
    );
    const engine = createCorrelationEngine();
    engine.use(definitions);
    const told: string[] = [];
    const chained = [{ correlationId: 'c', group: 'user', member: 0, value: 0, chained: [] }];
    for (const [index, atSeconds] of [100, 110, 200, 2000].entries()) {
      const { timeMs, closed } = engine.begin({
        source: 's',
        claimedMs: atSeconds * 1000,
        receivedAtMs: atSeconds * 1000,
      });
      const position = { log: 1, index };
      const found = [
        ...closed,
        ...(index < 2
          ? engine.count({ correlationId: 'm', group: 'host', position, timeMs, member: 0, value: 0, chained })
          : engine.count({
              correlationId: 'c',
              group: 'user',
              position,
              timeMs,
              member: index === 2 ? 1 : 5,
              value: 0,
            })),
      ];
      for (const { correlationId, basis } of found) {
        if (correlationId === 'c') told.push(`${basis.at(-1)?.index}: c ${basis.map((one) => one.index).join(' ')}`);
      }
    }
    assert.deepEqual(told, expected, below);
  }
});

test('definitions that stay go on counting when rules are put into force anew; others begin anew', () => {
  const first = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 1m\ncondition: { gte: 2 }');
  const other = define('type: event_count\nrules: [r0]\ngroup-by: [g]\ntimespan: 2m\ncondition: { gte: 2 }');
  for (const [next, found] of [
    [first, 1],
    [other, 0],
  ] as const) {
    const engine = createCorrelationEngine();
    engine.use(first);
    for (const [index, definitions] of [first, next].entries()) {
      engine.use(definitions);
      const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1000 });
      const match = { correlationId: 'c', group: 'g', position: { log: 1, index }, timeMs, member: 0, value: 0 };
      assert.equal(engine.count(match).length, index === 0 ? 0 : found);
    }
  }
});

test('every event of a finding is named once', () => {
  const definitions = define('type: temporal\nrules: [r0, r1]\ngroup-by: [g]\ntimespan: 1m');
  const engine = createCorrelationEngine();
  engine.use(definitions);
  const { timeMs } = engine.begin({ source: 's', receivedAtMs: 1000 });
  const match = { correlationId: 'c', group: 'g', position: { log: 1, index: 7 }, timeMs, value: 0 };
  engine.count({ ...match, member: 0 });
  const [finding] = engine.count({ ...match, member: 1 });
  assert.deepEqual(finding?.basis.map(eventName), ['1/7']);
});
