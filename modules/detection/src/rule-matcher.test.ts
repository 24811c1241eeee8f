import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BroadcastChannel } from 'node:worker_threads';
import type { EventOutcome } from './match-protocol.ts';
import { startRuleMatcher } from './rule-matcher.ts';
import type { RuleMatcher } from './rule-matcher.ts';

// Time passes only while a thread says that it spins: nothing slow is ever mistaken for a stall.
const tasks = new Set<() => void>();
const spins = new BroadcastChannel('detection-spins');
spins.addEventListener('message', () => {
  for (let second = 0; second <= 30; second += 1) for (const task of tasks) task();
});
after(() => spins.close());

const every = (_intervalMs: number, task: () => void): (() => void) => {
  tasks.add(task);
  return () => tasks.delete(task);
};

function start(...sources: readonly string[]) {
  return startThreads(1, ...sources);
}

function startThreads(threads: number, ...sources: readonly string[]) {
  return startRuleMatcher({
    threads,
    workerUrl: new URL('./hostile-worker.fixture.ts', import.meta.url),
    sources: sources.map((text, order) => ({ file: `test/${order}.yml`, text })),
    every,
    eventTimeLimitMs: 30_000,
    loadTimeLimitMs: 30_000,
    memoryLimitMb: 48,
  });
}

const bytes = (texts: readonly string[]): Uint8Array[] => texts.map((text) => new TextEncoder().encode(text));

async function matchAll(matcher: RuleMatcher, bodies: readonly Uint8Array[]): Promise<EventOutcome[]> {
  const outcomes: EventOutcome[] = [];
  for await (const lot of matcher.match(bodies)) outcomes.push(...lot);
  return outcomes;
}

/** The text of a scanned event, or why it was not scanned. */
function told(outcome: EventOutcome): string {
  if (outcome.kind === 'scanned') return outcome.matches[0]?.matched[0]?.value ?? '';
  return outcome.kind === 'unscannable' ? outcome.reason : outcome.kind;
}

const ended = (how: string): string => `no rule was evaluated, matching it ended the thread twice (${how})`;

test('match() answers one outcome a body, in order, for views into a larger buffer too', async () => {
  const matcher = await start();
  const whole = new TextEncoder().encode('..one..two..');
  const outcomes = await matchAll(matcher, [whole.subarray(2, 5), whole.subarray(7, 10), new Uint8Array(0)]);
  assert.deepEqual(outcomes.map(told), ['one', 'two', '']);
  assert.equal(matcher.restarts(), 0);
  await matcher.close();
});

for (const [poison, how] of [
  ['spin', 'time limit'],
  ['exit', 'death'],
  ['throw', 'death'],
  ['hog', 'death'],
] as const) {
  test(`an event that makes the thread ${poison} is skipped alone, its neighbours are scanned`, async () => {
    const matcher = await start();
    const outcomes = await matchAll(matcher, bytes(['a', 'b', poison, 'c', 'd']));
    assert.deepEqual(outcomes.map(told), ['a', 'b', ended(how), 'c', 'd']);
    assert.deepEqual((await matchAll(matcher, bytes(['e']))).map(told), ['e']);
    await matcher.close();
  });
}

test('several threads answer in the order of the bodies, poisonous ones among them', async () => {
  const matcher = await startThreads(2);
  const texts = Array.from({ length: 60 }, (_, at) => (at === 30 ? 'exit' : `${at}`));
  const wanted = texts.map((text) => (text === 'exit' ? ended('death') : text));
  assert.deepEqual((await matchAll(matcher, bytes(texts))).map(told), wanted);
  assert.deepEqual((await matchAll(matcher, bytes(['a', 'b']))).map(told), ['a', 'b'], 'fewer bodies than threads');
  for await (const lot of matcher.match(bytes(texts))) {
    assert.equal(lot.length > 0, true);
    break;
  }
  assert.deepEqual((await matchAll(matcher, bytes(['c']))).map(told), ['c'], 'after a match was given up');
  assert.ok(matcher.restarts() > 0);
  await matcher.close();
});

test('a rule file that no thread lives through is left out of every thread', async () => {
  const matcher = await startThreads(2, 'fine', 'exit');
  assert.deepEqual(
    matcher.refusals.map(({ file }) => file),
    ['test/1.yml'],
  );
  await matcher.close();
});

test('several poisonous events in one batch, first and last among them, are each found', async () => {
  const matcher = await start();
  const outcomes = await matchAll(matcher, bytes(['exit', 'a', 'exit', 'throw', 'b', 'exit']));
  assert.deepEqual(outcomes.map(told), [ended('death'), 'a', ended('death'), ended('death'), 'b', ended('death')]);
  await matcher.close();
});

test('matches come in bounded lots, none left out', async () => {
  const matcher = await start();
  const texts = Array.from({ length: 2500 }, (_, at) => `${at}`);
  const outcomes: EventOutcome[] = [];
  for await (const lot of matcher.match(bytes(texts))) {
    assert.ok(lot.length <= 1000);
    outcomes.push(...lot);
  }
  assert.deepEqual(outcomes.map(told), texts);
  await matcher.close();
});

test('close() waits no longer for a match that its reader gave up', async () => {
  const matcher = await start();
  for await (const lot of matcher.match(bytes(Array.from({ length: 1500 }, () => 'a')))) {
    assert.ok(lot.length > 0);
    break;
  }
  await matcher.close();
});

test('close() waits for the match under way', async () => {
  const matcher = await start();
  const match = matchAll(matcher, bytes(['a', 'exit', 'b']));
  await matcher.close();
  assert.deepEqual((await match).map(told), ['a', ended('death'), 'b']);
});

test('a closed matcher starts no thread again', async () => {
  const matcher = await start();
  await matcher.close();
  await assert.rejects(matchAll(matcher, bytes(['one'])), { code: 'detection_stopped' });
  assert.equal(matcher.restarts(), 0);
});

for (const poison of ['spin', 'exit', 'throw', 'hog']) {
  test(`a rule file that makes the thread ${poison} while loading is left out, the others come into force`, async () => {
    const matcher = await start('fine', poison, 'fine');
    assert.deepEqual(
      matcher.refusals.map(({ file, reason }) => [file, reason.includes('ended the matching thread')]),
      [['test/1.yml', true]],
    );
    assert.deepEqual((await matchAll(matcher, bytes(['a', 'exit', 'b']))).map(told), ['a', ended('death'), 'b']);
    await matcher.close();
  });
}

test('rules of which too many files kill the thread are refused as a whole, with a code', async () => {
  await assert.rejects(start('exit', 'exit', 'fine', 'exit', 'exit'), { code: 'rules_unloadable' });
});
