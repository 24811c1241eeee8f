import { compileRule } from '../compile-rule.ts';
import type { CompiledRule } from '../compile-rule.ts';
import type { EventLogSource } from '../event-log-source.ts';
import type { SigmaEvent } from '../event-view.ts';
import type { RuleMatch } from '../full-scan.ts';
import type { JsonObject } from '../json.ts';
import { logSourceFields, logSourceOfFields } from '../log-source.ts';
import type { SigmaRule } from '../rule.ts';
import { createAnswers } from './answers.ts';
import { createCostSamples } from './cost-samples.ts';
import type { MatchingCosts } from './cost-samples.ts';
import { createAtomTable } from './atoms.ts';
import type { Atom } from './atoms.ts';
import { createEventReader } from './event-reader.ts';
import type { ValuesOf } from './event-reader.ts';
import { atomsIn, expressionOf } from './expression.ts';
import { createRouter } from './router.ts';
import { createSourcePlan } from './source-plan.ts';
import type { SourcePlan } from './source-plan.ts';
import { createTextBytes } from './text-bytes.ts';
import type { Hits } from './literal.ts';
import { witnessOf } from './witness.ts';

export type IndexedScan = {
  readonly matches: readonly RuleMatch[];
  /** As in `SigmaEvent`. */
  readonly truncated: boolean;
  readonly hasInexactNumber: boolean;
  /** The record as rules saw it, with what was laid over it. Another one after the next event. */
  readonly event: SigmaEvent;
  /** Where it comes from: as given, else as the record tells. */
  readonly source: EventLogSource;
};

export type GivenWithRecord = {
  readonly source?: EventLogSource | undefined;
  readonly laidOver?: ValuesOf;
  /** A record that holds a number past what a double holds exactly is read, but not matched: the caller reads it again with its digits. */
  readonly unlessInexact?: boolean;
};

export type IndexedMatcher = {
  /** Exactly what `createFullScan(rules).match` gives. `source` where the caller knows better than the record tells. */
  match(record: JsonObject, source?: EventLogSource): RuleMatch[];
  /** The same for a record that is flattened already; slower than giving the record. */
  matchEvent(event: SigmaEvent, source?: EventLogSource): RuleMatch[];
  /** The same with what the caller lays over the record, and what reading it came to. */
  scan(record: JsonObject, given?: GivenWithRecord): IndexedScan;
  /** What rules cost since the last time, of the events that were measured; undefined without `monotonicMs`. */
  takeCosts(): MatchingCosts | undefined;
};

export type IndexedMatcherOptions = {
  /** Told the position of each rule before it is looked at. */
  readonly compiling?: (position: number) => void;
  /** Fields whose names begin with this are what `laidOver` says, whatever a record claims. */
  readonly laidOverPrefix?: string;
  /** By which every 61st event is measured. */
  readonly monotonicMs?: () => number;
};

/**
 * The fast evaluator. For every rule some of its tests are chosen as witnesses: where none of them holds, the rule does not match. All
 * witnesses of the rules that may look at a kind of source are looked for at once, in one pass over each value, and only rules
 * of which one is seen are evaluated, each question asked once. Not for use by two callers at a time: it remembers the event at hand.
 */
export function createIndexedMatcher(
  rules: readonly SigmaRule[],
  { compiling, laidOverPrefix, monotonicMs }: IndexedMatcherOptions = {},
): IndexedMatcher {
  const table = createAtomTable();
  const expressions = rules.map((rule, position) => {
    compiling?.(position);
    return expressionOf(rule, table);
  });
  const { atoms } = table;
  const indexedRules = expressions.map((expression, position) => ({
    position,
    witness: witnessOf(expression, atoms)?.atoms,
    atoms: [...atomsIn(expression)],
  }));
  const reader = createEventReader([...logSourceFields, ...namedFields(atoms)], laidOverPrefix);
  const textBytes = createTextBytes();
  const answers = createAnswers(atoms, reader, textBytes);
  const conditions: ((() => boolean) | undefined)[] = rules.map(() => undefined);
  const compiled: (CompiledRule | undefined)[] = rules.map(() => undefined);
  const router = createRouter(rules, (positions) =>
    createSourcePlan(
      positions.flatMap((position) => indexedRules[position] ?? []),
      atoms,
      reader,
      textBytes,
    ),
  );
  const candidates = new Int32Array(rules.length);
  const asked = new Int32Array(rules.length);
  const costs = monotonicMs === undefined ? undefined : createCostSamples(rules.length);
  let candidateCount = 0;
  let turn = 0;
  let plan: SourcePlan | undefined;

  function wake(positions: readonly number[]): void {
    for (let at = 0; at < positions.length; at += 1) {
      const position = positions[at] ?? 0;
      if (asked[position] === turn) continue;
      asked[position] = turn;
      candidates[candidateCount] = position;
      candidateCount += 1;
    }
  }

  function onHits(hits: Hits): void {
    for (let at = 0; at < hits.length; at += 1) {
      const hit = hits[at] ?? 0;
      if (hit >= 0) answers.hold(hit);
      const woken = plan?.wakes[hit >= 0 ? hit : ~hit];
      if (woken !== undefined) wake(woken);
    }
  }

  function sourceOf(): EventLogSource {
    return logSourceOfFields(
      (field) => {
        const scalar = reader.event.valuesOf(field)?.[0]?.scalar;
        return scalar === null || scalar === undefined ? undefined : String(scalar);
      },
      (field) => reader.event.valuesOf(field) !== undefined,
    );
  }

  /** Gathers in `candidates` the rules that may match what the reader holds. */
  function findCandidates(using: SourcePlan): void {
    plan = using;
    turn = turn === 2_147_483_647 ? 1 : turn + 1;
    if (turn === 1) asked.fill(0);
    candidateCount = 0;
    answers.begin(using.isDecided);
    wake(using.always);
    const count = reader.presentCount();
    for (let at = 0; at < count; at += 1) {
      const field = reader.present[at] ?? 0;
      const index = using.fields[field];
      if (index === undefined) continue;
      const values = reader.valuesOf(field);
      if (values === undefined) continue;
      onHits(index.present);
      for (let order = 0; order < values.length; order += 1) {
        const value = values[order];
        if (value !== undefined) index.look(value, onHits);
      }
    }
    using.keywords?.search(reader.allText(), onHits);
  }

  /**
   * The same with a look at the clock between rules. What two rules ask is worked out once and charged to the one that asks first, and a look costs some tens of
   * nanoseconds, charged to the rule behind it.
   */
  function matchMeasured(source: EventLogSource, clock: () => number): RuleMatch[] {
    let lastMs = clock();
    const lap = (): number => {
      const beganMs = lastMs;
      lastMs = clock();
      return lastMs - beganMs;
    };
    findCandidates(router.planFor(source));
    costs?.shared(lap());
    const matches: { position: number; match: RuleMatch }[] = [];
    for (let at = 0; at < candidateCount; at += 1) {
      const position = candidates[at] ?? 0;
      const match = conditionOf(position)() ? matchOf(position) : undefined;
      costs?.rule(position, lap(), match !== undefined);
      if (match !== undefined) matches.push({ position, match });
    }
    return matches.toSorted((left, right) => left.position - right.position).map(({ match }) => match);
  }

  function matchRead(source: EventLogSource): RuleMatch[] {
    if (monotonicMs !== undefined && costs?.begin() === true) return matchMeasured(source, monotonicMs);
    findCandidates(router.planFor(source));
    const matching: number[] = [];
    for (let at = 0; at < candidateCount; at += 1) {
      const position = candidates[at] ?? 0;
      if (conditionOf(position)()) matching.push(position);
    }
    if (matching.length > 1) matching.sort((left, right) => left - right);
    return matching.flatMap((position) => matchOf(position) ?? []);
  }

  function conditionOf(position: number): () => boolean {
    const known = conditions[position];
    if (known !== undefined) return known;
    const expression = expressions[position];
    const condition = expression === undefined ? () => false : answers.compile(expression);
    conditions[position] = condition;
    return condition;
  }

  function matchOf(position: number): RuleMatch | undefined {
    const rule = rules[position];
    if (rule === undefined) return undefined;
    const evaluated = (compiled[position] ??= compileRule(rule));
    return { rule, matched: evaluated.matchedFields(reader.event) };
  }

  return {
    match(record, source) {
      reader.read(record);
      return matchRead(source ?? sourceOf());
    },
    matchEvent(event, source) {
      reader.readView(event);
      return matchRead(source ?? sourceOf());
    },
    scan(record, { source: given, laidOver, unlessInexact = false } = {}) {
      reader.read(record, laidOver);
      const { truncated, hasInexactNumber } = reader.event;
      const source = given ?? sourceOf();
      const matches = unlessInexact && hasInexactNumber ? [] : matchRead(source);
      return { matches, truncated, hasInexactNumber, event: reader.event, source };
    },
    takeCosts: () => costs?.take(),
  };
}

function namedFields(atoms: readonly Atom[]): string[] {
  return atoms.flatMap(({ field, tests }) => [
    ...(field === undefined ? [] : [field]),
    ...tests.flatMap((test) => (test.kind === 'field' ? [test.field] : [])),
  ]);
}
