import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bashTakes } from './bash-testing.ts';
import { shellLimits } from './cursor.ts';
import { parseShell } from './parse.ts';
import { scriptArbitrary } from './script-arbitrary-testing.ts';

test('what is parsed bash takes, and what bash takes is parsed or refused as not supported', () => {
  const seed = 20_651_123;
  const scripts = fc.sample(scriptArbitrary(), { numRuns: 900, seed }).filter((script) => script.length < 400);
  const takes = bashTakes(scripts);
  assert.equal(takes.length, scripts.length);
  let both = 0;
  const wrong = scripts.filter((script, index) => {
    const parsed = parseShell(script);
    if (parsed.ok && takes[index] === true) both += 1;
    return parsed.ok ? takes[index] === false : takes[index] === true && parsed.code === 'shell_syntax';
  });
  assert.deepEqual(wrong, []);
  assert(both > 100, `only ${both} scripts were taken by both`);
});

test('any text gets an answer, with a place within it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), scriptArbitrary()), (text) => {
      const parsed = parseShell(text);
      if (!parsed.ok) assert(parsed.at >= 0 && parsed.at <= text.length && parsed.message.length > 0);
    }),
  );
});

test('depth and size are refused, not followed', () => {
  const refused = (text: string): string => {
    const parsed = parseShell(text);
    return parsed.ok ? 'taken' : parsed.code;
  };
  const deep = 20_000;
  for (const open of ['(', '((', '$(', '$((', '{ ', '"$(', '${x:-', '[[ ( ', 'if ', '<(', 'f() ', 'a=(']) {
    assert.notEqual(refused(open.repeat(deep)), 'taken', open);
  }
  assert.equal(refused('( '.repeat(deep)), 'too_deep');
  assert.equal(refused('x'.repeat(shellLimits.characters + 1)), 'too_long');
  assert.equal(refused('a;'.repeat(30_000)), 'too_many');
  assert.equal(refused('a\0b'), 'not_supported');
});

test('a refusal names the place and the reason', () => {
  assert.deepEqual(parseShell('echo "abc'), { ok: false, code: 'shell_syntax', at: 9, message: 'a " is not closed' });
  assert.deepEqual(parseShell('a; coproc b'), {
    ok: false,
    code: 'not_supported',
    at: 3,
    message: '"coproc" is not known',
  });
});
