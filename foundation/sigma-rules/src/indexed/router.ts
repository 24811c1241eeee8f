import type { EventLogSource } from '../event-log-source.ts';
import { matchesLogSource } from '../log-source.ts';
import type { SigmaRule } from '../rule.ts';
import type { SourcePlan } from './source-plan.ts';

/** Finds the plan for where an event comes from. Plans are made when first needed. */
export type Router = { planFor(source: EventLogSource): SourcePlan };

/** Sources that are told apart by name; past it they are looked up anew. A sender can invent names, not plans. */
const maxSources = 2_048;
/** Plans kept at a time; those of the SigmaHQ corpus are about 100. Past it all are made anew, as they are needed. */
const maxPlans = 256;

/** `createPlan` is given the positions of the rules whose log source does not contradict the event's. */
export function createRouter(
  rules: readonly Pick<SigmaRule, 'logsource'>[],
  createPlan: (positions: readonly number[]) => SourcePlan,
): Router {
  const groups = groupByLogSource(rules);
  const plans = new Map<string, SourcePlan>();
  const bySource = new Map<string, SourcePlan>();

  function planOf(source: EventLogSource): SourcePlan {
    const open = groups.map(({ logsource }) => matchesLogSource(logsource, source));
    const key = open.map((isOpen) => (isOpen ? '1' : '0')).join('');
    const known = plans.get(key);
    if (known !== undefined) return known;
    if (plans.size >= maxPlans) {
      plans.clear();
      bySource.clear();
    }
    const positions = groups.flatMap((group, order) => (open[order] === true ? group.positions : []));
    const plan = createPlan(positions);
    plans.set(key, plan);
    return plan;
  }

  return {
    planFor(source) {
      const key = sourceKey(source);
      const known = bySource.get(key);
      if (known !== undefined) return known;
      const plan = planOf(source);
      if (bySource.size >= maxSources) bySource.clear();
      if (key.length <= 512) bySource.set(key, plan);
      return plan;
    },
  };
}

/** Different for sources that differ in what `matchesLogSource` looks at. */
function sourceKey({ product, category, service, unlistedChannel }: EventLogSource): string {
  const list = (names: readonly string[] | undefined): string =>
    names === undefined ? '' : `=${names.join('\u0001')}`;
  return `${product === undefined ? '' : `=${product}`}\u0000${list(category)}\u0000${list(service)}\u0000${unlistedChannel === true}`;
}

type Group = { readonly logsource: SigmaRule['logsource']; readonly positions: number[] };

function groupByLogSource(rules: readonly Pick<SigmaRule, 'logsource'>[]): Group[] {
  const groups = new Map<string, Group>();
  for (const [position, { logsource }] of rules.entries()) {
    const key = JSON.stringify([logsource.category ?? null, logsource.product ?? null, logsource.service ?? null]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { logsource, positions: [position] });
    else group.positions.push(position);
  }
  return [...groups.values()];
}
