import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { attackOf, createFullScan, parseSigmaRules, resolveCorrelation } from '@sallyport/sigma-rules';
import type { JsonObject, SigmaCorrelation, SigmaRule } from '@sallyport/sigma-rules';
import { loadBundledRules, rulesDirectory } from './index.ts';

type Events = { readonly positive: readonly JsonObject[]; readonly negative: readonly JsonObject[] };

const bundled = await loadBundledRules({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const parsed = bundled.map(({ file, text }) => ({ file, ...parseSigmaRules(text, { file }) }));
const rules: readonly SigmaRule[] = parsed.flatMap((one) => one.rules);
const correlations: readonly SigmaCorrelation[] = parsed.flatMap((one) => one.correlations);

async function eventsOf(file: string): Promise<Events> {
  const path = join(rulesDirectory, file.replace(/\.yml$/, '.test.json'));
  const events: Events = JSON.parse(await readFile(path, 'utf8'));
  return events;
}

test('the pack has at least 15 rules, one a file, and every file loads', () => {
  assert.ok(rules.length >= 15, `${rules.length} rules`);
  for (const { file, rules: found, correlations: counted, refusals } of parsed) {
    assert.deepEqual(refusals, [], file);
    assert.equal(found.length + counted.length, 1, file);
  }
});

test('every rule has an own UUID v4, an author, a level, a description, false positives and ATT&CK tags', () => {
  const all = [...rules, ...correlations];
  assert.equal(new Set(all.map((rule) => rule.id)).size, all.length, 'ids are unique');
  for (const rule of all) {
    assert.match(rule.id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/, rule.file);
    assert.equal(rule.author, 'Sallyport', rule.file);
    assert.ok(rule.level !== undefined && rule.description !== undefined && rule.falsepositives.length > 0, rule.file);
    const attack = attackOf(rule.tags);
    assert.ok(attack.tactics.length > 0 && attack.techniques.length > 0, rule.file);
    assert.equal(attack.tactics.length + attack.techniques.length, rule.tags.length, `${rule.file}: a tag is unknown`);
  }
});

test('every rule matches each of its positive events and none of its negative ones, through log source routing', async () => {
  for (const rule of rules) {
    assert.ok(existsSync(join(rulesDirectory, rule.file.replace(/\.yml$/, '.test.json'))), `${rule.file} has no tests`);
    const { positive, negative } = await eventsOf(rule.file);
    assert.ok(positive.length > 0 && negative.length > 0, `${rule.file} needs a positive and a negative event`);
    const scan = createFullScan([rule]);
    for (const [index, event] of positive.entries()) {
      assert.ok((scan.match(event)[0]?.matched.length ?? 0) > 0, `${rule.file}: positive ${index} does not match`);
    }
    for (const [index, event] of negative.entries())
      assert.deepEqual(scan.match(event), [], `${rule.file}: negative ${index} matches`);
  }
});

test('every correlation finds the rules it refers to', () => {
  assert.ok(correlations.length > 0);
  const byName = new Map(rules.flatMap((rule) => [rule.id, rule.name ?? rule.id].map((name) => [name, rule])));
  for (const correlation of correlations) {
    const answer = resolveCorrelation(correlation, { rules: byName, correlations: new Set() });
    assert.equal('reason' in answer ? answer.reason : '', '', correlation.file);
  }
});

test('no rule matches an empty event or an ordinary logon', () => {
  const scan = createFullScan(rules);
  assert.deepEqual(scan.match({}), []);
  assert.deepEqual(scan.match({ Channel: 'Security', EventID: 4624, LogonType: '3' }), []);
});

test('no file of tests is left without its rule', async () => {
  const files = await readdir(rulesDirectory, { recursive: true });
  const orphans = files.filter(
    (file) => file.endsWith('.test.json') && !files.includes(file.replace(/\.test\.json$/, '.yml')),
  );
  assert.deepEqual(orphans, []);
});
