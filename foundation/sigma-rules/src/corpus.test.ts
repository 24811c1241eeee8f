import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { createFullScan } from './full-scan.ts';
import type { JsonObject } from './json.ts';
import { parseSigmaRules } from './parse-rules.ts';
import { loadSigmaRuleSet } from './rule-set.ts';
import type { ParsedSigmaRules } from './parse-rules.ts';

const reference = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

/** Skips the test, saying why, where the reference data is not there. */
function isMissing(context: TestContext, folder: string): boolean {
  const path = join(reference, folder);
  if (existsSync(path)) return false;
  context.skip(`the reference data ${path} is not there`);
  return true;
}

function parseFolder(folder: string): Omit<ParsedSigmaRules, 'placeholders' | 'mappings'> & { readonly files: number } {
  const root = join(reference, folder);
  const files = globSync('**/*.yml', { cwd: root }).toSorted();
  const parsed = files.map((file) => parseSigmaRules(readFileSync(join(root, file), 'utf8'), { file }));
  return {
    files: files.length,
    rules: parsed.flatMap((one) => one.rules),
    correlations: parsed.flatMap((one) => one.correlations),
    filters: parsed.flatMap((one) => one.filters),
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

test('with a file of placeholder values beside the rules the whole corpus loads', (context) => {
  if (isMissing(context, 'sigma')) return;
  const sources = [...new Set(parseFolder('sigma').refusals.map(({ file }) => file))].map((file) => ({
    file,
    text: readFileSync(join(reference, 'sigma', file), 'utf8'),
  }));
  const names = new Set(sources.flatMap(({ text }) => [...text.matchAll(/%([\w-]+)%/g)].map(([, name = '']) => name)));
  const table = `title: Ours\nplaceholders:\n${[...names].map((name) => `    ${name}: [one, two*]\n`).join('')}`;
  const { rules, refusals } = loadSigmaRuleSet([...sources, { file: 'ours.yml', text: table }]);
  assert.deepEqual([rules.length, refusals], [25, []]);
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

test('the examples of the specification are all taken', (context) => {
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
    'value_avg',
    'value_count',
    'value_percentile',
    'value_sum',
  ]);
  assert.deepEqual(correlations.refusals, []);
  const filters = parseFolder('sigma-spec/examples/filter');
  assert.deepEqual([filters.rules.length, filters.filters.length, filters.refusals.length], [0, 2, 0]);
});
