import type { Coverage } from './coverage.ts';
import type { AskedSource } from './needs.ts';
import { sourceKey } from './rule-arrivals.ts';
import { recipeFor } from './source-recipe.ts';

/** A log source worth connecting. */
export type NextSource = {
  readonly source: AskedSource;
  /** Techniques (sub-techniques among them) that would be watched with it and those before it, and are not now. */
  readonly techniques: readonly string[];
  /** Rules that would see something then. */
  readonly rules: number;
  /** How to connect it, a recipe of the Sources room; undefined where there is none. */
  readonly recipe: string | undefined;
};

const maxSources = 12;

/**
 * Which sources to connect, the one that brings most techniques first, each counted with those before it: greedily, not the
 * best of all choices. A correlation counts with the last source it needs.
 */
export function nextSources(coverages: readonly Coverage[], most = maxSources): NextSource[] {
  const sources = new Map<string, AskedSource>();
  const open = new Map<string, ReadonlySet<string>[]>();
  const needsOf = new Map<string, ReadonlySet<string>>();
  for (const { techniques } of coverages) {
    for (const { technique, rules, verdict } of techniques) {
      if (verdict === 'watched') continue;
      const ways = rules.flatMap(({ rule, data, isWeak }) => {
        // A rule that is not in force cannot be connected.
        if (data.hasData || data.missing.includes(undefined)) return [];
        const asked = data.missing.filter((source) => source !== undefined && sourceKey(source) !== '||');
        for (const source of asked) if (source !== undefined) sources.set(sourceKey(source), source);
        const needed = new Set(asked.flatMap((source) => (source === undefined ? [] : sourceKey(source))));
        needsOf.set(rule.id, needed);
        return isWeak ? [] : [needed];
      });
      if (ways.length > 0) open.set(technique.id, ways);
    }
  }
  const connected = new Set<string>();
  const chosen: NextSource[] = [];
  const meets = (key: string) => {
    const given = sources.get(key) ?? {};
    return (asked: string): boolean => connected.has(asked) || isPartOf(sources.get(asked) ?? {}, given);
  };
  while (chosen.length < most) {
    let best: { key: string; techniques: string[] } | undefined;
    for (const key of [...sources.keys()].toSorted()) {
      if (connected.has(key)) continue;
      const techniques = [...open]
        .filter(([, ways]) => ways.some((needed) => isMet(needed, meets(key))))
        .map(([id]) => id);
      if (techniques.length > (best?.techniques.length ?? 0)) best = { key, techniques };
    }
    const source = best === undefined ? undefined : sources.get(best.key);
    if (best === undefined || source === undefined) break;
    const { key, techniques } = best;
    const rules = [...needsOf].filter(([, needed]) => isMet(needed, meets(key))).map(([id]) => id);
    for (const [asked, one] of sources) if (isPartOf(one, source)) connected.add(asked);
    for (const id of techniques) open.delete(id);
    for (const id of rules) needsOf.delete(id);
    chosen.push({ source, techniques, rules: rules.length, recipe: recipeFor(source) });
  }
  return chosen;
}

function isMet(needed: ReadonlySet<string>, has: (key: string) => boolean): boolean {
  for (const one of needed) if (!has(one)) return false;
  return needed.size > 0;
}

/** Whether all that comes from `given` is what `asked` wants: events of one Windows log are events of Windows. */
function isPartOf(asked: AskedSource, given: AskedSource): boolean {
  return (
    (asked.product === undefined || asked.product === given.product) &&
    (asked.category === undefined || asked.category === given.category) &&
    (asked.service === undefined || asked.service === given.service)
  );
}
