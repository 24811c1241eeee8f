import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { auditEvent } from '@sallyport/ledger';
import { codeOf } from '@sallyport/platform/errors';
import { ada, openLibrary, ruleText, started, uuid } from './documents.fixture.ts';
import { createLanes } from './lanes.ts';
import { createRuleReader } from './rule-reader.ts';
import { readTests, testsShownTo } from './rule-tests.ts';
import { tryTests } from './try-tests.ts';

const library = await openLibrary();

test('texts made to hurt are refused in time, and the next one is read as if they had not been', async () => {
  const { documents } = await library.start();
  const bomb = `a: &a [x, x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: &b${at} [${at === 0 ? '*a, *a' : `*b${at - 1}, *b${at - 1}`}]`).join('\n')}\n`;
  const hostile = [
    bomb,
    '['.repeat(100_000),
    '---\n'.repeat(60_000),
    ruleText('a').replace("Image|endswith: '\\a.exe'", `Image|re: '${'(a+)+'.repeat(2000)}$'`),
    ruleText('a').replace('condition: sel', `condition: ${'not '.repeat(5000)}sel`),
    `__proto__:\n  polluted: 1\n${ruleText('a')}`,
  ];
  for (const text of hostile) {
    const checked = await documents.check(text);
    assert.ok(checked.refusals.length > 0 || checked.parts.length > 0, text.slice(0, 40));
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  assert.deepEqual((await documents.check(ruleText('a'))).refusals, []);
});

test('a text that does not come to an end is refused as a whole, and too many at once are turned away', async () => {
  const reader = createRuleReader({ sources: async () => [], ruleSetHash: () => 'a', limits: { checkMs: 0 } });
  after(() => reader.close());
  const { refusals, parts } = await reader.check({ file: 'a', text: ruleText('a') });
  assert.deepEqual([refusals.map(({ code }) => code), parts], [['too_complex'], []]);
  const held = Promise.withResolvers<readonly []>();
  const waiting = createRuleReader({ sources: () => held.promise, ruleSetHash: () => 'a' });
  after(() => waiting.close());
  const asked = Array.from({ length: 20 }, () => waiting.check({ file: 'a', text: ruleText('a') }));
  held.resolve([]);
  const many = await Promise.allSettled(asked);
  const busy = many.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
  assert.deepEqual(
    busy,
    Array.from({ length: 4 }, () => 'rules_busy'),
  );
});

test('tests whose events are garbage fail by name and harm no other', async () => {
  const { documents } = await library.start();
  const deep = JSON.parse(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`);
  const { results } = await documents.attempt({
    text: ruleText('evil', uuid(20)),
    cases: [
      { name: 'deep', expect: 'match', event: deep },
      { name: 'claims to be a finding', expect: 'match', event: { class_uid: 2004, metadata: {} } },
      { name: 'empty', expect: 'no_match', event: {} },
      { name: 'another rule', expect: 'match', rule: 'nowhere', event: started('evil') },
      { name: 'sound', expect: 'match', event: started('evil') },
    ],
  });
  assert.deepEqual(
    results.map(({ passed }) => passed),
    [false, false, true, false, true],
  );
  assert.match(results[1]?.reason ?? '', /finding of this server/);
  assert.match(results[3]?.reason ?? '', /no rule "nowhere"/);
});

test('a correlation is tried with a course of events', async () => {
  const { documents } = await library.start();
  const text = `${ruleText('evil', uuid(21))}---\ntitle: Three\nid: ${uuid(22)}\ncorrelation:\n  type: event_count\n  rules: [${uuid(21)}]\n  group-by: [Computer]\n  timespan: 10m\n  condition: { gte: 3 }\n`;
  const event = started('evil', { Computer: 'pc' });
  const course = (afterSeconds: readonly number[]) => afterSeconds.map((seconds) => ({ afterSeconds: seconds, event }));
  const { results } = await documents.attempt({
    text,
    cases: [
      { name: 'together', expect: 'match', events: course([0, 60, 120]) },
      { name: 'apart', expect: 'no_match', events: course([0, 3600, 7200]) },
      { name: 'too few', expect: 'no_match', events: course([0, 60]) },
    ],
  });
  assert.deepEqual(
    results.map(({ passed, reason }) => [passed, reason]),
    [
      [true, undefined],
      [true, undefined],
      [true, undefined],
    ],
  );
});

test('tests that are no tests are refused by number, without a word of their events', () => {
  const refused = [
    [1],
    [{ expect: 'maybe', event: {} }],
    [{ expect: 'match' }],
    [{ expect: 'match', event: 'secret' }],
    [
      {
        expect: 'match',
        events: [
          { after_seconds: 5, event: {} },
          { after_seconds: 1, event: {} },
        ],
      },
    ],
    [{ expect: 'match', event: {}, origin: 'secret' }],
    Array.from({ length: 51 }, () => ({ expect: 'match', event: {} })),
    [{ expect: 'match', event: { a: 'x'.repeat(600_000) } }],
    [{ expect: 'match', event: { a: JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) } }],
  ];
  for (const values of refused)
    assert.throws(
      () => readTests(values),
      (error) => codeOf(error) === 'rule_document_invalid' && !String(error).includes('secret'),
    );
});

test('a text over the limit is refused before anybody reads it', async () => {
  const { documents } = await library.start();
  const text = `# ${'ä'.repeat(200_000)}`;
  await assert.rejects(
    documents.create({ text, cases: [] }, ada),
    (error) => codeOf(error) === 'rule_document_invalid',
  );
});

test('tests have thirty seconds together: what comes behind is not tried, and says so', async () => {
  let nowMs = 0;
  let matched = 0;
  const matcher = {
    rules: new Map(),
    refusals: [],
    restarts: () => 0,
    close: async () => undefined,
    except: async () => undefined,
    async *match(bodies: readonly Uint8Array[]) {
      matched += bodies.length;
      nowMs += bodies.length * 4000;
      yield bodies.map(() => ({ kind: 'own' as const }));
    },
  };
  const detection = { openMatcher: async () => matcher };
  const events = Array.from({ length: 100 }, () => ({ afterSeconds: 0, event: {} }));
  const results = await tryTests(
    { detection, nowMs: () => nowMs },
    { file: 'a', text: '' },
    [],
    [
      { name: 'slow', expect: 'no_match', events },
      { name: 'behind', expect: 'no_match', event: {} },
    ],
  );
  assert.deepEqual(
    results.map(({ passed, reason }) => [passed, reason]),
    [
      [false, 'the tests took over 30 seconds'],
      [false, 'not tried: an event before it took too long'],
    ],
  );
  assert.equal(matched, 10);
});

test('two texts are tried at once and so many wait; another is turned away', async () => {
  const inLane = createLanes({ lanes: 2, waiting: 3 });
  const held = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const task = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await held.promise;
    running -= 1;
  };
  const five = Array.from({ length: 5 }, () => inLane(task));
  await assert.rejects(inLane(task), (error) => codeOf(error) === 'rules_busy');
  held.resolve();
  await Promise.all(five);
  assert.equal(most, 2);
  await inLane(task);
});

test('events copied into tests are shown to who may read them where they came from', () => {
  const { event } = auditEvent({
    nowMs: 0,
    actor: { kind: 'user', id: 'u9', name: 'Eve' },
    action: 'key.create',
    classUid: 3004,
    activityId: 1,
    outcome: 'success',
    target: { type: 'key', id: 'k' },
  });
  const tests = readTests([
    { name: 'typed', expect: 'match', event: { a: 1 } },
    { name: 'copied', expect: 'match', event: { a: 1 }, origin: '1/4' },
    { name: 'audit', expect: 'match', event, origin: '1/5' },
  ]);
  const hidden = (scopes: readonly string[]): unknown[] =>
    testsShownTo(scopes, tests).flatMap((shown) =>
      shown['event'] === undefined ? [shown['name'], shown['hidden']] : [],
    );
  assert.deepEqual(hidden(['rules:read']), ['copied', true, 'audit', true]);
  assert.deepEqual(hidden(['rules:read', 'events:read']), ['audit', true]);
  assert.deepEqual(hidden(['rules:read', 'events:read', 'audit:read']), []);
});
