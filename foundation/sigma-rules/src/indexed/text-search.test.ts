import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createEdgeSearch } from './edge-search.ts';
import { createTextBytes } from './text-bytes.ts';
import { createTextSearch } from './text-search.ts';
import type { TextSearch } from './text-search.ts';

const unit = fc.constantFrom('a', 'b', 'c', '\\', '.exe', 'ab', 'aaaa', 'é', '😀', 'Д');
const literal = fc.array(unit, { minLength: 1, maxLength: 12 }).map((units) => units.join(''));
const searched = fc.tuple(
  fc.uniqueArray(literal, { maxLength: 40 }),
  fc
    .array(fc.oneof(unit, literal, fc.constantFrom('\uD83D', '\uDE00')), { maxLength: 30 })
    .map((units) => units.join('')),
);

function found(search: TextSearch, text: string): number[] {
  const seen = new Set<number>();
  search.search(text, (hits) => hits.forEach((hit) => seen.add(hit)));
  return [...seen].toSorted((left, right) => left - right);
}

const numbered = (literals: readonly string[]) => new Map(literals.map((text, order) => [text, [order]]));
const ordersOf = (literals: readonly string[], holds: (text: string) => boolean): number[] =>
  literals.flatMap((text, order) => (holds(text) ? [order] : []));

test('a search finds exactly the literals a text holds, begins with, or ends with', () => {
  const textBytes = createTextBytes();
  fc.assert(
    fc.property(searched, ([literals, text]) => {
      const table = numbered(literals);
      assert.deepEqual(
        found(createTextSearch(table, textBytes), text),
        ordersOf(literals, (one) => text.includes(one)),
      );
      assert.deepEqual(
        found(createEdgeSearch(table, 'start'), text),
        ordersOf(literals, (one) => text.startsWith(one)),
      );
      assert.deepEqual(
        found(createEdgeSearch(table, 'end'), text),
        ordersOf(literals, (one) => text.endsWith(one)),
      );
    }),
    { numRuns: 1000 },
  );
});

test('long literals, which are looked for at every eighth byte, are found wherever they stand', () => {
  const literals = Array.from({ length: 200 }, (_, order) => `SHA256=${`${order}`.padStart(3, '0').repeat(8)}`);
  const search = createTextSearch(numbered(literals), createTextBytes());
  for (let before = 0; before < 20; before += 1) {
    const text = `${'x'.repeat(before)}${literals[before * 7] ?? ''}${'y'.repeat(before)}`;
    assert.deepEqual(found(search, text), [before * 7]);
  }
});

test('a text of ten million characters is searched, and the memory it took is given back', () => {
  const textBytes = createTextBytes();
  const search = createTextSearch(numbered(['aaaaaaaaaaaaaaaaaaaab', 'needle']), textBytes);
  assert.deepEqual(found(search, `${'a'.repeat(10_000_000)}needle`), [1]);
  assert.deepEqual(found(search, 'needle'), [1]);
  assert.ok(textBytes.bytes().length <= 1_048_576);
});

test('a literal is found wherever it stands, at the very end too, whatever the step', () => {
  const textBytes = createTextBytes();
  for (const length of [1, 4, 7, 11, 15, 20]) {
    const text = 'abcdefghijklmnopqrst'.slice(0, length);
    const search = createTextSearch(new Map([[text, [0]]]), textBytes);
    for (let before = 0; before < 20; before += 1) {
      for (const behind of [0, 1, 9])
        assert.deepEqual(found(search, '.'.repeat(before) + text + '.'.repeat(behind)), [0]);
    }
  }
});
