import { ocsfClass } from '@sallyport/contracts';
import type { EntityField, EventFilter, Filter, Neighbour } from '@sallyport/event-search';
import { entitiesOfAlert, entityAt, isNamed, isNobody, nodeId, valuesOf } from './entity.ts';
import type { Entity } from './entity.ts';
import type { Fold, Link } from './graph.ts';
import type { AroundNeeds, NearAlert } from './needs.ts';
import { relationOf } from './relation.ts';

const nearest = { perField: 16, expanded: 12, perFieldBeyond: 8 } as const;
/** They are told of as alerts. */
export const withoutFindings: readonly Filter[] = [
  { field: 'class_uid', op: 'neq', value: ocsfClass.detectionFinding },
];
/** With more neighbours of a kind than this somebody is no trace: who comes by there says nothing. */
const hubOver = 50;

export type Seen = {
  readonly links: readonly Link[];
  readonly folds: readonly Fold[];
  readonly labels: ReadonlyMap<string, string>;
};
export const nothingSeen: Seen = { links: [], folds: [], labels: new Map() };

/** Two rounds: beside the alert's entities, then beside the strongest of those. */
export async function neighbourhood(
  needs: Pick<AroundNeeds, 'neighbours' | 'risk'>,
  window: EventFilter,
  { centres, near }: { readonly centres: readonly Entity[]; readonly near: readonly NearAlert[] },
): Promise<Seen> {
  const filter: EventFilter = { ...window, where: withoutFindings };
  const ask = async (entities: readonly Entity[], perField: number): Promise<readonly Beside[]> => {
    const asked = entities.flatMap((entity) => valuesOf(entity).map((value) => ({ entity, value })));
    const { neighbours } = await needs.neighbours({ filter, centres: asked.map(({ value }) => value), perField });
    return neighbours.flatMap((found) => {
      const centre = asked[found.centre];
      const other = entityAt(found.field, found.value);
      if (centre === undefined || !isNamed(found.value) || isNobody(other)) return [];
      if (nodeId(other) === nodeId(centre.entity)) return [];
      return [{ centre: centre.entity, field: centre.value.field, other, found }];
    });
  };
  const first = await ask(centres, nearest.perField);
  const alertsOf = new Map<string, number>();
  for (const { entities } of near)
    for (const entity of entitiesOfAlert(entities))
      alertsOf.set(nodeId(entity), (alertsOf.get(nodeId(entity)) ?? 0) + 1);
  const candidates = new Map<string, { entity: Entity; weight: readonly number[] }>();
  const own = new Set(centres.map(nodeId));
  for (const { other, found } of first) {
    const id = nodeId(other);
    // Everything of a site or a service is near it: that is no trace.
    if (own.has(id) || other.kind === 'site' || other.kind === 'service') continue;
    const before = candidates.get(id)?.weight[2] ?? 0;
    const risk = needs.risk(other.kind, other.name)?.value ?? 0;
    candidates.set(id, { entity: other, weight: [alertsOf.get(id) ?? 0, risk, Math.max(before, found.count)] });
  }
  const strongest = [...candidates.values()].toSorted(byWeight).slice(0, nearest.expanded);
  const second = await ask(
    strongest.map(({ entity }) => entity),
    nearest.perFieldBeyond,
  );
  const inFirst = new Set([...own, ...first.map(({ other }) => nodeId(other))]);
  // Of somebody whom everybody meets, only what joins those who are there already.
  const kept = second.filter(({ other, found }) => found.distinct <= hubOver || inFirst.has(nodeId(other)));
  return {
    links: [...first, ...kept].map(linkOf),
    folds: [...foldsOf(first, first), ...foldsOf(second, kept)],
    labels: new Map(
      [...first, ...kept].flatMap(({ other, found }) => (isNamed(found.label) ? [[nodeId(other), found.label]] : [])),
    ),
  };
}

type Beside = {
  readonly centre: Entity;
  readonly field: EntityField;
  readonly other: Entity;
  readonly found: Neighbour;
};
type Weighed = { readonly entity: Entity; readonly weight: readonly number[] };

function byWeight(one: Weighed, other: Weighed): number {
  for (const [at, value] of one.weight.entries())
    if (value !== other.weight[at]) return (other.weight[at] ?? 0) - value;
  return nodeId(one.entity) < nodeId(other.entity) ? -1 : 1;
}

function linkOf({ centre, field, other, found }: Beside): Link {
  const { relation, isTurned } = relationOf(field, found.field, found.classes);
  const [from, to] = isTurned ? [other, centre] : [centre, other];
  const { count, failed, firstMs, lastMs, first, last } = found;
  return { from, to, relation, count, failed, firstMs, lastMs, examples: [first, last] };
}

/** At least so many are not drawn: one who stands in two columns counts once. */
function foldsOf(told: readonly Beside[], drawn: readonly Beside[]): Fold[] {
  const groups = Map.groupBy(told, ({ centre, other }) => `${nodeId(centre)} ${other.kind}`);
  return [...groups.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const { centre, other } = one;
    const all = Math.max(...group.map(({ found }) => found.distinct));
    const shown = drawn.filter((each) => nodeId(each.centre) === nodeId(centre) && each.other.kind === other.kind);
    const count = all - new Set(shown.map((each) => nodeId(each.other))).size;
    return count > 0 ? [{ at: centre, of: other.kind, count }] : [];
  });
}
