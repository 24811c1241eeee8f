import type { Condition } from '../condition.ts';
import type { Detection, DetectionItem } from '../detection.ts';
import type { SigmaRule } from '../rule.ts';
import type { AtomTable } from './atoms.ts';

/** A rule's condition with its search identifiers put in, over atoms. */
export type Expression =
  | { readonly kind: 'atom'; readonly atom: number }
  | { readonly kind: 'not'; readonly of: Expression }
  /** At least `count` of them hold: all of them for an AND, 1 for an OR. */
  | { readonly kind: 'atLeast'; readonly count: number; readonly of: readonly Expression[] };

/** What the rule asks. Throws `TypeError` for a condition that names what the rule does not have, as `compileRule` does. */
export function expressionOf(rule: Pick<SigmaRule, 'condition' | 'detections'>, atoms: AtomTable): Expression {
  const named = new Map<string, Expression>();
  function detectionNamed(name: string): Expression {
    const known = named.get(name);
    if (known !== undefined) return known;
    const detection = rule.detections.get(name);
    if (detection === undefined) throw new TypeError(`There is no search identifier "${name}"`);
    const expression = ofDetection(detection, atoms);
    named.set(name, expression);
    return expression;
  }
  function ofCondition(condition: Condition): Expression {
    switch (condition.kind) {
      case 'identifier':
        return detectionNamed(condition.name);
      case 'not':
        return negated(ofCondition(condition.operand));
      case 'and':
        return every(condition.operands.map(ofCondition));
      case 'or':
        return some(condition.operands.map(ofCondition));
      case 'of':
        return atLeast(condition.count, condition.names.map(detectionNamed));
      default:
        return unknownCondition(condition);
    }
  }
  return ofCondition(rule.condition);
}

function unknownCondition(condition: never): never {
  throw new TypeError(`There is no meaning for the condition ${JSON.stringify(condition)}`);
}

/** The atoms of the expression, each once. */
export function atomsIn(expression: Expression, into = new Set<number>()): Set<number> {
  if (expression.kind === 'atom') into.add(expression.atom);
  else if (expression.kind === 'not') atomsIn(expression.of, into);
  else for (const part of expression.of) atomsIn(part, into);
  return into;
}

function ofDetection(detection: Detection, atoms: AtomTable): Expression {
  if (detection.kind === 'item') return ofItem(detection.item, atoms);
  const parts = detection.of.map((part) => ofDetection(part, atoms));
  return detection.kind === 'all' ? every(parts) : some(parts);
}

function ofItem(item: DetectionItem, atoms: AtomTable): Expression {
  const { field, values } = item;
  const atom = (tests: DetectionItem['values'][number]): Expression => ({
    kind: 'atom',
    atom: atoms.idOf(field, tests),
  });
  // Without values nothing can hold, `all` or not.
  const asked =
    item.quantifier === 'all' && values.length > 0 ? every(values.map((tests) => atom(tests))) : atom(values.flat());
  return item.negated ? negated(asked) : asked;
}

function negated(of: Expression): Expression {
  return of.kind === 'not' ? of.of : { kind: 'not', of };
}

function every(of: readonly Expression[]): Expression {
  const parts = of.flatMap((part) => (isEvery(part) ? part.of : [part]));
  return atLeast(parts.length, parts);
}

function some(of: readonly Expression[]): Expression {
  const parts = of.flatMap((part) => (part.kind === 'atLeast' && part.count === 1 ? part.of : [part]));
  return atLeast(1, parts);
}

function isEvery(part: Expression): part is Extract<Expression, { kind: 'atLeast' }> {
  return part.kind === 'atLeast' && part.count === part.of.length;
}

function atLeast(count: number, of: readonly Expression[]): Expression {
  const [only] = of;
  return of.length === 1 && count === 1 && only !== undefined ? only : { kind: 'atLeast', count, of };
}
