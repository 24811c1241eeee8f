// What a sender or an author of rules may do to the matching thread as it is: it ends neither, skips nothing, and what rules were not shown is told.
// SALLYPORT_FLOOD_KEYS=1000000 makes the flood as long as a large system's own bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '@sallyport/contracts';
import { parseFinding, parseJson } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import { append, catchUp, ruleText, setUp } from './detection.fixture.ts';
import { startRuleMatcher } from './rule-matcher.ts';

const rules: Readonly<Record<string, string>> = {
  'r-nested': 'selection:\n    a|re: (x+x+)+y\n',
  'r-either': "selection:\n    a|re: '^(x|x)*z$'\n",
  'r-counted': 'selection:\n    a|re: (x{1,30}){1,30}y\n',
  'r-stars': "selection:\n    a: '*x*x*x*x*x*x*x*x*y'\n",
  'r-end': "selection:\n    big|endswith: 'planted-end'\n",
  'r-word': 'selection:\n    - planted-word\n',
  'r-proto': 'selection:\n    __proto__.a: planted\n',
  'r-constructor': 'selection:\n    constructor: planted\n',
  'r-inherited': 'selection:\n    toString|exists: true\n',
  'r-kelvin': 'selection:\n    unit: kelvin\n',
  'r-sharp': 'selection:\n    street: straße\n',
  'r-double': 'selection:\n    street: strasse\n',
  'r-dotted': 'selection:\n    city: İstanbul\n',
  'r-plain': 'selection:\n    city|contains: istanbul\n',
  'r-long-s': "selection:\n    word|re|i: '^session$'\n",
  'r-number': 'selection:\n    number: 9007199254740993\n',
  'refused-behind': 'selection:\n    a|re: (?<=x)y\n',
  'refused-back': 'selection:\n    a|re: (x+)\\1\n',
  'refused-repeated': 'selection:\n    a|re: (x{1000}){1000}\n',
};

const deep = (levels: number, inside: string): string => `${'{"a":'.repeat(levels)}${inside}${'}'.repeat(levels)}`;
const million = 1_048_576;

/** A record as a sender wrote it, the rules it matches, and whether it is told that rules were not shown all of it. */
const records: readonly (readonly [string, string, readonly string[], boolean])[] = [
  ['expressions that others go back and forth in', JSON.stringify({ a: 'x'.repeat(50_000) }), [], false],
  [
    'the same with an end',
    JSON.stringify({ a: `${'x'.repeat(50_000)}y` }),
    ['r-nested', 'r-counted', 'r-stars'],
    false,
  ],
  [
    'a field of ten million characters',
    JSON.stringify({ big: `${'x'.repeat(10 * million)}planted-end` }),
    ['r-end'],
    false,
  ],
  ['a word behind ten million', JSON.stringify({ a: `${'ſ'.repeat(10 * million)} PLANTED-WORD` }), ['r-word'], false],
  [
    'ten thousand fields',
    JSON.stringify({
      unit: 'kelvin',
      ...Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`f${at}`, `v${at}`])),
    }),
    ['r-kelvin'],
    true,
  ],
  ['depth', `{"unit":"kelvin","deep":${deep(100_000, '"planted-word"')}}`, ['r-kelvin'], true],
  ['depth with a number that is no double', `{"number":9007199254740993,"deep":${deep(50_000, '1')}}`, [], true],
  [
    'a prototype',
    '{"__proto__":{"a":"planted","toString":"x"},"constructor":"planted"}',
    ['r-proto', 'r-constructor'],
    false,
  ],
  ['an ordinary record', '{"a":"b"}', [], false],
  ['the sign of kelvin', JSON.stringify({ unit: '\u{212A}ELVIN' }), ['r-kelvin'], false],
  [
    'capitals',
    JSON.stringify({ street: 'STRASSE', city: 'ISTANBUL', word: 'SESSION' }),
    ['r-double', 'r-plain', 'r-long-s'],
    false,
  ],
  [
    'capitals of their own',
    JSON.stringify({ street: 'STRAẞE', city: 'İSTANBUL', word: 'ſeſſion' }),
    ['r-sharp', 'r-dotted', 'r-long-s'],
    false,
  ],
  ['halves of characters', '{"unit":"kelvin\\ud800","city":"\\udc00istanbul"}', ['r-plain'], false],
];

test(
  'through the thread that matches, hostile records and rules cost no more than their size, and nobody is skipped',
  { timeout: 240_000 },
  async () => {
    const matcher = await startRuleMatcher({
      threads: 1,
      workerUrl: new URL('./match-worker.ts', import.meta.url),
      sources: Object.entries(rules).map(([id, detection]) => ({ file: id, text: ruleText({ id, detection }) })),
      // No stall is ended: one would be the end of the test.
      every: () => () => undefined,
      eventTimeLimitMs: 1_000,
      loadTimeLimitMs: 1_000,
      memoryLimitMb: 256,
    });
    try {
      assert.deepEqual(
        matcher.refusals.map(({ file }) => file),
        ['refused-behind', 'refused-back', 'refused-repeated'],
      );
      const bodies = records.map(([, raw]) =>
        new TextEncoder().encode(JSON.stringify({ class_uid: 0, raw_data: raw })),
      );
      const found: unknown[] = [];
      for await (const outcomes of matcher.match(bodies))
        for (const outcome of outcomes) {
          if (outcome.kind !== 'scanned') assert.fail(JSON.stringify(outcome));
          found.push([outcome.matches.map(({ ruleId }) => ruleId).toSorted(), outcome.truncated]);
        }
      const wanted = records.map(([, , ids, isCut]) => [ids.toSorted(), isCut]);
      for (const [at, [name]] of records.entries()) assert.deepEqual(found[at], wanted[at], name);
      assert.equal(matcher.restarts(), 0);
    } finally {
      await matcher.close();
    }
  },
);

const keys = Number(process.env['SALLYPORT_FLOOD_KEYS'] ?? '3000');
/** One of each type, in both ways to look: what can only grow true, and windows that close. */
const correlations = [
  'type: event_count\ncondition: { gte: 3 }',
  'type: event_count\ncondition: { lt: 2 }',
  'type: value_count\ncondition: { gte: 3, field: user.name }',
  'type: value_sum\ncondition: { gte: 3, field: size }',
  'type: value_avg\ncondition: { gt: 5, field: size }',
  'type: value_median\ncondition: { gt: 5, field: size }',
  'type: value_percentile\ncondition: { gt: 5, field: size, percentile: 90 }',
  'type: temporal',
  'type: temporal_ordered',
  'type: temporal_extended\ncondition: r-one and not r-two',
  'type: temporal_ordered_extended\ncondition: r-one and r-two',
];

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  test(
    `of ${keys} keys against every type of correlation a bounded part is kept, in memory and in the database, and what is near its number is told`,
    { timeout: 60_000 + keys * 5 },
    async () => {
      const { database } = await open();
      const most = Math.max(300, Math.floor(keys / 10));
      const { ledger, directory, restart, clock } = await setUp(database, { limits: { correlationGroups: most } });
      const base = (id: string, code: string): string =>
        `title: ${id}\nid: ${id}\nlogsource: { product: sallyport, service: audit }\ndetection:\n    sel:\n        metadata.event_code: ${code}\n    condition: sel\n`;
      const texts = correlations.map(
        (lines, at) =>
          `title: c${at}\nid: c${at}\ncorrelation:\n    rules: [r-one, r-two]\n    group-by: [src_endpoint.ip]\n    timespan: 1h\n    ${lines.replaceAll('\n', '\n    ')}\n`,
      );
      directory.write('flood.yml', [base('r-one', 'one'), base('r-two', 'two'), ...texts].join('---\n'));
      const detection = await restart();
      assert.deepEqual(detection.ruleSet().refusals, []);
      const event = (ip: string, code: string, user: string): JsonValue => ({
        class_uid: 3002,
        metadata: { version: '1.8.0', log_name: 'audit', event_code: code },
        src_endpoint: { ip },
        user: { name: user },
        size: 1,
      });
      await append(ledger, [event('near', 'one', 'a'), event('near', 'one', 'b')]);
      await catchUp(detection.projection, ledger);
      for (let from = 0; from < keys; from += 1_000) {
        clock.advance(1_000);
        const lot = Array.from({ length: Math.min(1_000, keys - from) }, (_, at) =>
          event(`flood-${from + at}`, 'one', 'a'),
        );
        await append(ledger, lot);
        await catchUp(detection.projection, ledger);
        const { correlationGroups } = detection.health();
        assert.ok(correlationGroups <= most, `${correlationGroups} groups`);
      }
      const { correlationMatchesLost, skipped } = detection.health();
      assert.equal(skipped, 0);
      assert.ok(correlationMatchesLost >= keys * correlations.length - most - 100, `${correlationMatchesLost} lost`);
      const { rows } = await sql<{ kept: number }>`select count(*) as kept from detection_correlation_groups`.execute(
        database,
      );
      assert.ok((rows[0]?.kept ?? Infinity) <= most);
      await append(ledger, [event('near', 'two', 'c')]);
      await catchUp(detection.projection, ledger);
      const told = ledger.events().flatMap(({ classUid, body }) => {
        const found = classUid === 2004 ? parseFinding(parseJson(new TextDecoder().decode(body))) : undefined;
        return found === undefined ? [] : [`${found.rule.id} ${found.matched[0]?.value}`];
      });
      assert.deepEqual(told.toSorted(), ['c0 near', 'c10 near', 'c2 near', 'c3 near', 'c7 near', 'c8 near']);
    },
  );
});
