import type { Condition } from '../condition.ts';
import type { Detection, DetectionItem, ValueTest } from '../detection.ts';
import { requiredLiterals } from '../indexed/required-literals.ts';
import type { SigmaRule } from '../rule.ts';
import { rowDigitsOf, rowWordsIn } from './row-words.ts';

/** Words of which a stored event must hold one. */
export type AnyWord = readonly string[];

/**
 * What a stored event must hold for the rule to be able to match it: of every clause one word. Without clauses nothing can be said and
 * every event may match. Plain data.
 */
export type RowNeed = {
  readonly clauses: readonly AnyWord[];
  /** Only events that carry no original (`raw_data`) come into question, which none from outside lacks: the caller knows. */
  readonly isOwn?: boolean;
};

const maxClauses = 3;
const maxWords = 400;

/**
 * What the text of a stored event must hold. Never too much: a rule that matches an event has its need fulfilled by it, or
 * `rewritten` is true of it. Too little only costs time. What stands under `not`, comparisons, networks, and
 * the lack of a field say nothing.
 */
export function rowNeedOf(rule: Pick<SigmaRule, 'condition' | 'detections'>): RowNeed {
  const clauses = clausesOfCondition(rule.condition, rule.detections);
  return { clauses: distinct(clauses).toSorted(byUse).slice(0, maxClauses) };
}

function clausesOfCondition(condition: Condition, detections: ReadonlyMap<string, Detection>): readonly AnyWord[] {
  const named = (name: string): readonly AnyWord[] => {
    const detection = detections.get(name);
    return detection === undefined ? [] : clausesOfDetection(detection);
  };
  switch (condition.kind) {
    case 'identifier':
      return named(condition.name);
    case 'not':
      return [];
    case 'and':
      return condition.operands.flatMap((operand) => clausesOfCondition(operand, detections));
    case 'or':
      return anyOf(condition.operands.map((operand) => clausesOfCondition(operand, detections)));
    case 'of':
      return condition.count === condition.names.length
        ? condition.names.flatMap(named)
        : anyOf(condition.names.map(named));
  }
}

function clausesOfDetection(detection: Detection): readonly AnyWord[] {
  if (detection.kind === 'item') return clausesOfItem(detection.item);
  const parts = detection.of.map(clausesOfDetection);
  return detection.kind === 'all' ? parts.flat() : anyOf(parts);
}

function clausesOfItem(item: DetectionItem): readonly AnyWord[] {
  if (item.negated) return [];
  const values = item.values.map((tests) => anyOf(tests.map(clausesOfTest)));
  return item.quantifier === 'all' ? values.flat() : anyOf(values);
}

function clausesOfTest(test: ValueTest): readonly AnyWord[] {
  if (test.kind === 'number') {
    const digits = rowDigitsOf(test.number, test.text);
    return digits === undefined ? [] : [[digits]];
  }
  if (test.kind === 'regex') {
    const literals = requiredLiterals(test.regex);
    return literals === undefined
      ? []
      : anyOf(literals.map((literal) => rowWordsIn(literal, false).map((word) => [word])));
  }
  if (test.kind !== 'pattern') return [];
  const words = test.tokens.flatMap((token) => (token.kind === 'text' ? rowWordsIn(token.text, test.cased) : []));
  return words.map((word) => [word]);
}

/** One of the parts holds: of each its best clause, in one. Nothing where one of them says nothing. */
function anyOf(parts: readonly (readonly AnyWord[])[]): readonly AnyWord[] {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const words = new Set<string>();
  for (const clauses of parts) {
    const best = clauses.toSorted(byUse)[0];
    if (best === undefined) return [];
    for (const word of best) words.add(word);
  }
  const shortest = [...words].toSorted((a, b) => a.length - b.length);
  const kept: string[] = [];
  for (const word of shortest) if (!kept.some((shorter) => word.includes(shorter))) kept.push(word);
  return kept.length === 0 || kept.length > maxWords ? [] : [kept];
}

function distinct(clauses: readonly AnyWord[]): AnyWord[] {
  return [...new Map(clauses.map((clause) => [clause.toSorted().join('\n'), clause])).values()];
}

/** Parts of names that stand in most events of a Windows machine, a proxy or a cloud. */
const common =
  /^(?:\.?exe|\.dll|http|https|windows|system32|program ?files|microsoft|software|currentversion|users|\.com|\.amazonaws\.com|services|false|true|currentcontrolset|system)$/;

/** The clause that passes over most events first: its least telling word decides, and few words are better than many. */
function byUse(a: AnyWord, b: AnyWord): number {
  return use(b) - use(a);
}

function use(clause: AnyWord): number {
  const least = clause.reduce((low, word) => Math.min(low, telling(word)), 16);
  return least - Math.min(8, clause.length / 8);
}

function telling(word: string): number {
  if (common.test(word.trim())) return 2;
  // Events are full of digits.
  return Math.min(16, /^\d+$/.test(word) ? word.length - 2 : word.length);
}
