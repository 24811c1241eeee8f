import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '@sallyport/contracts';
import { createFullScan, parseSigmaRules, type SigmaRule } from '@sallyport/sigma-rules';
import { rowNeedOf } from '@sallyport/sigma-rules/sql';
import fc from 'fast-check';
import { createEmbeddedStore } from './embedded-store.ts';
import { createRowScan } from './row-scan.ts';
import { createTestStore } from './store-testing.ts';

const testStore = createTestStore();
const store = createEmbeddedStore(testStore.client());
const rows = createRowScan(store);
after(() => testStore.remove());

/** What rules look for here. Each has a trap: signs that are escaped, letters with a second capital, digits that numbers need not show. */
const needles = [
  'mimikatz',
  'Invoke-Kerberos',
  String.raw`\system32\cmd.exe`,
  '/bin/sh -i',
  'a"quoted"word',
  '<script>&amp',
  'line\nbreakdown',
  'nbreakdown',
  'kraken',
  'samurai',
  'ISTANBUL',
  'straße',
  'пароль1',
  '{"inner":"value"}',
  'value", "next',
  'null',
  'infinity',
  '-Infinity',
  '4688',
  'e-infinity',
  '1.5e-7',
  'true',
  'u000bword',
  '\u212Aelvin',
];

const trick = fc.constantFrom('plain', 'escaped', 'upper', 'traps', 'breaks');

/** The same text in other letters that a rule holds equal. */
function disguised(text: string, how: string): string {
  if (how === 'upper') return text.toUpperCase();
  return how === 'traps' ? text.replaceAll(/k/gi, '\u212A').replaceAll(/i/gi, '\u0130') : text;
}

/** JSON as a sender may write it: any character as an escape, spaces between everything. */
function written(value: JsonValue, how: string): string {
  if (typeof value === 'string') {
    if (how === 'breaks') return JSON.stringify(value).replaceAll(String.raw`\n`, String.raw`\u000a`);
    if (how !== 'escaped') return JSON.stringify(value);
    const codes = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at).toString(16).padStart(4, '0'));
    return `"${codes.map((code, at) => String.raw`\u${at % 2 === 0 ? code : code.toUpperCase()}`).join('')}"`;
  }
  const gap = how === 'plain' ? '' : ' ';
  if (Array.isArray(value)) return `[${value.map((item: JsonValue) => written(item, how)).join(`,${gap}`)}]`;
  if (!isJsonObject(value)) {
    if (typeof value !== 'number' || how === 'plain') return JSON.stringify(value);
    if (how === 'escaped') return value.toExponential();
    return Number.isSafeInteger(value) ? `${value}.000` : JSON.stringify(value);
  }
  const parts = Object.entries(value).map(
    ([name, inner]) => `${gap}${JSON.stringify(name)}${gap}:${gap}${written(inner, how)}`,
  );
  return `{${parts.join(',')}${gap}}`;
}

const text = fc
  .tuple(
    fc.constantFrom('', 'x', 'C:\\', '"', ' '),
    fc.constantFrom(...needles),
    fc.constantFrom('', 'y', '\\', '.'),
    trick,
  )
  .map(([before, needle, behind, how]) => before + disguised(needle, how) + behind);
const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  { weight: 6, arbitrary: text },
  fc.constantFrom<JsonValue>(4688, 4104, 46.88, 1e21, true, null, '4688.0', ' +4688', '4.688e3', 1.5e-7),
);
const record = fc
  .record({
    Image: scalar,
    CommandLine: scalar,
    EventID: scalar,
    extra: fc.constantFrom('a', 'list', 'object', 'data', 'xml'),
  })
  .map(({ extra, ...fields }): JsonObject => {
    const { Image, CommandLine } = fields;
    if (extra === 'list') return { ...fields, List: [CommandLine, Image] };
    if (extra === 'object') return { ...fields, Nested: { inner: CommandLine, second: [Image, { deep: Image }] } };
    if (extra === 'data') return { EventID: 1, EventData: JSON.stringify({ Image, CommandLine }) };
    if (extra === 'xml')
      return { EventID: 1, EventData: `<Data Name="Image">${String(Image).replaceAll('<', '&lt;')}</Data>` };
    return fields;
  });
/** A stored body: the record as its original, beside the event, or the event itself. */
const body = fc
  .tuple(record, trick, trick, fc.constantFrom('raw', 'itself'))
  .map(([inner, first, second, where]) =>
    where === 'raw' ? written({ class_uid: 1, raw_data: written(inner, first) }, second) : written(inner, first),
  );

const item = fc
  .record({
    field: fc.constantFrom('Image', 'CommandLine', 'EventID', 'List', 'Nested', 'Nested.inner'),
    modifier: fc.constantFrom(
      '',
      '|contains',
      '|startswith',
      '|endswith',
      '|contains|windash',
      '|contains|cased',
      '|contains|all',
      '|re',
    ),
    values: fc.array(
      fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...needles) }, fc.constantFrom<JsonValue>(4688, 4104, null)),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  })
  .map(({ field, modifier, values }) =>
    field === 'EventID'
      ? 'EventID: 4688'
      : `${field}${modifier}: ${JSON.stringify(values.length === 1 ? values[0] : values)}`,
  );
const ruleText = fc
  .record({
    items: fc.array(item, { minLength: 1, maxLength: 2 }),
    other: item,
    words: fc.array(fc.constantFrom(...needles), { minLength: 1, maxLength: 2 }),
    condition: fc.constantFrom(
      'a',
      'a',
      'a and b',
      'a or b',
      'a and not b',
      '1 of them',
      'all of them',
      'c',
      'a and c',
    ),
  })
  .map(
    ({ items, other, words, condition }) =>
      `title: t\nlogsource:\n  category: test\ndetection:\n  a:\n${items.map((one) => `    ${one}\n`).join('')}  b:\n    ${other}\n  c: ${JSON.stringify(words)}\n  condition: ${condition}\n`,
  );

function recordOf(stored: string): JsonObject {
  const event: JsonValue = JSON.parse(stored);
  assert.ok(isJsonObject(event));
  const original = event['raw_data'];
  const inner: JsonValue = typeof original === 'string' ? JSON.parse(original) : event;
  assert.ok(isJsonObject(inner));
  return inner;
}

/** A detection, and an event it matches although its text is not in the event as the rule has it. */
const traps: readonly (readonly [string, string])[] = [
  ['Image|contains: kraken', '{"Image":"\u212Araken"}'],
  ['Image|contains: kraken', String.raw`{"Image":"\u212araken"}`],
  ['Image|contains: samurai', '{"Image":"samura\u0130"}'],
  ['Image|contains: samurai', String.raw`{"raw_data":"{\"Image\":\"samura\\u0130\"}"}`],
  ['Image|contains: mimikatz', String.raw`{"Image":"mimi\u006batz"}`],
  ['Image|contains: mimikatz', String.raw`{"raw_data":"{\"Image\":\"mimi\\u006batz\"}"}`],
  ['Image|contains: mimikatz', String.raw`{"raw_data":"{\"Image\":\"mimi\u006batz\"}"}`],
  // An escaped backslash that makes an escape of the layer below.
  ['Image|contains: mimikatz', String.raw`{"EventID":1,"EventData":"{\"Image\":\"mimi\u005cu006batz\"}"}`],
  ['Image|contains: a/bcd', String.raw`{"Image":"a\/bcd"}`],
  ['Image|endswith: \\cmd.exe', String.raw`{"raw_data":"{\"Image\":\"C:\\\\cmd.exe\"}"}`],
  ['EventID: 4688', '{"EventID":4.688e3}'],
  ['EventID: 4688', '{"EventID":46880e-1}'],
  ['EventID: 4688', '{"raw_data":"{\\"EventID\\":\\n4.688E+3}"}'],
  ['EventID: 4688', '{"EventID":4687.99999999999999999}'],
  ['EventID: 4688', '{"EventID":" +4688.000 "}'],
  ['Image|contains: infinity', `{"Image":1${'0'.repeat(400)}}`],
  ['Image|contains: "null"', `{"Image":{"a":1${'0'.repeat(400)}}}`],
  ['Image|contains: nbreakdown', String.raw`{"Image":{"a":"line\u000abreakdown"}}`],
  ['Image|contains: \'"a":1,"b"\'', '{"Image":{ "a" : 1 , "b" : 2 }}'],
  ['Image|contains: first and last', '{"EventID":1,"EventData":"<Data Name=\\"Image\\">first and last</Data>"}'],
  ['Image|contains: a<script', '{"EventID":1,"EventData":"<Data Name=\\"Image\\">a&lt;script</Data>"}'],
  ['EventID: 262144', '{"EventID":262143.99999999999}'],
  ['EventID: 100000000000000', '{"EventID":99999999999999.993}'],
];

test('an event written so that its words do not show is a candidate all the same', async () => {
  await store.insert(
    traps.map(([, body], index) => ({
      position: { log: 2, index },
      receivedAtMs: 1_700_000_000_000,
      classUid: 1,
      body: Buffer.from(body),
    })),
    'traps',
  );
  const rules = traps.map(([detection], at) => {
    const text = `title: t\nid: r${at}\nlogsource:\n  category: test\ndetection:\n  a:\n    ${detection}\n  condition: a\n`;
    const [rule] = parseSigmaRules(text, { file: 'trap.yml' }).rules;
    assert.ok(rule, detection);
    return rule;
  });
  for (const [index, rule] of rules.entries()) {
    const [detection = '', stored = ''] = traps[index] ?? [];
    assert.equal(createFullScan([rule]).match(recordOf(stored)).length, 1, `${detection} on ${stored}`);
    const asked = { filter: {}, log: 2, from: index, to: index + 1, needs: [rowNeedOf(rule)], maxRows: 10 };
    assert.equal((await rows.candidates(asked)).rows.length, 1, `${detection} does not find ${stored}`);
  }
  // They are told apart all the same: a plain event without the word is none.
  const other = { filter: {}, log: 2, from: 0, to: 1, maxRows: 10 };
  assert.equal((await rows.candidates({ ...other, needs: [{ clauses: [['kraken']] }] })).rows.length, 1);
  assert.equal(
    (await rows.candidates({ ...other, from: 18, to: 19, needs: [{ clauses: [['kraken']] }] })).rows.length,
    0,
  );
});

test('whatever a rule matches is among its candidates, however the event is written', async () => {
  const bodies = fc.sample(body, { numRuns: 150, seed: 40 });
  const rules = fc
    .sample(ruleText, { numRuns: 90, seed: 41 })
    .flatMap((one) => parseSigmaRules(one, { file: 'a.yml' }).rules);
  assert.ok(rules.length > 50, `${rules.length} rules`);
  await store.insert(
    bodies.map((one, index) => ({
      position: { log: 1, index },
      receivedAtMs: 1_700_000_000_000,
      classUid: 1,
      body: Buffer.from(one),
    })),
    'hostile',
  );
  const records = bodies.map(recordOf);
  let matches = 0;
  let passedOver = 0;
  const candidates = async (asked: readonly SigmaRule[]): Promise<ReadonlySet<number>> => {
    const page = await rows.candidates({
      filter: {},
      log: 1,
      from: 0,
      to: bodies.length,
      needs: asked.map(rowNeedOf),
      maxRows: 1000,
    });
    assert.equal(page.lookedAt, bodies.length);
    assert.equal(page.through, bodies.length);
    return new Set(page.rows.map(({ position }) => position.index));
  };
  const lots = [...rules.map((rule) => [rule]), rules.slice(0, 12), rules];
  for (const lot of lots) {
    const scan = createFullScan(lot);
    const found = await candidates(lot);
    passedOver += bodies.length - found.size;
    for (const [index, one] of records.entries()) {
      const [match] = scan.match(one);
      if (match === undefined) continue;
      matches += 1;
      assert.ok(found.has(index), `${JSON.stringify(rowNeedOf(match.rule))} is not found in ${bodies[index]}`);
    }
  }
  assert.ok(matches > 300, `${matches} matches`);
  assert.ok(passedOver > 1500, `${passedOver} events passed over`);
});
