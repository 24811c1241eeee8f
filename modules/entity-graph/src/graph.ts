import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { nodeId } from './entity.ts';
import type { Entity, NodeKind } from './entity.ts';
import type { Relation } from './relation.ts';

/** Something that joins two entities. The same told from both ends is one edge. */
export type Link = {
  readonly from: Entity;
  readonly to: Entity;
  readonly relation: Relation;
  /** Events, or alerts of an edge between what stands in alerts; 0 of what is so without having happened. */
  readonly count: number;
  readonly failed: number;
  readonly firstMs?: number;
  readonly lastMs?: number;
  readonly examples: readonly Position[];
};

/** Of somebody with too many neighbours: how many of a kind are not drawn. */
export type Fold = { readonly at: Entity; readonly of: NodeKind; readonly count: number };

export type GraphNode = {
  readonly id: string;
  readonly entity: Entity;
  /** Steps from the alert: 0, 1 or 2. */ readonly hop: number;
};
export type GraphEdge = Omit<Link, 'from' | 'to'> & { readonly from: string; readonly to: string };
export type GraphFold = { readonly at: string; readonly of: NodeKind; readonly count: number };

export type EntityGraph = {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly folds: readonly GraphFold[];
  /** What was known and is not drawn, folds not counted. */
  readonly leftOut: { readonly nodes: number; readonly edges: number };
};

/** Folds count as nodes, each with an edge of its own. */
export const graphLimits = { nodes: 150, edges: 400, hops: 2, examples: 4, centres: 24 } as const;

/**
 * The picture, the nearest and strongest first: never more than `graphLimits`, every edge between two nodes that are there, every node joined to
 * an alert's entity by at most two edges. The same for the same links in any order.
 */
export function drawGraph(input: {
  readonly centres: readonly Entity[];
  readonly links: readonly Link[];
  readonly folds: readonly Fold[];
}): EntityGraph {
  const nodes = new Map<string, GraphNode>();
  for (const entity of input.centres.slice(0, graphLimits.centres))
    nodes.set(nodeId(entity), { id: nodeId(entity), entity, hop: 0 });
  const links = merged(input.links).toSorted(byStrength);
  const folds = foldsOf(input.folds);
  const taken: GraphFold[] = [];
  const room = (): number => graphLimits.nodes - nodes.size - taken.length;
  const unseen = new Set<string>();
  const holding = new Set<Link>();

  for (let hop = 1; hop <= graphLimits.hops; hop += 1) {
    for (const fold of folds) if (nodes.get(fold.at)?.hop === hop - 1 && room() > 0) taken.push(fold);
    const before = new Set([...nodes].flatMap(([id, node]) => (node.hop === hop - 1 ? [id] : [])));
    for (const link of links) {
      const { from, to } = link;
      for (const [near, far] of [
        [from, to],
        [to, from],
      ] as const) {
        const id = nodeId(far);
        if (!before.has(nodeId(near)) || nodes.has(id)) continue;
        if (room() > 0) {
          nodes.set(id, { id, entity: far, hop });
          holding.add(link);
        } else unseen.add(id);
      }
    }
  }
  // Those that brought a node in stay, whatever else has no room.
  const drawable = [...links.filter((link) => holding.has(link)), ...links.filter((link) => !holding.has(link))]
    .map((link) => ({ ...link, from: nodeId(link.from), to: nodeId(link.to) }))
    .filter(({ from, to }) => nodes.has(from) && nodes.has(to));
  const edges = drawable.slice(0, graphLimits.edges - taken.length);
  return {
    nodes: [...nodes.values()],
    edges,
    folds: taken,
    leftOut: {
      nodes:
        [...unseen].filter((id) => !nodes.has(id)).length + Math.max(0, input.centres.length - graphLimits.centres),
      edges: drawable.length - edges.length,
    },
  };
}

/** One link a pair and relation: both ends tell of the same events, so counts are not added up. */
function merged(links: readonly Link[]): Link[] {
  const byName = new Map<string, Link>();
  for (const link of links) {
    const [from, to] = [nodeId(link.from), nodeId(link.to)];
    if (from === to) continue;
    const name = JSON.stringify([from, to, link.relation]);
    const known = byName.get(name);
    byName.set(name, known === undefined ? { ...link, examples: newest(link.examples) } : joined(known, link));
  }
  return [...byName.values()];
}

function joined(one: Link, other: Link): Link {
  const times = (name: 'firstMs' | 'lastMs'): number[] => [one[name] ?? [], other[name] ?? []].flat();
  const [firsts, lasts] = [times('firstMs'), times('lastMs')];
  const spelled = [one, other].toSorted((a, b) => (namesOf(a) < namesOf(b) ? -1 : 1))[0] ?? one;
  return {
    from: spelled.from,
    to: spelled.to,
    relation: one.relation,
    count: Math.max(one.count, other.count),
    failed: Math.max(one.failed, other.failed),
    ...(firsts.length === 0 ? {} : { firstMs: Math.min(...firsts) }),
    ...(lasts.length === 0 ? {} : { lastMs: Math.max(...lasts) }),
    examples: newest([...one.examples, ...other.examples]),
  };
}

function namesOf({ from, to }: Link): string {
  return JSON.stringify([from.name, to.name]);
}

/** The first and the newest: how it began, and how it is now. */
function newest(positions: readonly Position[]): Position[] {
  const sorted = positions.toSorted(comparePositions);
  const distinct = sorted.filter((position, at) => {
    const before = sorted[at - 1];
    return before === undefined || comparePositions(before, position) !== 0;
  });
  const [first, ...rest] = distinct;
  return first === undefined ? [] : [first, ...rest.slice(-(graphLimits.examples - 1))];
}

/** What is in alerts first, then what failed, then what is frequent; names break ties. */
function byStrength(one: Link, other: Link): number {
  const weight = ({ relation, failed, count }: Link): readonly number[] => [
    relation === 'in_one_alert_with' ? 1 : 0,
    failed > 0 ? 1 : 0,
    count,
  ];
  const [a, b] = [weight(one), weight(other)];
  for (const [at, value] of a.entries()) if (value !== b[at]) return (b[at] ?? 0) - value;
  const text = (link: Link): string => JSON.stringify([nodeId(link.from), nodeId(link.to), link.relation]);
  return text(one) < text(other) ? -1 : 1;
}

function foldsOf(folds: readonly Fold[]): GraphFold[] {
  const byName = new Map<string, GraphFold>();
  for (const { at, of, count } of folds) {
    const name = JSON.stringify([nodeId(at), of]);
    if (count > (byName.get(name)?.count ?? 0)) byName.set(name, { at: nodeId(at), of, count });
  }
  return [...byName.values()].toSorted((a, b) => b.count - a.count || (`${a.at} ${a.of}` < `${b.at} ${b.of}` ? -1 : 1));
}
