import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageCsv } from './coverage-csv.ts';
import { arrival, framework, nowMs, rule } from './coverage.fixture.ts';
import { navigatorLayer } from './navigator-layer.ts';
import { createThreatCoverage } from './threat-coverage.ts';
import { techniqueView } from './answers.ts';

const coverage = createThreatCoverage({
  frameworks: [framework],
  rules: () => [
    rule('seen', ['attack.t1001.001', 'attack.t1003']),
    rule('=cmd|calc', ['attack.t1006'], { logSource: { product: 'zeek', service: 'conn' } }),
  ],
  arrivals: () => ({
    sources: [arrival({ product: 'windows', category: ['process_creation'], service: ['sysmon'] }, 2)],
    evicted: 0,
  }),
  fires: async () => new Map([['seen', { day: 1, month: 4 }]]),
  clock: { nowMs: () => nowMs, monotonicMs: () => 0 },
});

test('the layer has what format 4.5 of the Navigator asks for, and nothing it does not know', async () => {
  const map = await coverage.map('attack', 7);
  const layer = navigatorLayer(map.coverage, map);
  // The tables of layers/spec/v4.5/layerformat.md.
  const known = new Set(
    'versions name description domain customDataURL filters sorting layout hideDisabled techniques gradient legendItems showTacticRowBackground tacticRowBackground selectTechniquesAcrossTactics selectSubtechniquesWithParent selectVisibleTechniques metadata links'.split(
      ' ',
    ),
  );
  assert.deepEqual(
    Object.keys(layer).filter((name) => !known.has(name)),
    [],
  );
  assert.equal(layer.versions.layer, '4.5');
  assert.match(layer.versions.navigator, /^(4\.9|[5-9])\./);
  assert.ok(['enterprise-attack', 'mobile-attack', 'ics-attack'].includes(layer.domain));
  assert.ok(layer.gradient.colors.length >= 2 && layer.gradient.maxValue > layer.gradient.minValue);
  const ofTechnique = new Set(
    'techniqueID tactic comment enabled score color metadata links showSubtechniques'.split(' '),
  );
  for (const technique of layer.techniques) {
    assert.deepEqual(
      Object.keys(technique).filter((name) => !ofTechnique.has(name)),
      [],
    );
    assert.match(technique.techniqueID, /^T\d{4}(\.\d{3})?$/);
    assert.match(technique.color, /^#[0-9a-f]{6}$/);
    for (const { name, value } of technique.metadata) assert.ok(name !== '' && typeof value === 'string');
  }
  assert.deepEqual(
    layer.techniques.map(({ techniqueID, score }) => [techniqueID, score]),
    [
      ['T1001', 100],
      ['T1001.001', 100],
      ['T1006', 20],
    ],
  );
});

test('the CSV has a line for every technique that stands, and what is missing', async () => {
  const lines = coverageCsv((await coverage.map('attack', 7)).coverage)
    .trimEnd()
    .split('\r\n');
  assert.equal(lines.length, 1 + 5);
  assert.equal(lines.at(-1), '"attack","1.0","T1006","Bags","","taking","blind","1","0","0","zeek / conn"');
});

test('a technique tells its rules, their sources and when those last sent something; a withdrawn id gives its successor', async () => {
  const view = techniqueView(await coverage.technique('t1003', 7));
  assert.deepEqual([view.id, view.asked, view.verdict, view.findings_30d], ['T1001.001', 'T1003', 'watched', 4]);
  assert.deepEqual(view.rule_list[0]?.tagged, ['T1001.001', 'T1003']);
  assert.deepEqual(view.sources, [
    {
      words: 'windows / process_creation',
      product: 'windows',
      category: 'process_creation',
      recipe: 'windows',
      rules: 1,
      has_data: true,
      last_event: '2026-11-20T00:00:00.000Z',
      events_30d: 3,
    },
  ]);
  await assert.rejects(coverage.technique('T1005', 7), { code: 'technique_unknown' });
  await assert.rejects(coverage.technique('T9999', 7), { code: 'technique_unknown' });
  await assert.rejects(coverage.map('atlas', 7), { code: 'framework_unknown' });
});
