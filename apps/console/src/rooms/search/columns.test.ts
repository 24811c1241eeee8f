import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { columnChoices, formatColumns, parseColumns, toggleColumn } from './columns.ts';

test('Columns written into the address come back the same', () => {
  const ids = columnChoices.map(({ id }) => id);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.constantFrom(...ids), fc.integer({ min: 56, max: 640 })), { selector: ([id]) => id }),
      (chosen) => {
        const columns = parseColumns(chosen.map(([id, width]) => `${id}:${width}`).join(','));
        assert.deepEqual(parseColumns(formatColumns(columns)), columns);
      },
    ),
  );
});

test('Nothing an address says makes a column that is not offered, twice the same, or too wide to leave the room', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const columns = parseColumns(text);
      assert.ok(columns.length <= columnChoices.length);
      assert.ok(columns.every(({ width }) => width >= 56 && width <= 640));
    }),
  );
  assert.deepEqual(
    parseColumns('__proto__,constructor,host,host:999999').map(({ id }) => id),
    ['host'],
  );
});

test('A column is shown where it belongs and taken away again', () => {
  const first = parseColumns(undefined);
  const more = toggleColumn(first, 'user');
  assert.deepEqual(
    more.map(({ id }) => id),
    ['received', 'class', 'host', 'user'],
  );
  assert.equal(formatColumns(toggleColumn(more, 'user')), undefined);
  assert.deepEqual(parseColumns(formatColumns([])), []);
});
