import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut } from './graph-layout.ts';

const graph = fc
  .record({
    count: fc.integer({ min: 0, max: 40 }),
    pairs: fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 80 }),
  })
  .map(({ count, pairs }) => ({
    nodes: Array.from({ length: count }, (_, at) => ({ id: `n${at}`, hop: at < 3 ? 0 : at < 15 ? 1 : 2 })),
    edges: pairs.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` })),
  }));

test('every node has a place inside the picture, the same each time', () => {
  fc.assert(
    fc.property(graph, ({ nodes, edges }) => {
      const first = layOut(nodes, edges);
      assert.deepEqual([...first.places.keys()].toSorted(), nodes.map(({ id }) => id).toSorted());
      for (const { x, y } of first.places.values())
        assert.ok(x >= 0 && x <= first.width && y >= 0 && y <= first.height, `${x} ${y}`);
      assert.deepEqual(layOut(nodes, edges), first);
    }),
    { numRuns: 25 },
  );
});

test('names do not lie on each other', () => {
  const nodes = Array.from({ length: 24 }, (_, at) => ({ id: `n${at}`, hop: at === 0 ? 0 : at < 10 ? 1 : 2 }));
  const edges = nodes.slice(1).map(({ id }, at) => ({ from: id, to: at < 9 ? 'n0' : `n${(at % 9) + 1}` }));
  const places = [...layOut(nodes, edges).places.values()];
  for (const [at, one] of places.entries())
    for (const other of places.slice(at + 1))
      assert.ok(Math.abs(one.x - other.x) > 70 || Math.abs(one.y - other.y) > 45, JSON.stringify([one, other]));
});
