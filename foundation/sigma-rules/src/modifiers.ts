import { parseCidr } from './cidr.ts';
import type { CompareOperator, FieldComparison, ValueTest } from './detection.ts';
import { base64, base64Offsets, utf16Bytes, utf8Bytes } from './encoding.ts';
import { compileRegex } from './regex.ts';
import type { TimeUnit } from './time-part.ts';
import { dashes, parseWildcards, withDashes } from './wildcard.ts';
import type { PatternToken } from './wildcard.ts';

export type RuleScalar = { readonly value: string | number | boolean | null; readonly text: string };
export type ModifierFault = {
  readonly code: 'modifier_misuse' | 'invalid_value' | 'regex_unsupported' | 'too_complex';
  readonly fault: string;
};

const operators: ReadonlyMap<string, CompareOperator> = new Map([
  ['lt', 'lt'],
  ['lte', 'lte'],
  ['gt', 'gt'],
  ['gte', 'gte'],
]);
const timeUnits: ReadonlyMap<string, TimeUnit> = new Map([
  ['minute', 'minute'],
  ['hour', 'hour'],
  ['day', 'day'],
  ['week', 'week'],
  ['month', 'month'],
  ['year', 'year'],
]);
const regexFlags: ReadonlySet<string> = new Set(['i', 'm', 's']);
const positions: ReadonlySet<string> = new Set(['contains', 'startswith', 'endswith']);
const encodings: ReadonlySet<string> = new Set([
  'base64',
  'base64offset',
  'utf16le',
  'utf16be',
  'utf16',
  'wide',
  'windash',
]);
/** Modifiers that say how the values are joined; they go with every other. `expand` was carried out before. */
const joining: ReadonlySet<string> = new Set(['all', 'neq', 'expand']);
/** Modifiers that decide what kind of test a value is; at most one of them, the flags of `re` aside. */
const kinds: ReadonlySet<string> = new Set([
  're',
  'exists',
  'cidr',
  'fieldref',
  ...operators.keys(),
  ...timeUnits.keys(),
]);

/** Every modifier of Sigma 2.1 (modifiers appendix). */
export const knownModifiers: ReadonlySet<string> = new Set([
  ...joining,
  ...kinds,
  ...regexFlags,
  ...positions,
  ...encodings,
  'cased',
]);

/** At most this many tests from one value: five dashes before an encoding give 3,125. */
const maxAlternatives = 4096;

/** The tests one listed value unfolds into under the modifiers, applied in the order in which they stand. */
export function testsOf(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  const active = modifiers.filter((modifier) => !joining.has(modifier));
  const kind = active.find((modifier) => kinds.has(modifier));
  if (kind === undefined) return plainTests(scalar, active);
  const others = active.filter((modifier) => modifier !== kind);
  if (kind === 're') return regexTests(scalar, others);
  if (kind === 'fieldref') return fieldTests(scalar, others);
  if (kind === 'exists') return existsTests(scalar, others);
  if (kind === 'cidr') return cidrTests(scalar, others);
  return numericTests(scalar, active);
}

function misuse(fault: string): ModifierFault {
  return { code: 'modifier_misuse', fault };
}

function plainTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  const flag = modifiers.find((modifier) => regexFlags.has(modifier));
  if (flag !== undefined) return misuse(`"${flag}" must stand after "re"`);
  const shaping = modifiers.filter((modifier) => modifier !== 'cased');
  const { value, text } = scalar;
  if (value === null)
    return shaping.length === 0 ? [{ kind: 'null' }] : misuse(`"${shaping.join('|')}" cannot be applied to null`);
  if (shaping.length === 0) {
    if (typeof value === 'number') return [{ kind: 'number', number: value, text }];
    if (typeof value === 'boolean') return [{ kind: 'boolean', boolean: value }];
  }
  return stringTests(typeof value === 'string' ? value : text, shaping, modifiers.includes('cased'));
}

/** A value on its way through the modifiers: Sigma text, or bytes after one of the UTF-16 encodings. */
type Shape = { readonly tokens: readonly PatternToken[]; readonly bytes: boolean };

function stringTests(text: string, modifiers: readonly string[], cased: boolean): readonly ValueTest[] | ModifierFault {
  let shapes: Shape[] = [{ tokens: parseWildcards(text), bytes: false }];
  for (const modifier of modifiers) {
    const next: Shape[] = [];
    for (const shape of shapes) {
      const outcome = positions.has(modifier) ? [positioned(shape, modifier)] : encoded(shape, modifier);
      if ('fault' in outcome) return outcome;
      next.push(...outcome);
    }
    if (next.length > maxAlternatives)
      return { code: 'too_complex', fault: `a value unfolds into over ${maxAlternatives} texts` };
    shapes = next;
  }
  return shapes.map(({ tokens }) => ({ kind: 'pattern', tokens, cased }));
}

function positioned(shape: Shape, modifier: string): Shape {
  const many: PatternToken = { kind: 'many' };
  const before = modifier === 'startswith' ? [] : [many];
  const after = modifier === 'endswith' ? [] : [many];
  return { ...shape, tokens: [...before, ...shape.tokens, ...after] };
}

function encoded(shape: Shape, modifier: string): Shape[] | ModifierFault {
  if (modifier === 'windash')
    return shape.bytes
      ? misuse('"windash" must stand before an encoding')
      : [{ tokens: withDashes(shape.tokens), bytes: false }];
  const literals = literalsOf(shape.tokens);
  if (literals === undefined) return misuse(`"${modifier}" cannot be applied to a value with wildcards`);
  if (literals.length > maxAlternatives)
    return { code: 'too_complex', fault: `a value unfolds into over ${maxAlternatives} texts` };
  return literals.flatMap((literal) => encodeLiteral(literal, shape.bytes, modifier));
}

function encodeLiteral(literal: string, isBytes: boolean, modifier: string): Shape[] {
  function shape(text: string, bytes: boolean): Shape {
    return { tokens: text === '' ? [] : [{ kind: 'text', text }], bytes };
  }
  const bytes = isBytes ? literal : utf8Bytes(literal);
  switch (modifier) {
    case 'base64':
      return [shape(base64(bytes), false)];
    case 'base64offset':
      return base64Offsets(bytes).map((text) => shape(text, false));
    case 'utf16be':
      return [shape(utf16Bytes(literal, 'big'), true)];
    case 'utf16':
      return [shape(`\u00FF\u00FE${utf16Bytes(literal, 'little')}`, true)];
    default:
      return [shape(utf16Bytes(literal, 'little'), true)];
  }
}

/** The texts a pattern without wildcards stands for (several where it has `windash` places), or undefined. */
function literalsOf(tokens: readonly PatternToken[]): string[] | undefined {
  let texts = [''];
  for (const token of tokens) {
    if (token.kind === 'many' || token.kind === 'one') return undefined;
    if (token.kind === 'text') texts = texts.map((text) => text + token.text);
    else texts = texts.flatMap((text) => dashes.map((dash) => text + dash));
    if (texts.length > maxAlternatives) return texts;
  }
  return texts;
}

function regexTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  const strange = modifiers.find(
    (modifier) => !regexFlags.has(modifier) && !positions.has(modifier) && modifier !== 'cased',
  );
  if (strange !== undefined) return misuse(`"${strange}" cannot be combined with "re"`);
  if (scalar.value === null || typeof scalar.value === 'boolean') return misuse('"re" needs a string');
  const pattern = typeof scalar.value === 'string' ? scalar.value : scalar.text;
  // A regular expression is searched for anywhere, so `contains` changes nothing.
  const start = modifiers.includes('startswith') ? '^' : '';
  const end = modifiers.includes('endswith') ? '$' : '';
  const regex = {
    source: start === '' && end === '' ? pattern : `${start}(?:${pattern})${end}`,
    ignoreCase: modifiers.includes('i'),
    multiline: modifiers.includes('m'),
    dotAll: modifiers.includes('s'),
  };
  const compiled = compileRegex(regex);
  if (typeof compiled !== 'function')
    return {
      code: 'regex_unsupported',
      fault: `the regular expression "${pattern.slice(0, 200)}" cannot be honoured: ${compiled.fault}`,
    };
  return [{ kind: 'regex', regex }];
}

function fieldTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  const strange = modifiers.find((modifier) => !positions.has(modifier) && modifier !== 'cased');
  if (strange !== undefined) return misuse(`"${strange}" cannot be combined with "fieldref"`);
  if (typeof scalar.value !== 'string' || scalar.value === '') return misuse('"fieldref" needs the name of a field');
  const starts = modifiers.includes('startswith');
  const ends = modifiers.includes('endswith');
  let how: FieldComparison = 'equals';
  if (modifiers.includes('contains') || (starts && ends)) how = 'contains';
  else if (starts) how = 'startswith';
  else if (ends) how = 'endswith';
  return [{ kind: 'field', field: scalar.value.replaceAll(' ', ''), cased: modifiers.includes('cased'), how }];
}

function existsTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  if (modifiers.length > 0) return misuse(`"${modifiers.join('|')}" cannot be combined with "exists"`);
  if (typeof scalar.value !== 'boolean') return misuse('"exists" needs true or false');
  return [{ kind: 'exists', present: scalar.value }];
}

function cidrTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  if (modifiers.length > 0) return misuse(`"${modifiers.join('|')}" cannot be combined with "cidr"`);
  const network = typeof scalar.value === 'string' ? parseCidr(scalar.value) : undefined;
  if (network === undefined)
    return { code: 'invalid_value', fault: `"${scalar.text}" must be a network such as 10.0.0.0/8 or fe80::/10` };
  return [{ kind: 'cidr', network }];
}

/** `lt lte gt gte`, a part of a date, or a part of a date compared: `hour|gte`. */
function numericTests(scalar: RuleScalar, modifiers: readonly string[]): readonly ValueTest[] | ModifierFault {
  const unit = modifiers.map((modifier) => timeUnits.get(modifier)).find((found) => found !== undefined);
  const operator = modifiers.map((modifier) => operators.get(modifier)).find((found) => found !== undefined);
  const expected = (unit === undefined ? 0 : 1) + (operator === undefined ? 0 : 1);
  if (modifiers.length !== expected) return misuse(`"${modifiers.join('|')}" cannot be combined`);
  const number = scalar.value;
  if (typeof number !== 'number') return misuse(`"${modifiers.join('|')}" needs a number`);
  if (unit !== undefined) return [{ kind: 'time', unit, operator: operator ?? 'eq', number }];
  return [{ kind: 'compare', operator: operator ?? 'eq', number }];
}
