import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atlasTable, enterpriseTable, tableText } from './generate-attack-tables.ts';

const reference = (id: string) => [
  { source_name: 'capec', external_id: 'CAPEC-1' },
  { source_name: 'mitre-attack', external_id: id },
];
const pattern = (id: string, name: string, more: object = {}) => ({
  type: 'attack-pattern',
  id: `attack-pattern--${id}`,
  name,
  external_references: reference(id),
  kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'stealth' }],
  ...more,
});
const bundle = (extra: readonly object[] = []) => ({
  type: 'bundle',
  objects: [
    { type: 'x-mitre-collection', id: 'x-mitre-collection--1', x_mitre_version: '19.2' },
    { type: 'x-mitre-matrix', id: 'x-mitre-matrix--1', tactic_refs: ['x-mitre-tactic--2', 'x-mitre-tactic--1'] },
    {
      type: 'x-mitre-tactic',
      id: 'x-mitre-tactic--1',
      x_mitre_shortname: 'stealth',
      name: 'Stealth',
      external_references: reference('TA0005'),
    },
    {
      type: 'x-mitre-tactic',
      id: 'x-mitre-tactic--2',
      x_mitre_shortname: 'impact',
      name: 'Impact',
      external_references: reference('TA0040'),
    },
    pattern('T1070.001', 'Clear Logs', { revoked: true }),
    pattern('T1036', 'Masquerading'),
    pattern('T1036.004', 'Masquerade Task'),
    pattern('T1043', 'Commonly Used Port', { x_mitre_deprecated: true }),
    {
      type: 'relationship',
      relationship_type: 'revoked-by',
      source_ref: 'attack-pattern--T1070.001',
      target_ref: 'attack-pattern--T1036',
    },
    { type: 'relationship', relationship_type: 'uses', source_ref: 'malware--1', target_ref: 'attack-pattern--T1036' },
    ...extra,
  ],
});

test('a STIX bundle becomes a table: tactics in the order of the matrix, withdrawn techniques with their successors', () => {
  const table = enterpriseTable(bundle(), 'test');
  assert.deepEqual(table.tactics, ['TA0040|impact|Impact', 'TA0005|stealth|Stealth']);
  assert.deepEqual(table.techniques, [
    'T1036|Masquerading|stealth',
    'T1036.004|Masquerade Task|stealth',
    'T1043|Commonly Used Port|-',
    'T1070.001|Clear Logs|>T1036',
  ]);
  assert.equal(table.version, '19.2');
  assert.match(tableText(table), /T1036\.004/);
});

test('a bundle with a fault in it is not written', () => {
  const cases = [
    bundle([pattern('T1055.012', 'Hollowing')]),
    bundle([pattern('T1036', 'Again')]),
    bundle([
      pattern('T1059', 'Scripting', { kill_chain_phases: [{ kill_chain_name: 'mitre-attack', phase_name: 'gone' }] }),
    ]),
  ];
  for (const faulty of cases) assert.throws(() => tableText(enterpriseTable(faulty, 'test')), RangeError);
  assert.throws(() => enterpriseTable({ objects: [] }, 'test'), /tactic_refs/);
});

test('ATLAS data becomes a table: a sub-technique has its parent’s tactics where it has none of its own', () => {
  const achieves = (source: string, target: string) => ({ source, target, 'relationship-type': 'achieves' });
  const data = {
    'format-version': '6.0.0',
    collection: { version: '2026.09' },
    tactics: { 'AML.TA0005': { name: 'Execution' }, 'AML.TA0006': { name: 'AI Model Access' } },
    techniques: { 'AML.T0051.001': { name: 'Indirect' }, 'AML.T0051': { name: 'LLM Prompt Injection' } },
    relationships: {
      'ATLAS-matrix': { sequences: [{ target: 'AML.TA0006' }, { target: 'AML.TA0005' }] },
      'AML.T0051': { achieves: [achieves('AML.T0051', 'AML.TA0005')] },
    },
  };
  const table = atlasTable(data, 'test');
  assert.deepEqual(table.tactics, ['AML.TA0006|ai-model-access|AI Model Access', 'AML.TA0005|execution|Execution']);
  assert.deepEqual(table.techniques, ['AML.T0051|LLM Prompt Injection|execution', 'AML.T0051.001|Indirect|execution']);
  assert.throws(() => atlasTable({ ...data, 'format-version': '5.6.0' }, 'test'), /must be 6/);
});
