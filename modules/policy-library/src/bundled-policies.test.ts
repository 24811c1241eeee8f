import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAccessPolicy } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import { bundled } from './library.fixture.ts';
import { readPolicyTests, runPolicyTest } from './policy-test.ts';
import { runStandingTests } from './standing-tests.ts';

const policy = createAccessPolicy(bundled);
const files = readdirSync(policiesDirectory);

for (const file of files.filter((name) => name.endsWith('.cedar'))) {
  test(`the tests of the bundled ${file} hold`, () => {
    const testFile = file.replace(/\.cedar$/, '.test.json');
    const tests = readPolicyTests(JSON.parse(readFileSync(join(policiesDirectory, testFile), 'utf8')), testFile);
    assert.ok(tests.length >= 3, `${file} has ${tests.length} tests`);
    for (const one of tests) {
      const result = runPolicyTest(policy, one);
      assert.ok(result.passed, `${one.name}: ${result.got}, ${result.reason}`);
    }
  });
}

test('what always must hold, holds', () => {
  assert.deepEqual(
    runStandingTests(policy, '').filter(({ passed }) => !passed),
    [],
  );
});

test('a planted hole is found by what always must hold', () => {
  const planted = createAccessPolicy({
    ...bundled,
    policies: bundled.policies.map(({ file, text }) => ({
      file,
      text: text.replace('principal.assurance < 2', 'principal.assurance < 1'),
    })),
  });
  const failed = runStandingTests(planted, '').filter(({ passed }) => !passed);
  assert.deepEqual(
    failed.map(({ name }) => name),
    ['Somebody without a second factor can do nothing'],
  );
});
