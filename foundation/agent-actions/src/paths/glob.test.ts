import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wild } from '../run/text.ts';
import { mayMatch } from './glob.ts';

/** The same said once more, slowly: every way a rule and a path can go on beside each other, from their beginnings. */
function mayMatchSlowly(path: string, rule: string, before = ''): boolean {
  const [expected = '', ...others] = rule;
  const [character = '', ...left] = path;
  const restOfRule = others.join('');
  const restOfPath = left.join('');
  if (path === '' && ['', '*', '**', '/**'].includes(rule)) return true;
  if (character === wild.star && mayMatchSlowly(restOfPath, rule, character)) return true;
  if (rule.startsWith('**')) {
    if (mayMatchSlowly(path, rule.slice(2), before)) return true;
    if (rule[2] === '/' && (before === '' || before === '/') && mayMatchSlowly(path, rule.slice(3), before))
      return true;
    return path !== '' && mayMatchSlowly(restOfPath, rule, character);
  }
  if (expected === '*')
    return (
      mayMatchSlowly(path, restOfRule, before) ||
      (path !== '' && character !== '/' && mayMatchSlowly(restOfPath, rule, character))
    );
  if (expected === '' || path === '') return false;
  if (character === wild.star || character === wild.one) {
    if (expected === '/' || (before === '/' && expected === '.')) return false;
    return mayMatchSlowly(
      character === wild.star ? path : restOfPath,
      restOfRule,
      character === wild.star ? before : character,
    );
  }
  return character === expected && mayMatchSlowly(restOfPath, restOfRule, character);
}

const pathText = fc.string({ unit: fc.constantFrom('/', '/', 'a', 'b', '.', wild.star, wild.one), maxLength: 9 });
const ruleText = fc.string({ unit: fc.constantFrom('/', '/', 'a', 'b', '.', '*', '**', '**/'), maxLength: 6 });

test('mayMatch() says what a walk of every way says, of paths and rules that differ at an end and of those that do not', () => {
  let matched = 0;
  fc.assert(
    fc.property(pathText, ruleText, (path, rule) => {
      const answer = mayMatch(path, rule);
      if (answer) matched += 1;
      assert.equal(answer, mayMatchSlowly(path, rule), `${JSON.stringify(path)} by ${rule}`);
    }),
    { numRuns: 3000 },
  );
  assert.ok(matched > 100);
});

test('mayMatch() names what a rule names at its end, and what could be it', () => {
  const { star, one } = wild;
  const named: readonly (readonly [string, string])[] = [
    ['/etc', '/etc/**'],
    ['/etc/shadow', '/etc/**'],
    ['/home/ada/.ssh/id_rsa', '**/id_rsa'],
    [`/home/ada/.ssh/id_r${star}`, '**/id_rsa'],
    [`/home/ada/.ssh/i${one}_rsa`, '**/id_rsa'],
    [`/e${star}/id_rsa`, '/etc/id_rsa'],
    ['/a/.env.local', '**/.env*'],
  ];
  for (const [path, rule] of named) assert.ok(mayMatch(path, rule), `${path} by ${rule}`);
  const others: readonly (readonly [string, string])[] = [
    ['/et', '/etc/**'],
    ['/etcetera', '/etc/**'],
    ['/home/ada/id_rsa.txt', '**/id_rsa'],
    [`/home/ada/${star}.txt`, '**/id_rsa'],
    ['rsa', '**/id_rsa'],
    ['', '/etc/**'],
  ];
  for (const [path, rule] of others) assert.ok(!mayMatch(path, rule), `${path} by ${rule}`);
});
