import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { createFullScan } from './full-scan.ts';
import type { JsonObject } from './json.ts';
import { parseSigmaRules } from './parse-rules.ts';
import type { ParsedSigmaRules } from './parse-rules.ts';

const reference = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

/** Skips the test, saying why, where the reference data is not there. */
function isMissing(context: TestContext, folder: string): boolean {
  const path = join(reference, folder);
  if (existsSync(path)) return false;
  context.skip(`the reference data ${path} is not there`);
  return true;
}

function parseFolder(folder: string): ParsedSigmaRules & { readonly files: number } {
  const root = join(reference, folder);
  const files = globSync('**/*.yml', { cwd: root }).toSorted();
  const parsed = files.map((file) => parseSigmaRules(readFileSync(join(root, file), 'utf8'), { file }));
  return {
    files: files.length,
    rules: parsed.flatMap((one) => one.rules),
    correlations: parsed.flatMap((one) => one.correlations),
    refusals: parsed.flatMap((one) => one.refusals),
  };
}

test('every rule of the SigmaHQ corpus loads but the 25 that need placeholder values', (context) => {
  if (isMissing(context, 'sigma')) return;
  const { files, rules, refusals } = parseFolder('sigma');
  assert.equal(files, 3780);
  assert.equal(rules.length, 3755);
  assert.equal(refusals.length, 25);
  for (const { file, line, ruleId, code, reason } of refusals) {
    assert.equal(code, 'placeholder_without_values', `${file}:${line} ${reason}`);
    assert.match(readFileSync(join(reference, 'sigma', file), 'utf8').split('\n')[line - 1] ?? '', /%[\w-]+%/);
    assert.match(ruleId ?? '', /^[\da-f-]{36}$/);
  }
  assert.equal(new Set(rules.map((rule) => rule.id)).size, rules.length);
  assert.ok(rules.every((rule) => rule.level !== undefined && rule.status !== undefined));
});

test('with values for the placeholders the whole corpus loads', (context) => {
  if (isMissing(context, 'sigma')) return;
  const placeholders = new Map<string, string[]>();
  const { refusals } = parseFolder('sigma');
  for (const { file } of refusals) {
    const text = readFileSync(join(reference, 'sigma', file), 'utf8');
    for (const [, name = ''] of text.matchAll(/%([\w-]+)%/g)) placeholders.set(name, ['one', 'two*']);
    const parsed = parseSigmaRules(text, { file, placeholders: Object.fromEntries(placeholders) });
    assert.deepEqual([parsed.rules.length, parsed.refusals], [1, []], file);
  }
});

type RegressionInfo = {
  readonly rule_metadata: readonly { readonly id: string }[];
  readonly regression_tests_info?: readonly { readonly match_count?: number; readonly path?: string }[];
};

/** The file holds JSON objects one after another. */
function eventsOf(file: string): JsonObject[] {
  return readFileSync(file, 'utf8')
    .split(/\n(?=\{)/)
    .map((text): JsonObject => JSON.parse(text));
}

test('every regression test of SigmaHQ is matched by its rule, through log source routing, as often as it says', (context) => {
  if (isMissing(context, 'sigma') || isMissing(context, 'sigma-regression')) return;
  const scan = createFullScan(parseFolder('sigma').rules);
  let tests = 0;
  for (const info of globSync('**/info.yml', { cwd: join(reference, 'sigma-regression') })) {
    const path = join(reference, 'sigma-regression', info);
    const { rule_metadata: metadata, regression_tests_info: cases }: RegressionInfo = parse(readFileSync(path, 'utf8'));
    const records = globSync('*.json', { cwd: dirname(path) }).flatMap((file) => eventsOf(join(dirname(path), file)));
    if (records.length === 0 || !cases) continue;
    const found = records.flatMap((record) =>
      scan.match(record).map(({ rule, matched }) => ({ id: rule.id, matched: matched.length })),
    );
    for (const { id } of metadata) {
      const matches = found.filter((match) => match.id === id);
      const wanted = cases[0]?.match_count ?? 1;
      assert.ok(matches.length >= wanted, `${info}: ${matches.length} matches of ${id}, must be at least ${wanted}`);
      assert.ok(
        matches.every(({ matched }) => matched > 0),
        `${info}: a match names no field`,
      );
      tests += 1;
    }
  }
  assert.equal(tests, 86);
});

test('the examples of the specification are taken or told apart', (context) => {
  if (isMissing(context, 'sigma-spec')) return;
  const rules = parseFolder('sigma-spec/examples/rules');
  assert.deepEqual([rules.rules.length, rules.refusals.length], [2, 0]);
  assert.deepEqual(
    rules.rules.map((rule) => rule.taxonomy),
    ['sigma', 'ecs'],
  );
  const correlations = parseFolder('sigma-spec/examples/correlation');
  assert.deepEqual(correlations.correlations.map(({ type }) => type).toSorted(), [
    'event_count',
    'event_count',
    'temporal',
    'temporal_ordered',
    'value_count',
  ]);
  assert.deepEqual(
    correlations.refusals.map(({ code }) => code),
    ['correlation_unsupported', 'correlation_unsupported', 'correlation_unsupported'],
  );
  const filters = parseFolder('sigma-spec/examples/filter');
  assert.deepEqual(
    [filters.rules.length, filters.refusals.map(({ code }) => code)],
    [0, ['filter_rule', 'filter_rule']],
  );
});
