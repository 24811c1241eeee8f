import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFullScan, loadSigmaRuleSet, parseSigmaRules } from '@sallyport/sigma-rules';
import type { JsonObject, SigmaCorrelation, SigmaRule } from '@sallyport/sigma-rules';
import { attackFrameworks } from './attack.ts';
import { loadBundledRules, rulesDirectory } from './index.ts';

const bundled = await loadBundledRules({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const parsed = bundled.map(({ file, text }) => ({ file, ...parseSigmaRules(text, { file }) }));
const rules: readonly SigmaRule[] = parsed.flatMap((one) => one.rules);
const correlations: readonly SigmaCorrelation[] = parsed.flatMap((one) => one.correlations);

test('the pack has at least 180 rules and correlations, one a file, and every file loads', () => {
  assert.ok(rules.length + correlations.length >= 180, `${rules.length} rules, ${correlations.length} correlations`);
  for (const { file, rules: found, correlations: counted, mappings, refusals } of parsed) {
    assert.deepEqual(refusals, [], file);
    assert.equal(found.length + counted.length + mappings.length, 1, file);
  }
});

test('every rule has an own UUID v4, who wrote it and when, what it means, how bad it is, what may be harmless, and what to do first', () => {
  const all = [...rules, ...correlations];
  assert.equal(new Set(all.map((rule) => rule.id)).size, all.length, 'ids are unique');
  for (const rule of all) {
    assert.match(rule.id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/, rule.file);
    assert.equal(rule.author, 'Sallyport', rule.file);
    assert.match(rule.date ?? '', /^\d{4}-\d\d-\d\d$/, rule.file);
    assert.ok(rule.level !== undefined && rule.status !== undefined, `${rule.file}: level and status`);
    assert.ok((rule.description ?? '').length >= 40, `${rule.file}: description`);
    assert.ok((rule.response ?? '').length >= 20, `${rule.file}: response`);
    assert.ok((rule.response ?? '').length <= 2048, `${rule.file}: a finding cuts longer responses`);
    assert.ok(rule.falsepositives.length > 0, `${rule.file}: false positives`);
    for (const text of rule.falsepositives)
      assert.doesNotMatch(text, /^(?:none|unknown|unlikely|n\/a|.{0,6})\.?$/i, rule.file);
  }
});

test('what alerts says more than that others count it', () => {
  for (const rule of [...rules, ...correlations]) {
    const isAlone = rule.level !== 'informational';
    assert.ok(!isAlone || rule.response?.startsWith('None by itself') !== true, rule.file);
  }
});

test('every tag is a tactic or technique that MITRE ATT&CK or ATLAS has today, and every rule has one of each', () => {
  const known = new Map(
    attackFrameworks().map((framework) => [
      framework.id,
      {
        tactics: new Set(framework.tactics.map(({ shortName }) => shortName)),
        techniques: new Map(framework.techniques.map((technique) => [technique.id.toLowerCase(), technique])),
      },
    ]),
  );
  const wrong: string[] = [];
  for (const { file, tags } of [...rules, ...correlations]) {
    const found = { tactic: false, technique: false };
    for (const tag of tags) {
      const [, framework = '', name = ''] = /^(attack|atlas)\.(.+)$/.exec(tag) ?? [];
      const table = framework === 'attack' || framework === 'atlas' ? known.get(framework) : undefined;
      const isTactic = table?.tactics.has(name) === true;
      const isTechnique = table?.techniques.get(name)?.isWithdrawn === false;
      if (!isTactic && !isTechnique) wrong.push(`${file}: ${tag}`);
      found.tactic ||= isTactic;
      found.technique ||= isTechnique;
    }
    if (!found.tactic || !found.technique) wrong.push(`${file}: needs a tactic and a technique`);
    if (
      file.startsWith('agents/') &&
      file !== 'agents/host-noticed.yml' &&
      !tags.some((tag) => tag.startsWith('atlas.aml.t'))
    )
      wrong.push(`${file}: needs a technique of ATLAS`);
  }
  assert.deepEqual(wrong, []);
});

test('every rule has its events beside it, and every correlation finds the rules it refers to', () => {
  assert.ok(correlations.length > 0);
  const set = loadSigmaRuleSet(bundled);
  assert.deepEqual(set.refusals, []);
  assert.equal(set.correlations.length, correlations.length);
  for (const { file } of [...rules, ...correlations])
    assert.ok(existsSync(join(rulesDirectory, file.replace(/\.yml$/, '.test.json'))), `${file} has no tests`);
});

test('rules in names of the Elastic Common Schema match events in the names of Windows and Zeek', () => {
  const written = (logsource: string, field: string, value: string): string =>
    `title: A\nid: a\ntaxonomy: ecs\nlogsource: ${logsource}\ndetection: { sel: { ${field}: ${value} }, condition: sel }`;
  const matches = (text: string, event: JsonObject): boolean => {
    const { rules: loaded } = loadSigmaRuleSet([
      ...bundled.filter(({ file }) => file.startsWith('field-mappings/')),
      { file: 'a', text },
    ]);
    return createFullScan(loaded).match(event).length > 0;
  };
  const dns = written('{ category: network, service: dns }', 'dns.question.name', 'example.org');
  assert.equal(matches(dns, { query: 'example.org' }), true);
  assert.equal(matches(dns.replace('taxonomy: ecs', 'taxonomy: sigma'), { query: 'example.org' }), false);
  const started = written(
    '{ product: windows, category: process_creation }',
    'process.executable|endswith',
    'tool.exe',
  );
  assert.equal(matches(started, { Image: 'C:/tool.exe' }), true);
  assert.equal(matches(started, { Image: 'C:/other.exe' }), false);
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
