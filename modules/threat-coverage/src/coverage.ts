import { parentOf, standingTechnique } from './framework.ts';
import type { Framework, Tactic, Technique } from './framework.ts';
import type { CoverageRule, RuleFires } from './needs.ts';
import type { RuleData } from './rule-arrivals.ts';
import { readTag } from './tag.ts';

/** Rules and data; weak ones alone; rules without data; nothing. */
export type Verdict = 'watched' | 'weak' | 'blind' | 'none';
export const verdicts = ['watched', 'weak', 'blind', 'none'] as const satisfies readonly Verdict[];

/** A rule of a technique. */
export type TechniqueRule = {
  readonly rule: CoverageRule;
  readonly data: RuleData;
  /** Alone it is not enough to say that a technique is watched. */
  readonly isWeak: boolean;
  /** The technique ids it is tagged with, as tagged: they may have been withdrawn, or be sub-techniques. */
  readonly tagged: readonly string[];
};

export type TechniqueCoverage = {
  readonly technique: Technique;
  readonly parent: string | undefined;
  readonly verdict: Verdict;
  /** Those of its sub-techniques as well. */
  readonly rules: readonly TechniqueRule[];
  readonly findingsInMonth: number;
};

export type TacticCoverage = {
  readonly tactic: Tactic;
  /** Techniques, sub-techniques not counted. */
  readonly counts: Readonly<Record<Verdict, number>>;
  /** Rules with a technique of the tactic. */
  readonly rules: number;
  /** Rules that name the tactic and no technique of the framework: they are nowhere in the map. */
  readonly rulesWithoutTechnique: number;
};

/** A tag that has no place in the map: of no known form, an id the table does not have, or one withdrawn without successor. */
export type UnplacedTag = {
  readonly tag: string;
  readonly reason: 'unknown' | 'withdrawn';
  readonly ruleIds: readonly string[];
};

export type Coverage = {
  readonly framework: Framework;
  /** In the order of the table, withdrawn ones left out. */
  readonly techniques: readonly TechniqueCoverage[];
  readonly tactics: readonly TacticCoverage[];
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly subCounts: Readonly<Record<Verdict, number>>;
  readonly unplaced: readonly UnplacedTag[];
  /** Rules that count: in force and telling what they find. */
  readonly rules: number;
};

export type CoverageInput = {
  readonly framework: Framework;
  /** Tactics of all frameworks by short name. */
  readonly tactics: Parameters<typeof readTag>[1];
  readonly rules: readonly CoverageRule[];
  readonly dataOf: (ruleId: string) => RuleData;
  readonly fires: ReadonlyMap<string, RuleFires>;
};

/** Who is watched by what. Every tag of the framework's name space is counted somewhere: on a technique, a tactic, or as unplaced. */
export function coverageOf({ framework, tactics, rules, dataOf, fires }: CoverageInput): Coverage {
  const byId = new Map(framework.techniques.map((technique) => [technique.id, technique]));
  const tagged = new Map<string, Map<string, Set<string>>>();
  const unplaced = new Map<string, { reason: UnplacedTag['reason']; ruleIds: Set<string> }>();
  const tacticOnly = new Map<string, number>();
  const counted = rules.filter(({ generates }) => generates);
  const ruleById = new Map(counted.map((rule) => [rule.id, rule]));

  function place(technique: string, ruleId: string, tag: string): void {
    const ofTechnique = tagged.get(technique) ?? new Map<string, Set<string>>();
    tagged.set(technique, ofTechnique);
    ofTechnique.set(ruleId, (ofTechnique.get(ruleId) ?? new Set()).add(tag));
  }

  for (const rule of counted) {
    const named = new Set<string>();
    let isPlaced = false;
    for (const tag of rule.tags) {
      const read = readTag(tag, tactics);
      if (read.kind === 'other' || read.framework !== framework.id) continue;
      if (read.kind === 'tactic') {
        named.add(read.shortName);
        continue;
      }
      const standing = read.kind === 'unknown' ? undefined : standingTechnique(byId, read.id);
      if (read.kind === 'unknown' || standing === undefined) {
        const reason = read.kind === 'technique' && byId.has(read.id) ? 'withdrawn' : 'unknown';
        const entry = unplaced.get(tag.toLowerCase()) ?? { reason, ruleIds: new Set() };
        entry.ruleIds.add(rule.id);
        unplaced.set(tag.toLowerCase(), entry);
        continue;
      }
      isPlaced = true;
      place(standing.id, rule.id, read.id);
      const parent = parentOf(standing.id);
      if (parent !== undefined) place(parent, rule.id, read.id);
    }
    if (!isPlaced) for (const name of named) tacticOnly.set(name, (tacticOnly.get(name) ?? 0) + 1);
  }

  const techniques = framework.techniques
    .filter(({ isWithdrawn }) => !isWithdrawn)
    .map((technique): TechniqueCoverage => {
      const found = [...(tagged.get(technique.id) ?? [])].flatMap(([ruleId, ids]): TechniqueRule[] => {
        const rule = ruleById.get(ruleId);
        return rule === undefined ? [] : [{ rule, data: dataOf(ruleId), isWeak: isWeak(rule), tagged: [...ids] }];
      });
      return {
        technique,
        parent: parentOf(technique.id),
        verdict: verdictOf(found),
        rules: found,
        findingsInMonth: found.reduce((sum, { rule }) => sum + (fires.get(rule.id)?.month ?? 0), 0),
      };
    });
  return {
    framework,
    techniques,
    tactics: framework.tactics.map((tactic) => {
      const of = techniques.filter(({ technique }) => technique.tactics.includes(tactic.shortName));
      return {
        tactic,
        counts: countsOf(of.filter(({ parent }) => parent === undefined)),
        rules: new Set(of.flatMap(({ rules: its }) => its.map(({ rule }) => rule.id))).size,
        rulesWithoutTechnique: tacticOnly.get(tactic.shortName) ?? 0,
      };
    }),
    counts: countsOf(techniques.filter(({ parent }) => parent === undefined)),
    subCounts: countsOf(techniques.filter(({ parent }) => parent !== undefined)),
    unplaced: [...unplaced]
      .map(([tag, { reason, ruleIds }]) => ({ tag, reason, ruleIds: [...ruleIds] }))
      .toSorted((left, right) => (left.tag < right.tag ? -1 : 1)),
    rules: counted.length,
  };
}

/** Informational, or experimental and below medium, or no longer kept by who wrote it. */
function isWeak({ level, status }: Pick<CoverageRule, 'level' | 'status'>): boolean {
  if (level === 'informational' || status === 'deprecated' || status === 'unsupported') return true;
  return status === 'experimental' && level === 'low';
}

function verdictOf(rules: readonly Pick<TechniqueRule, 'data' | 'isWeak'>[]): Verdict {
  const seeing = rules.filter(({ data }) => data.hasData);
  if (seeing.some((rule) => !rule.isWeak)) return 'watched';
  if (seeing.length > 0) return 'weak';
  return rules.length > 0 ? 'blind' : 'none';
}

function countsOf(techniques: readonly TechniqueCoverage[]): Record<Verdict, number> {
  const counts = { watched: 0, weak: 0, blind: 0, none: 0 };
  for (const { verdict } of techniques) counts[verdict] += 1;
  return counts;
}
