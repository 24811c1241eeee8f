import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileRegex } from '../regex.ts';
import { foldCase } from '../wildcard.ts';
import { requiredLiterals } from './required-literals.ts';

const regex = (source: string, ignoreCase = false) => ({ source, ignoreCase, multiline: false, dotAll: false });
const literals = (source: string, ignoreCase = false) => requiredLiterals(regex(source, ignoreCase));

test('the longest literal that must occur is found through groups, classes, flags and repetitions', () => {
  assert.deepEqual(literals('power\\.exe'), ['power.exe']);
  assert.deepEqual(literals('^C:.*(cmd|net1)[ab]+x'), ['cmd', 'net1']);
  assert.deepEqual(literals('abcd?efgh+ijk'), ['efgh']);
  assert.deepEqual(literals('(?:abc){2,}x'), ['abc']);
  assert.deepEqual(literals('(?i)whoami'), ['whoami']);
  assert.deepEqual(literals('WHOami'), ['whoami']);
  assert.deepEqual(literals('\\w+`(\\w+|-)`'), ['`']);
  assert.deepEqual(literals('[[]x](?P<name>admin)'), ['admin']);
});

test('where nothing must occur, or the syntax is not certain, nothing is claimed', () => {
  for (const source of [
    '',
    '[ab].',
    'abc|',
    '(abc)?',
    '(abc)*',
    'a{0}',
    'abc(?i)*',
    '[[:alpha:]]abc',
    '\\Qa.b\\E',
    '\\x41bcd',
    '\\pLabc',
    '(?=abc)',
  ])
    assert.equal(literals(source), undefined, source);
});

test('without case, letters that have others than lower and upper case are no literals: "ſ" is an "s" for RE2', () => {
  assert.deepEqual(literals('powershell', true), ['power']);
  const matches = compileRegex(regex('was', true));
  assert.ok(typeof matches === 'function' && matches('waſ'));
  assert.deepEqual(literals('was', true), ['wa']);
  assert.deepEqual(literals('(?i)sas'), ['a']);
  assert.equal(literals('(?i)s+'), undefined);
});

const part = fc.constantFrom(
  'cmd',
  'cmd',
  'cmd',
  'cmd',
  'was',
  'S',
  'k',
  'K',
  'ſ',
  'é',
  'Σ',
  '.',
  '\\s',
  '\\.',
  '(',
  '(?:',
  '(?i)',
  '(?-i:',
  ')',
  '|',
  '+',
  '*',
  '?',
  '{2}',
  '{0,1}',
  '[a-d]',
  '[^]]',
  '^',
  '$',
  '\\b',
  'İ',
  '😀',
  '}',
);
const piece = fc.constantFrom(
  'cmd',
  'cmd',
  'Cmd',
  'cmd',
  'CMD',
  'was',
  'waſ',
  'WAS',
  's',
  'k',
  'K',
  'é',
  'É',
  'σ',
  'Σ',
  'ς',
  '.',
  ' ',
  'a',
  'd',
  'İ',
  'i̇',
  '😀',
  '\uD83D',
  '}',
  '',
  'cmdcmd',
);

test('a text in which the expression is found holds one of its literals, for any expression and text', () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 7 }),
      fc.boolean(),
      fc.array(fc.array(piece, { maxLength: 6 }), { minLength: 4, maxLength: 8 }),
      (parts, ignoreCase, texts) => {
        const wanted = regex(parts.join(''), ignoreCase);
        const matches = compileRegex(wanted);
        const required = requiredLiterals(wanted);
        if (typeof matches !== 'function' || required === undefined) return;
        for (const text of texts.map((pieces) => pieces.join(''))) {
          if (!matches(text)) continue;
          found += 1;
          assert.ok(
            required.some((literal) => foldCase(text).includes(literal)),
            `${wanted.source} in ${text}`,
          );
        }
      },
    ),
    { numRuns: 3000 },
  );
  assert.ok(found > 20, `the test looked at ${found} texts`);
});
