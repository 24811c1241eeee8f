import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, neighbour, tacticWords } from './coverage-columns.ts';
import type { CoverageMap, CoveredTechnique } from './coverage-query.ts';

const none = { watched: 0, weak: 0, blind: 0, none: 0 };
const technique = (
  id: string,
  name: string,
  tactics: string[],
  more: Partial<CoveredTechnique> = {},
): CoveredTechnique => ({
  id,
  name,
  tactics,
  verdict: 'none',
  rules: 0,
  rules_with_data: 0,
  findings_30d: 0,
  ...more,
});
const map: Pick<CoverageMap, 'tactics' | 'techniques'> = {
  tactics: [
    {
      id: 'TA1',
      short_name: 'entry',
      name: 'Entry',
      counts: { ...none, watched: 1, none: 1 },
      rules: 2,
      rules_without_technique: 0,
    },
    { id: 'TA2', short_name: 'quiet', name: 'Quiet', counts: none, rules: 0, rules_without_technique: 1 },
    {
      id: 'TA3',
      short_name: 'taking',
      name: 'Taking',
      counts: { ...none, watched: 1 },
      rules: 2,
      rules_without_technique: 0,
    },
  ],
  techniques: [
    technique('T1002', 'Windows', ['entry']),
    technique('T1001', 'Doors', ['entry', 'taking'], { verdict: 'watched' }),
    technique('T1001.001', 'Cellar doors', ['entry', 'taking'], { parent: 'T1001' }),
  ],
};

const shown = (wanted: Parameters<typeof columnsOf>[1]) =>
  columnsOf(map, wanted).map(({ cells }) => cells.map(({ technique: { id } }) => id));

test('techniques stand by name under each of their tactics, and are found by words, by id and by their sub-techniques', () => {
  assert.deepEqual(shown({ verdict: undefined, text: '' }), [['T1001', 'T1002'], [], ['T1001']]);
  assert.deepEqual(shown({ verdict: undefined, text: ' CELLAR ' }), [['T1001'], [], ['T1001']]);
  assert.deepEqual(shown({ verdict: undefined, text: 't1002' }), [['T1002'], [], []]);
  assert.deepEqual(shown({ verdict: 'none', text: '' }), [['T1002'], [], []]);
});

test('a tactic that nothing looks at says so', () => {
  assert.deepEqual(columnsOf(map, { verdict: undefined, text: '' }).map(tacticWords), [
    '1 of 2 watched',
    'No rule names a technique',
    '1 of 1 watched',
  ]);
});

test('arrow keys walk the matrix, over columns without a cell, and stop at its edges', () => {
  const columns = columnsOf(map, { verdict: undefined, text: '' });
  const from = (column: number, row: number, key: string) => neighbour(columns, { column, row }, key);
  assert.deepEqual(from(0, 0, 'ArrowDown'), { column: 0, row: 1 });
  assert.deepEqual(from(0, 1, 'ArrowDown'), { column: 0, row: 1 });
  assert.deepEqual(from(0, 1, 'ArrowRight'), { column: 2, row: 0 });
  assert.deepEqual(from(2, 0, 'ArrowLeft'), { column: 0, row: 0 });
  assert.deepEqual(from(0, 0, 'ArrowLeft'), { column: 0, row: 0 });
  assert.deepEqual(from(0, 0, 'End'), { column: 0, row: 1 });
  assert.equal(from(0, 0, 'Enter'), undefined);
});
