import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingLevels } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { append, catchUp, findingEvent, operator, setUp } from './alerts.fixture.ts';
import { createAlerts } from './alerts.ts';
import { priorityBasisText, priorityFloor, priorityOf, priorityWords, readPriority } from './priority.ts';
import type { Criticality, PriorityFacts } from './priority.ts';

const criticality = fc.constantFrom<Criticality>('low', 'normal', 'high', 'crown_jewel');
const facts = fc
  .record({
    levels: fc.array(criticality, { minLength: 4, maxLength: 4 }),
    risk: fc.option(fc.integer({ min: -50, max: 500 })),
  })
  .map(({ levels, risk }): PriorityFacts => ({
    criticalityOf: (kind) => levels[['person', 'host', 'camera', 'site'].indexOf(kind)] ?? 'normal',
    riskOf: () => risk ?? undefined,
  }));
const entities = fc.record(
  { host: fc.constant('web-1'), user: fc.constant('kim'), camera: fc.constant('cam-1'), site: fc.constant('Mill') },
  { requiredKeys: [] },
);

test('a priority is severity × criticality × risk, told factor by factor', () => {
  const known: PriorityFacts = {
    criticalityOf: (kind) => (kind === 'camera' ? 'crown_jewel' : 'low'),
    riskOf: (kind) => (kind === 'user' ? 82 : 10),
  };
  const priority = priorityOf('high', { camera: 'cam-1', host: 'Gate', user: 'kim', site: 'Mill' }, known);
  assert.equal(priority.value, Math.round(60 * 1.3 * 1.21));
  assert.equal(
    priorityWords('high', priority),
    'high severity (60) × crown jewel: camera (×1.3) × person at risk 82 (×1.21)',
  );
  assert.deepEqual(priorityOf('high', {}), { value: 60, basis: {} });
});

test('of equal risk an agent is told before whom it acts for; who is at a greater one is told', () => {
  const about = { user: 'kim', agent: 'a1' };
  const told = (user: number, agent: number) => {
    const known: PriorityFacts = { criticalityOf: () => 'normal', riskOf: (kind) => (kind === 'user' ? user : agent) };
    return priorityWords('high', priorityOf('high', about, known));
  };
  assert.match(told(82, 82), /× agent at risk 82 /);
  assert.match(told(40, 82), /× agent at risk 82 /);
  assert.match(told(90, 82), /× person at risk 90 /);
});

test('no alert falls below the floor of its level; more entities, risk or criticality never lower it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...findingLevels), entities, facts, (level, about, known) => {
      const { value } = priorityOf(level, about, known);
      assert.ok(value >= priorityFloor(level) && value <= 100);
      const calm = priorityOf(level, about, { ...known, riskOf: () => undefined });
      assert.ok(value >= calm.value, 'risk only raises');
      const jewel = priorityOf(level, about, { ...known, criticalityOf: () => 'crown_jewel' });
      assert.ok(jewel.value >= value);
      const more = priorityOf(level, { ...about, host: 'web-2' }, known);
      if (about.host === undefined && about.camera === undefined && Object.keys(about).length > 0)
        assert.ok(more.value >= value, 'an asset of low criticality hides no other');
    }),
  );
});

test('what is kept of a priority holds no name, and is read as it was; what is no basis lowers nothing', () => {
  fc.assert(
    fc.property(fc.constantFrom(...findingLevels), entities, facts, fc.string(), (level, about, known, garbage) => {
      const priority = priorityOf(level, about, known);
      const text = priorityBasisText(priority);
      assert.doesNotMatch(text, /web-1|kim|cam-1|Mill/);
      assert.deepEqual(readPriority(level, text), priority);
      assert.ok(readPriority(level, garbage).value >= priorityFloor(level));
    }),
  );
});

forEachDatabase((name, open) => {
  test(`priorities follow risk and criticality, order lists, and stay as they were once an alert is closed, on ${name}`, async () => {
    const { database } = await open();
    const { ledger, needs, timers } = await setUp(database);
    const risks = new Map<string, number>();
    const jewels = new Set<string>();
    const alerts = createAlerts({
      ...needs,
      priorityFacts: {
        criticalityOf: (_kind, asset) => (jewels.has(asset) ? 'crown_jewel' : 'normal'),
        riskOf: (_kind, entity) => risks.get(entity),
      },
    });
    await append(
      ledger,
      [1, 2, 3].map((index) =>
        findingEvent({ index, level: index === 3 ? 'medium' : 'high', host: `h${index}`, user: '' }),
      ),
    );
    await catchUp(alerts.projection, ledger);
    const listed = async () =>
      (await alerts.list({ sort: 'priority', limit: 10 })).map(({ number, priority }) => [number, priority.value]);
    assert.deepEqual(await listed(), [
      [2, 60],
      [1, 60],
      [3, 40],
    ]);
    risks.set('h1', 100);
    jewels.add('h3');
    assert.equal(await alerts.prioritize(), 2);
    assert.deepEqual(await listed(), [
      [1, 75],
      [2, 60],
      [3, 52],
    ]);
    assert.equal(await alerts.prioritize(), 0, 'nothing changed, nothing is written');
    const [first] = await alerts.list({ sort: 'priority', limit: 1 });
    await alerts.change({ id: first?.id ?? '', state: 'closed', actor: operator });
    risks.clear();
    jewels.add('h2');
    timers.goOff();
    await alerts.prioritize();
    assert.deepEqual(
      await listed(),
      [
        [2, 78],
        [3, 52],
        [1, 75],
      ],
      'what is over stands last, as it was',
    );
    const pages: number[] = [];
    for (let before: Parameters<typeof alerts.list>[0]['before']; ;) {
      const [one] = await alerts.list({ sort: 'priority', limit: 1, ...(before === undefined ? {} : { before }) });
      if (one === undefined) break;
      pages.push(one.number);
      before = {
        number: one.number,
        lastSeenAtMs: one.lastSeenAtMs,
        severityId: 4,
        rank: one.priority.value + (one.state === 'closed' ? 0 : 1000),
      };
    }
    assert.deepEqual(pages, [2, 3, 1]);
    await alerts.close();
    assert.equal(timers.count(), 0);
  });
});
