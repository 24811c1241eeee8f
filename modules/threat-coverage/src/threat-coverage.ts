import { coverageOf } from './coverage.ts';
import type { Coverage, TechniqueCoverage } from './coverage.ts';
import { CoverageError } from './errors.ts';
import { parentOf, standingTechnique } from './framework.ts';
import type { FrameworkId } from './framework.ts';
import type { Arrival, RuleFires, ThreatCoverageNeeds } from './needs.ts';
import { nextSources } from './next-sources.ts';
import type { NextSource } from './next-sources.ts';
import { createRuleData } from './rule-arrivals.ts';

/** The map of one framework at one moment. */
export type CoverageMap = {
  readonly coverage: Coverage;
  readonly next: readonly NextSource[];
  readonly windowDays: number;
  readonly nowMs: number;
  readonly fires: ReadonlyMap<string, RuleFires>;
  readonly arrivals: readonly Arrival[];
  readonly forgottenSources: number;
};

export type TechniqueView = CoverageMap & {
  /** As asked for, where that was withdrawn. */
  readonly asked?: string;
  readonly found: TechniqueCoverage;
  readonly subTechniques: readonly TechniqueCoverage[];
};

export type ThreatCoverage = {
  /** Throws `CoverageError` `framework_unknown`. */
  map(framework: FrameworkId, windowDays: number): Promise<CoverageMap>;
  /** A withdrawn id gives what came in its place. Throws `CoverageError` `technique_unknown`. */
  technique(id: string, windowDays: number): Promise<TechniqueView>;
};

/** Everything is worked out when it is asked for, from the rules in force and what arrived; nothing is kept. */
export function createThreatCoverage(needs: ThreatCoverageNeeds): ThreatCoverage {
  const tacticsOf = (id: FrameworkId): ReadonlySet<string> =>
    new Set(
      needs.frameworks
        .filter((framework) => framework.id === id)
        .flatMap(({ tactics }) => tactics.map((one) => one.shortName)),
    );
  const tactics = { attack: tacticsOf('attack'), atlas: tacticsOf('atlas') };

  async function map(id: FrameworkId, windowDays: number): Promise<CoverageMap> {
    const framework = needs.frameworks.find((one) => one.id === id);
    if (framework === undefined) throw new CoverageError('framework_unknown', `Cannot find framework "${id}"`);
    const rules = needs.rules();
    const { sources: arrivals, evicted: forgottenSources } = needs.arrivals();
    const fires = await needs.fires();
    const nowMs = needs.clock.nowMs();
    const byId = new Map(rules.map((rule) => [rule.id, rule]));
    const dataOf = createRuleData({ rules: byId, arrivals, fires, nowMs, windowDays });
    const coverage = coverageOf({ framework, tactics, rules, dataOf, fires });
    return { coverage, next: nextSources([coverage]), windowDays, nowMs, fires, arrivals, forgottenSources };
  }

  return {
    map,
    async technique(id, windowDays) {
      const wanted = id.toUpperCase();
      const framework = needs.frameworks.find(({ techniques }) => techniques.some((one) => one.id === wanted));
      const byId = new Map(framework?.techniques.map((one) => [one.id, one]));
      const standing = standingTechnique(byId, wanted);
      if (framework === undefined || standing === undefined) {
        const hint = byId.has(wanted) ? 'it was withdrawn and nothing came in its place' : 'no table has it';
        throw new CoverageError('technique_unknown', `Cannot find technique "${wanted}": ${hint}`);
      }
      const made = await map(framework.id, windowDays);
      const { techniques } = made.coverage;
      const found = techniques.find(({ technique }) => technique.id === standing.id);
      if (found === undefined) throw new CoverageError('technique_unknown', `Cannot find technique "${wanted}"`);
      return {
        ...made,
        ...(standing.id === wanted ? {} : { asked: wanted }),
        found,
        subTechniques: techniques.filter(({ technique }) => parentOf(technique.id) === standing.id),
      };
    },
  };
}
