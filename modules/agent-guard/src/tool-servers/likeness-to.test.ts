import assert from 'node:assert/strict';
import { test } from 'node:test';
import { likeness, skeletonOf } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import fc from 'fast-check';
import { findLikenesses, type Other } from './likeness-to.ts';

const own = { id: 'own', name: 'own' };
const other = { id: 'other', name: 'other' };
async function* pagesOf(others: readonly Other[]): AsyncGenerator<readonly Other[]> {
  for (let at = 0; at < others.length; at += 7) yield others.slice(at, at + 7);
}

/** How many names and signs were folded on the way. */
async function compared(fresh: readonly Definition[], others: readonly Other[]) {
  let folds = 0;
  let signs = 0;
  const skeleton = (name: string): string => {
    folds += 1;
    signs += name.length;
    return skeletonOf(name);
  };
  const found = await findLikenesses({ server: own, fresh, others: pagesOf(others), skeleton });
  return { found, folds, signs };
}
const addresses = (count: number, sign: string): string[] =>
  Array.from({ length: count }, (_, at) => `r://${String(at).padStart(4000, sign)}`);
const resources = (names: readonly string[]): Definition[] => names.map((name) => ({ kind: 'resource', name }));
const pinned = (names: readonly string[]): Other[] => names.map((tool) => ({ server: other, kind: 'resource', tool }));

test('five hundred long addresses against five hundred fold each once at most, plain ones never, and no more than their beginning', async () => {
  const plain = await compared(resources(addresses(500, 'x')), pinned(addresses(500, 'y')));
  assert.equal(plain.folds, 0);
  const foreign = await compared(resources(addresses(500, 'ж')), pinned(addresses(500, 'ш')));
  assert.equal(foreign.folds, 1000);
  assert.ok(foreign.signs <= 1000 * 1024, String(foreign.signs));
  const tools = Array.from({ length: 500 }, (_, at) => ({ name: `tool_${at}` }));
  const others = tools.map(({ name }): Other => ({ server: other, kind: 'tool', tool: `other_${name}` }));
  assert.equal((await compared(tools, others)).folds, 1000);
});

test('everybody else has a turn while many are compared', async () => {
  let turns = 0;
  const beat = setInterval(() => (turns += 1), 0);
  await compared(resources(addresses(500, 'ж')), pinned(addresses(500, 'ш')));
  clearInterval(beat);
  assert.ok(turns > 0);
});

test('one that passes for another is not hidden by many of the very same name, nor by its length', async () => {
  const same = Array.from({ length: 60 }, (_, at): Other => ({
    server: { id: `s${at}`, name: `s${at}` },
    kind: 'tool',
    tool: 'search',
  }));
  const { found } = await compared([{ name: 'search' }], [...same, { server: other, kind: 'tool', tool: 'sеarch' }]);
  const likenesses = found.get('tool search') ?? [];
  assert.equal(likenesses.length, 20);
  assert.deepEqual(likenesses[0], { server: 'other', tool: 'sеarch', how: 'looks_alike' });
  const long = `r://${'n'.repeat(4000)}`;
  const passing = `r://n${'ո'.repeat(3)}${'n'.repeat(3996)}`;
  for (const [fresh, known] of [
    [passing, long],
    [long, passing],
  ] as const) {
    const met = await compared(resources([fresh]), pinned([known]));
    assert.deepEqual(
      met.found.get(`resource ${fresh}`)?.map(({ tool }) => tool),
      [known],
    );
  }
});

test('what is found is what comparing each with each finds', async () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'а', 'l', '1', 'I', '_', 'rn', 'm', '\u200b'),
    minLength: 1,
    maxLength: 4,
  });
  const names = fc.uniqueArray(name, { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(names, names, fc.constantFrom('tool', 'resource'), async (fresh, known, kind) => {
      const definitions = fresh.map((one): Definition =>
        kind === 'tool' ? { name: one } : { kind: 'resource', name: one },
      );
      const others = known.map((tool): Other => ({ server: other, kind: kind === 'tool' ? 'tool' : 'resource', tool }));
      const { found } = await compared(definitions, others);
      for (const one of fresh) {
        const expected = known.filter((tool) => {
          const how = likeness(one, tool);
          if (kind === 'tool') return how !== undefined;
          return how === 'looks_alike' && !/^[\x20-\x7e]*$/.test(one + tool);
        });
        const got = (found.get(`${kind} ${one}`) ?? []).map(({ tool }) => tool);
        assert.deepEqual(got.toSorted(), expected.toSorted(), JSON.stringify([one, known]));
      }
    }),
  );
});

test('plain names are folded as others are', () => {
  const ascii = fc.string({ unit: fc.integer({ min: 0, max: 127 }).map((code) => String.fromCodePoint(code)) });
  fc.assert(
    // With a sign that is not seen the same name goes the longer way.
    fc.property(ascii, (name) => assert.equal(skeletonOf(name), skeletonOf(`${name}\u200b`))),
  );
});
