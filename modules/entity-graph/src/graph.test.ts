import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodeId, nodeKinds } from './entity.ts';
import type { Entity } from './entity.ts';
import { drawGraph, graphLimits } from './graph.ts';
import type { Link } from './graph.ts';
import { relations } from './relation.ts';

const entity = fc.record({ kind: fc.constantFrom(...nodeKinds), name: fc.integer({ min: 0, max: 400 }).map(String) });
const link: fc.Arbitrary<Link> = fc.record({
  from: entity,
  to: entity,
  relation: fc.constantFrom(...relations),
  count: fc.nat(1000),
  failed: fc.nat(3),
  firstMs: fc.nat(1000),
  lastMs: fc.nat(1000),
  examples: fc.array(fc.record({ log: fc.constant(1), index: fc.nat(100) }), { maxLength: 6 }),
});
const folds = fc.array(
  fc.record({ at: entity, of: fc.constantFrom(...nodeKinds), count: fc.integer({ min: 1, max: 5000 }) }),
  {
    maxLength: 60,
  },
);

function person(name: string): Entity {
  return { kind: 'person', name };
}

function joined(from: Entity, to: Entity, more: Partial<Link> = {}): Link {
  return { from, to, relation: 'acted_on', count: 1, failed: 0, examples: [], ...more };
}

test('whatever there is to draw, the picture stays within its limits, in one piece, and the same in any order', () => {
  fc.assert(
    fc.property(
      fc.array(entity, { maxLength: 30 }),
      fc.array(link, { maxLength: 900 }),
      folds,
      (centres, links, more) => {
        const graph = drawGraph({ centres, links, folds: more });
        const ids = new Map(graph.nodes.map((node) => [node.id, node.hop]));
        assert.equal(ids.size, graph.nodes.length);
        assert.ok(graph.nodes.length + graph.folds.length <= graphLimits.nodes);
        assert.ok(graph.edges.length + graph.folds.length <= graphLimits.edges);
        for (const { from, to, examples } of graph.edges) {
          assert.ok(ids.has(from) && ids.has(to) && from !== to);
          assert.ok(examples.length <= graphLimits.examples);
        }
        for (const { at } of graph.folds) assert.ok(ids.has(at));
        for (const { id, hop } of graph.nodes) {
          const isHeld = graph.edges.some(
            ({ from, to }) => (from === id && ids.get(to) === hop - 1) || (to === id && ids.get(from) === hop - 1),
          );
          assert.ok(hop === 0 || (hop <= graphLimits.hops && isHeld), `${id} at ${hop} hangs on nothing`);
        }
        assert.deepEqual(drawGraph({ centres, links: links.toReversed(), folds: more.toReversed() }), graph);
      },
    ),
    { numRuns: 40 },
  );
});

test('what is told from both ends is one relation, counted once, with how it began and how it is now', () => {
  const [kim, web] = [person('kim'), { kind: 'host', name: 'web-1' } as const];
  const at = (index: number) => ({ log: 1, index });
  const graph = drawGraph({
    centres: [kim],
    links: [
      joined(kim, web, { count: 7, firstMs: 5, lastMs: 9, examples: [at(1), at(9)] }),
      joined(person('KIM'), web, {
        count: 6,
        failed: 2,
        firstMs: 4,
        lastMs: 8,
        examples: [at(1), at(3), at(4), at(5)],
      }),
    ],
    folds: [],
  });
  assert.deepEqual(graph.edges, [
    {
      from: 'person:kim',
      to: 'host:web-1',
      relation: 'acted_on',
      count: 7,
      failed: 2,
      firstMs: 4,
      lastMs: 9,
      examples: [at(1), at(4), at(5), at(9)],
    },
  ]);
});

test('a flood of made-up neighbours does not push out who stands in alerts, and what is left out is counted', () => {
  const victim = person('victim');
  const flood = Array.from({ length: 2000 }, (_, at) => joined(victim, person(`made-up-${at}`), { count: 1000 }));
  const graph = drawGraph({
    centres: [victim],
    links: [...flood, joined(victim, person('culprit'), { relation: 'in_one_alert_with', count: 1 })],
    folds: [{ at: victim, of: 'person', count: 312 }],
  });
  assert.ok(graph.nodes.some(({ id }) => id === nodeId(person('culprit'))));
  assert.deepEqual(graph.folds, [{ at: 'person:victim', of: 'person', count: 312 }]);
  assert.equal(graph.leftOut.nodes, 2001 + 1 + 1 - graphLimits.nodes);
});
