import type { CorrelationFinding, CorrelationMatch } from './engine-types.ts';
import type { CorrelationDefinition } from './definition.ts';
import { satisfies } from './measure.ts';

type Kept = { readonly match: CorrelationMatch; readonly place: number };

export type NaiveCorrelator = {
  close(watermarkMs: number): { readonly correlationId: string; readonly group: string; readonly timeMs: number }[];
  count(match: CorrelationMatch): Pick<CorrelationFinding, 'timeMs'> | undefined;
};

/**
 * Used by tests: what the engine must say, worked out anew each time from every match there ever was. Quadratic, no state but what came in and
 * what was said. One correlation, no chains.
 */
export function createNaiveCorrelator(id: string, definition: CorrelationDefinition): NaiveCorrelator {
  const kept: Kept[] = [];
  const told: { readonly group: string; readonly timeMs: number }[] = [];
  const closed = new Set<string>();
  const { timespanMs, condition } = definition;

  function ofGroup(group: string): CorrelationMatch[] {
    return kept
      .map(({ match }) => match)
      .filter((match) => match.group === group)
      .toSorted(
        (a, b) => a.timeMs - b.timeMs || a.position.log - b.position.log || a.position.index - b.position.index,
      );
  }

  function holds(matches: readonly CorrelationMatch[]): boolean {
    const values = matches.map(({ value }) => value).toSorted((a, b) => a - b);
    const rules = new Set(matches.map(({ member }) => member));
    const check = (number: number): boolean => condition.kind === 'number' && satisfies(number, condition.bounds);
    if (condition.kind === 'rules') {
      return condition.branches.some(
        ({ all, none }) =>
          none.every((place) => !rules.has(place)) &&
          (definition.type === 'temporal' ? all.every((place) => rules.has(place)) : isInOrder(matches, all)),
      );
    }
    switch (definition.type) {
      case 'event_count':
        return check(matches.length);
      case 'value_count':
        return check(new Set(values).size);
      case 'value_sum':
        return check(values.reduce((sum, value) => sum + value, 0));
      case 'value_avg':
        return check(values.reduce((sum, value) => sum + value, 0) / values.length);
      case 'value_median': {
        const middle = values.length / 2;
        const two = [values[Math.ceil(middle) - 1] ?? 0, values[Math.floor(middle)] ?? 0];
        return check(((two[0] ?? 0) + (two[1] ?? 0)) / 2);
      }
      case 'value_percentile': {
        const { percentile } = definition;
        if (percentile === undefined) {
          return values.some((value) =>
            check((values.filter((other) => other === value).length * 100) / values.length),
          );
        }
        const reaching = values.find(
          (value) => (values.filter((other) => other <= value).length / values.length) * 100 >= percentile,
        );
        return check(reaching ?? NaN);
      }
      case 'temporal':
        return check(rules.size);
      case 'temporal_ordered':
        return isInOrder(
          matches,
          definition.ruleIds.map((_, place) => place),
        );
    }
  }

  return {
    close(watermarkMs) {
      if (definition.evaluation === 'sliding') return [];
      const found: { correlationId: string; group: string; timeMs: number }[] = [];
      for (const group of new Set(kept.map(({ match }) => match.group))) {
        let matches = ofGroup(group);
        for (;;) {
          const opener = matches.find(
            ({ member }) => condition.kind === 'number' || condition.branches.some(({ all }) => all.includes(member)),
          );
          const endMs = (opener?.timeMs ?? Infinity) + timespanMs;
          if (opener === undefined || endMs > watermarkMs) break;
          const window = matches.filter(({ timeMs }) => timeMs >= opener.timeMs && timeMs < endMs);
          const name = `${group}\n${opener.timeMs}`;
          if (!closed.has(name) && holds(window)) found.push({ correlationId: id, group, timeMs: opener.timeMs });
          closed.add(name);
          matches = matches.filter(({ timeMs }) => timeMs >= endMs);
        }
      }
      return found;
    },
    count(match) {
      const isKnown = kept.some(
        ({ match: other }) =>
          other.group === match.group &&
          other.position.log === match.position.log &&
          other.position.index === match.position.index &&
          (!definition.type.startsWith('temporal') || other.member === match.member) &&
          (definition.type !== 'value_count' || other.value === match.value),
      );
      if (isKnown) return undefined;
      kept.push({ match, place: kept.length });
      if (definition.evaluation === 'closing') return undefined;
      const matches = ofGroup(match.group);
      const ends = matches
        .map(({ timeMs }) => timeMs)
        .filter((timeMs) => timeMs >= match.timeMs && timeMs <= match.timeMs + timespanMs);
      for (const endMs of ends) {
        const silenced = told.some(
          ({ group, timeMs }) => group === match.group && Math.abs(timeMs - endMs) <= timespanMs,
        );
        if (silenced || !holds(matches.filter(({ timeMs }) => timeMs >= endMs - timespanMs && timeMs <= endMs)))
          continue;
        told.push({ group: match.group, timeMs: endMs });
        return { timeMs: endMs };
      }
      return undefined;
    },
  };
}

/** Whether events of the rules come one behind the other: tried in every way. */
function isInOrder(matches: readonly CorrelationMatch[], rules: readonly number[]): boolean {
  const [first, ...others] = rules;
  if (first === undefined) return true;
  return matches.some((match, at) => {
    if (match.member !== first) return false;
    const later = matches
      .slice(at + 1)
      .filter(
        ({ timeMs, position }) =>
          timeMs > match.timeMs || position.index > match.position.index || position.log > match.position.log,
      );
    return isInOrder(later, others);
  });
}
