import type { Condition } from './condition.ts';
import type { Detection, DetectionItem, ValueTest } from './detection.ts';
import type { SigmaEvent } from './event-view.ts';
import type { JsonScalar } from './json.ts';
import type { SigmaRule } from './rule.ts';
import { compileValueTest } from './value-test.ts';
import { foldCase } from './wildcard.ts';

/** A field that made a rule match, with the value it had; null where its absence or its null did. Texts are cut at 2,048 characters. */
export type MatchedField = { readonly field: string; readonly value: JsonScalar };

export type CompiledRule = {
  readonly rule: SigmaRule;
  /** Whether the rule's condition holds. Log sources are the caller's business: see `matchesLogSource`. */
  matches(event: SigmaEvent): boolean;
  /** What spoke for the match, each once, at most 64; empty when the rule does not match. What stands under `not` is left out. */
  matchedFields(event: SigmaEvent): MatchedField[];
};

/** Evaluates, and gathers what held into `found` where it is given. */
type Evaluate = (event: SigmaEvent, found: MatchedField[] | undefined) => boolean;

const maxMatchedFields = 64;
const maxMatchedTextLength = 2_048;

/** Compiles a rule once, for any number of events. Evaluation keeps no state and never throws. */
export function compileRule(rule: SigmaRule): CompiledRule {
  const evaluate = evaluateOf(rule);
  return {
    rule,
    matches: (event) => evaluate(event, undefined),
    matchedFields(event) {
      const found: MatchedField[] = [];
      return evaluate(event, found) ? distinct(found) : [];
    },
  };
}

/** Search identifiers and a condition without the rule around them. */
export function compileSearch(search: Pick<SigmaRule, 'detections' | 'condition'>): (event: SigmaEvent) => boolean {
  const evaluate = evaluateOf(search);
  return (event) => evaluate(event, undefined);
}

function evaluateOf(search: Pick<SigmaRule, 'detections' | 'condition'>): Evaluate {
  const detections = new Map([...search.detections].map(([name, detection]) => [name, compileDetection(detection)]));
  return compileCondition(search.condition, detections);
}

function compileCondition(condition: Condition, detections: ReadonlyMap<string, Evaluate>): Evaluate {
  switch (condition.kind) {
    case 'identifier':
      return detectionNamed(condition.name, detections);
    case 'not': {
      const operand = compileCondition(condition.operand, detections);
      return (event) => !operand(event, undefined);
    }
    case 'and':
      return atLeast(
        condition.operands.length,
        condition.operands.map((operand) => compileCondition(operand, detections)),
      );
    case 'or':
      return atLeast(
        1,
        condition.operands.map((operand) => compileCondition(operand, detections)),
      );
    case 'of':
      return atLeast(
        condition.count,
        condition.names.map((name) => detectionNamed(name, detections)),
      );
  }
}

function detectionNamed(name: string, detections: ReadonlyMap<string, Evaluate>): Evaluate {
  const detection = detections.get(name);
  if (detection === undefined) throw new TypeError(`There is no search identifier "${name}"`);
  return detection;
}

function compileDetection(detection: Detection): Evaluate {
  if (detection.kind === 'item') return compileItem(detection.item);
  return atLeast(detection.kind === 'all' ? detection.of.length : 1, detection.of.map(compileDetection));
}

/** Holds when at least `count` of the parts hold. While gathering, every part is asked, and only a success keeps what its parts found. */
function atLeast(count: number, parts: readonly Evaluate[]): Evaluate {
  return (event, found) => {
    const gathered: MatchedField[] | undefined = found === undefined ? undefined : [];
    let holding = 0;
    for (const [index, part] of parts.entries()) {
      if (part(event, gathered)) holding += 1;
      if (holding >= count && gathered === undefined) return true;
      if (holding + parts.length - index - 1 < count) return false;
    }
    if (gathered !== undefined) found?.push(...gathered.slice(0, maxMatchedFields));
    return holding >= count;
  };
}

function compileItem(item: DetectionItem): Evaluate {
  const { field } = item;
  const evaluate = field === undefined ? compileKeywords(item) : compileField(item, field);
  if (!item.negated) return evaluate;
  return (event, found) => {
    if (evaluate(event, undefined)) return false;
    if (field !== undefined) found?.push({ field, value: event.valuesOf(field)?.[0]?.scalar ?? null });
    return true;
  };
}

function compileField(item: DetectionItem, field: string): Evaluate {
  const groups = item.values.map((alternatives) => alternatives.map(compileValueTest));
  const needed = item.quantifier === 'all' ? groups.length : 1;
  return (event, found) => {
    const values = event.valuesOf(field);
    let holding = 0;
    for (const alternatives of groups) {
      const hit = firstHit(alternatives, (test) => test(values, event));
      if (hit === undefined) {
        if (needed > 1) return false;
        continue;
      }
      holding += 1;
      found?.push({ field, value: hit === 'absent' ? null : hit.scalar });
      if (holding >= needed) return true;
    }
    return false;
  };
}

/** Keywords look through every value of the event; those that are plain words only where the event has them at all. */
function compileKeywords(item: DetectionItem): Evaluate {
  const groups = item.values.map((alternatives) => ({
    tests: alternatives.map(compileValueTest),
    words: alternatives.map(wordOf),
  }));
  const needed = item.quantifier === 'all' ? groups.length : 1;
  return (event, found) => {
    let holding = 0;
    for (const { tests, words } of groups) {
      if (words.every((word) => word !== undefined && !event.foldedText().includes(word))) continue;
      for (const [field, values] of event.entries()) {
        const hit = firstHit(tests, (test) => test(values, event));
        if (hit === undefined) continue;
        holding += 1;
        found?.push({ field, value: hit === 'absent' ? null : hit.scalar });
        break;
      }
      if (holding >= needed) return true;
    }
    return false;
  };
}

/** What a value must hold to satisfy the test, folded; undefined where that cannot be told beforehand. */
function wordOf(test: ValueTest): string | undefined {
  if (test.kind !== 'pattern' || test.cased) return undefined;
  const [before, word, after, ...others] = test.tokens;
  const isWord = before?.kind === 'many' && word?.kind === 'text' && after?.kind === 'many' && others.length === 0;
  return isWord ? foldCase(word.text) : undefined;
}

function firstHit<Test, Hit>(tests: readonly Test[], run: (test: Test) => Hit | undefined): Hit | undefined {
  for (const test of tests) {
    const hit = run(test);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

function distinct(found: readonly MatchedField[]): MatchedField[] {
  const kept = new Map<string, MatchedField>();
  for (const { field, value } of found) {
    const shown = typeof value === 'string' ? value.slice(0, maxMatchedTextLength) : value;
    kept.set(JSON.stringify([field, shown]), { field, value: shown });
    if (kept.size >= maxMatchedFields) break;
  }
  return [...kept.values()];
}
