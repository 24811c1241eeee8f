import { isInCidr } from './cidr.ts';
import type { CompareOperator, FieldComparison, ValueTest } from './detection.ts';
import type { FieldValue, SigmaEvent } from './event-view.ts';
import { compileRegex } from './regex.ts';
import { timePartOf } from './time-part.ts';
import { compilePattern } from './wildcard.ts';

/**
 * A compiled test over the values of one field (undefined: the field is absent). It gives the value that satisfied it, `'absent'` where the
 * lack of one did, and undefined where it does not hold.
 */
export type CompiledTest = (
  values: readonly FieldValue[] | undefined,
  event: Pick<SigmaEvent, 'valuesOf'>,
) => FieldValue | 'absent' | undefined;

export function compileValueTest(test: ValueTest): CompiledTest {
  if (test.kind === 'null')
    return (values) => (values === undefined ? 'absent' : values.find((value) => value.scalar === null));
  if (test.kind === 'exists') return compileExists(test.present);
  if (test.kind === 'field') return compileFieldTest(test.field, test.how, test.cased);
  const holds = compileScalarTest(test);
  return (values) => values?.find((value) => value.scalar !== null && holds(value));
}

function compileExists(present: boolean): CompiledTest {
  if (present) return (values) => values?.[0];
  return (values) => (values === undefined ? 'absent' : undefined);
}

type ScalarTest = Exclude<ValueTest, { kind: 'null' | 'exists' | 'field' }>;

function compileScalarTest(test: ScalarTest): (value: FieldValue) => boolean {
  switch (test.kind) {
    case 'pattern': {
      const matches = compilePattern(test.tokens, test.cased);
      return test.cased ? (value) => matches(value.text) : (value) => matches(value.folded());
    }
    case 'regex': {
      const matches = compileRegex(test.regex);
      if (typeof matches !== 'function') throw new TypeError(`Cannot compile "${test.regex.source}": ${matches.fault}`);
      return (value) => matches(value.text);
    }
    case 'number': {
      const { number } = test;
      const text = test.text.toLowerCase();
      // Past what a double holds exactly, neighbours would be equal as numbers.
      if (Number.isInteger(number) && !Number.isSafeInteger(number)) return (value) => value.folded() === text;
      return (value) => value.text === text || numberOf(value) === number || value.folded() === text;
    }
    case 'boolean': {
      const text = String(test.boolean);
      return (value) => value.folded() === text;
    }
    case 'compare': {
      const { operator, number } = test;
      return (value) => compares(operator, numberOf(value), number);
    }
    case 'time': {
      const { unit, operator, number } = test;
      return ({ scalar, text }) =>
        compares(operator, timePartOf(typeof scalar === 'number' ? scalar : text, unit), number);
    }
    case 'cidr': {
      const { network } = test;
      return (value) => isInCidr(network, value.text);
    }
  }
}

/** The number a value is or is written as in decimal. */
export function numberOf({ scalar, text }: FieldValue): number | undefined {
  if (typeof scalar === 'number') return scalar;
  return text.length <= 32 && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

function compares(operator: CompareOperator, left: number | undefined, right: number): boolean {
  if (left === undefined) return false;
  switch (operator) {
    case 'lt':
      return left < right;
    case 'lte':
      return left <= right;
    case 'gt':
      return left > right;
    case 'gte':
      return left >= right;
    case 'eq':
      return left === right;
  }
}

/** Compares with whatever the other field holds, letter by letter: what stands in an event is never a pattern. */
function compileFieldTest(field: string, how: FieldComparison, cased: boolean): CompiledTest {
  const textOf = cased ? (value: FieldValue): string => value.text : (value: FieldValue): string => value.folded();
  return (values, event) => {
    const others = event.valuesOf(field)?.filter((other) => other.scalar !== null);
    if (others === undefined) return undefined;
    return values?.find(
      (value) => value.scalar !== null && others.some((other) => stands(how, textOf(value), textOf(other))),
    );
  };
}

function stands(how: FieldComparison, text: string, other: string): boolean {
  switch (how) {
    case 'equals':
      return text === other;
    case 'startswith':
      return text.startsWith(other);
    case 'endswith':
      return text.endsWith(other);
    case 'contains':
      return text.includes(other);
  }
}
