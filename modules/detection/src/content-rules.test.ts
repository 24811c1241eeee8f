import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadBundledRules, rulesDirectory } from '@sallyport/content';
import type { JsonObject } from '@sallyport/contracts';
import { createRuleScanner } from './rule-scanner.ts';
import { ruleMutants } from './rule-mutants.fixture.ts';

type Events = { readonly positive: readonly JsonObject[]; readonly negative: readonly JsonObject[] };

const bundled = await loadBundledRules({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const whole = createRuleScanner(bundled);
const texts = new Map(bundled.map(({ file, text }) => [file, text]));
const rules = await Promise.all(
  whole.rules
    .filter(({ correlation }) => correlation === undefined)
    .map(async ({ id, file }) => {
      const path = join(rulesDirectory, file.replace(/\.yml$/, '.test.json'));
      const events: Events = JSON.parse(await readFile(path, 'utf8'));
      const text = texts.get(file) ?? '';
      const isOwn = /^ {4}product: sallyport$/m.test(text);
      const bodies = (list: readonly JsonObject[]): Uint8Array[] => list.map((event) => bodyOf(event, isOwn));
      return { id, file, text, positive: bodies(events.positive), negative: bodies(events.negative) };
    }),
);

/** As intake seals it: an original beside what it became. Our own events, and those written as OCSF, stand as they are. */
function bodyOf(event: JsonObject, isOwn: boolean): Uint8Array {
  const sealed =
    isOwn || event['class_uid'] !== undefined
      ? event
      : { class_uid: 0, metadata: { reporter: { uid: 's1' } }, raw_data: JSON.stringify(event) };
  return new TextEncoder().encode(JSON.stringify(sealed));
}

function matchesOf(scanner: typeof whole, body: Uint8Array): Map<string, number> {
  const outcome = scanner.scan(body);
  assert.equal(outcome.kind, 'scanned');
  return new Map(
    outcome.kind === 'scanned' ? outcome.matches.map(({ ruleId, matched }) => [ruleId, matched.length]) : [],
  );
}

test('through the whole engine every rule matches each of its positive events, says by which fields, and none of its negative ones', () => {
  assert.ok(rules.length >= 150, `${rules.length} rules`);
  const wrong: string[] = [];
  for (const { id, file, positive, negative } of rules) {
    assert.ok(positive.length > 0 && negative.length > 0, `${file} needs a positive and a negative event`);
    for (const [index, body] of positive.entries())
      if ((matchesOf(whole, body).get(id) ?? 0) === 0) wrong.push(`${file}: positive ${index} does not match`);
    for (const [index, body] of negative.entries())
      if (matchesOf(whole, body).has(id)) wrong.push(`${file}: negative ${index} matches`);
  }
  assert.deepEqual(wrong, []);
});

test('no search, field or value can be taken out of a rule without one of its events noticing', () => {
  const mutants = rules.flatMap((rule) => ruleMutants(rule.text).map((mutant) => ({ rule, mutant })));
  assert.ok(mutants.length > 1000, `${mutants.length} mutants`);
  const scanner = createRuleScanner(mutants.map(({ mutant }) => ({ file: mutant.id, text: mutant.text })));
  // One that leaves nothing to look for is refused, which is noticed.
  const loaded = new Set(scanner.rules.map(({ id }) => id));
  const found = new Map<Uint8Array, Map<string, number>>();
  for (const { positive, negative } of rules)
    for (const body of [...positive, ...negative]) found.set(body, matchesOf(scanner, body));
  const survivors = mutants
    .filter(({ rule, mutant }) => {
      const stillMatches = (body: Uint8Array): boolean => found.get(body)?.has(mutant.id) === true;
      return loaded.has(mutant.id) && rule.positive.every(stillMatches) && !rule.negative.some(stillMatches);
    })
    .map(({ rule, mutant }) => `${rule.file}: ${mutant.what}`);
  assert.deepEqual(survivors, []);
});
