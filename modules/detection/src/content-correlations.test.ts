import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadBundledRules, rulesDirectory } from '@sallyport/content';
import type { JsonObject } from '@sallyport/contracts';
import type { LedgerEvent } from '@sallyport/ledger';
import { createCorrelations } from './correlations.ts';
import { createRuleScanner } from './rule-scanner.ts';
import { correlationMutants } from './rule-mutants.fixture.ts';

/** Events of the ledger, each at its second. */
type Sequence = readonly { readonly at: number; readonly event: JsonObject }[];
type Sequences = { readonly positive: readonly Sequence[]; readonly negative: readonly Sequence[] };

const bundled = await loadBundledRules({
  listFiles: (directory) => readdir(directory, { recursive: true }),
  readText: (path) => readFile(path, 'utf8'),
});
const scanner = createRuleScanner(bundled);
const correlations = scanner.rules.filter(({ correlation }) => correlation !== undefined);
const rules = new Map(scanner.rules.map((rule) => [rule.id, rule]));

type Pack = Pick<ReturnType<typeof createRuleScanner>, 'rules' | 'scan'>;

/** Ids of the correlations that come true with a sequence; unless told otherwise, with the whole pack in force. */
function correlated(sequence: Sequence, pack: Pack = scanner): Set<string> {
  const counting = createCorrelations(new Uint8Array(32), 10_000);
  counting.use(pack === scanner ? rules : new Map(pack.rules.map((rule) => [rule.id, rule])));
  const found = new Set<string>();
  for (const [index, { at, event }] of sequence.entries()) {
    const ledgerEvent = ledgerEventOf(event, index, at);
    const outcome = pack.scan(new TextEncoder().encode(JSON.stringify(event)));
    assert.equal(outcome.kind, 'scanned');
    for (const { correlationId } of counting.begin(ledgerEvent, outcome).closed) found.add(correlationId);
    if (outcome.kind !== 'scanned') continue;
    for (const match of outcome.matches)
      for (const { finding } of counting.count(ledgerEvent, match)) found.add(finding.correlationId);
  }
  return found;
}

function ledgerEventOf(event: JsonObject, index: number, at: number): LedgerEvent {
  const receivedAtMs = 1_795_000_000_000 + at * 1000;
  return {
    position: { log: 1, index },
    receivedAtMs,
    classUid: 0,
    body: new TextEncoder().encode(JSON.stringify(event)),
  };
}

test('every correlation of the pack comes true with each of its positive sequences and with none of its negative ones', async () => {
  assert.ok(correlations.length >= 48, `${correlations.length} correlations`);
  const wrong: string[] = [];
  for (const { id, file } of correlations) {
    const text = await readFile(join(rulesDirectory, file.replace(/\.yml$/, '.test.json')), 'utf8');
    const { positive, negative }: Sequences = JSON.parse(text);
    assert.ok(positive.length > 0 && negative.length > 0, `${file} needs a positive and a negative sequence`);
    for (const [index, sequence] of positive.entries())
      if (!correlated(sequence).has(id)) wrong.push(`${file}: positive ${index} does not come true`);
    for (const [index, sequence] of negative.entries())
      if (correlated(sequence).has(id)) wrong.push(`${file}: negative ${index} comes true`);
  }
  assert.deepEqual(wrong, []);
});

test('the order of the same events decides where a rule is about order', async () => {
  const ordered = correlations.filter(({ correlation }) => correlation?.type === 'temporal_ordered');
  assert.ok(ordered.length > 0);
  for (const { id, file } of ordered) {
    const text = await readFile(join(rulesDirectory, file.replace(/\.yml$/, '.test.json')), 'utf8');
    const { positive }: Sequences = JSON.parse(text);
    const [first = []] = positive;
    const end = first.at(-1)?.at ?? 0;
    const backwards = first.toReversed().map(({ at, event }) => ({ at: end - at, event }));
    assert.ok(!correlated(backwards).has(id), `${file}: comes true backwards`);
  }
});

test('what is worth an alert is not silenced by a correlation that uses it, and what says nothing alone is silent', () => {
  const silenced = scanner.rules.filter(({ level, generates }) => generates === (level === 'informational'));
  assert.deepEqual(
    silenced.map(({ file }) => file),
    [],
  );
});

test('no rule, group, time, order or number can be changed in a correlation without one of its sequences noticing', async () => {
  const survivors: string[] = [];
  let tried = 0;
  for (const { file } of correlations) {
    const text = textOf(file);
    const mutants = correlationMutants(text);
    const pack = createRuleScanner([
      ...bundled.filter((one) => needed(file).has(one.file)),
      ...mutants.map((mutant) => ({ file: mutant.id, text: mutant.text })),
    ]);
    const { positive, negative }: Sequences = JSON.parse(
      await readFile(join(rulesDirectory, file.replace(/\.yml$/, '.test.json')), 'utf8'),
    );
    const [held, kept] = [positive, negative].map((list) => list.map((sequence) => correlated(sequence, pack)));
    for (const { id, what } of mutants) {
      // One that no longer holds together, as without a rule that an alias names, is refused, which is noticed.
      if (!pack.rules.some((rule) => rule.id === id)) continue;
      tried += 1;
      if (held?.every((found) => found.has(id)) === true && kept?.some((found) => found.has(id)) === false)
        survivors.push(`${file}: ${what}`);
    }
  }
  assert.ok(tried > 150, `${tried} mutants`);
  assert.deepEqual(survivors, []);
});

function textOf(file: string): string {
  return bundled.find((one) => one.file === file)?.text ?? '';
}

/** The file of a correlation with those of the rules that it counts, and so on. */
function needed(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, name] of textOf(file).matchAll(/^ {8}- ([a-z]+_[a-z_]+)$/gm))
    for (const other of bundled) if (other.text.includes(`\nname: ${name}\n`)) needed(other.file, seen);
  return seen;
}
