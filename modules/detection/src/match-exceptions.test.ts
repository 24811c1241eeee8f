import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processEvent, ruleText } from './detection.fixture.ts';
import type { EventOutcome } from './match-protocol.ts';
import { startRuleMatcher } from './rule-matcher.ts';

const never = () => () => undefined;
const limits = { every: never, eventTimeLimitMs: 10_000, loadTimeLimitMs: 60_000, memoryLimitMb: 256 };
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function outcomesOf(matches: AsyncIterable<readonly EventOutcome[]>): Promise<EventOutcome[]> {
  const all: EventOutcome[] = [];
  for await (const some of matches) all.push(...some);
  return all;
}

const keysOf = (outcomes: readonly EventOutcome[]) =>
  outcomes.map((outcome) => (outcome.kind === 'scanned' ? outcome.matches.map(({ excepted }) => excepted ?? []) : []));

test('threads say which exceptions hold for a match, by rule, bounds and stamped fields; those that cannot be read are named', async () => {
  const matcher = await startRuleMatcher({
    ...limits,
    threads: 2,
    workerUrl: new URL('./match-worker.ts', import.meta.url),
    sources: [{ file: 'own/certutil.yml', text: ruleText({ id: 'r-certutil' }) }],
  });
  try {
    const condition = 'a:\n  sallyport.host: WEB-1\ncondition: a\n';
    const refusals = await matcher.except([
      { key: 'all', rules: 'all', condition },
      { key: 'own', rules: ['r-certutil'], condition, host: 'Web-1' },
      { key: 'other rule', rules: ['r-other'], condition },
      { key: 'other host', rules: ['r-certutil'], condition, host: 'web-2' },
      { key: 'no site', rules: ['r-certutil'], condition, site: 'here' },
      { key: 'broken', rules: ['r-certutil'], condition: 'a: [' },
    ]);
    assert.deepEqual(
      refusals?.map(({ key }) => key),
      ['broken'],
    );
    const bodies = Array.from({ length: 40 }, () => bytesOf(processEvent('C:\\certutil.exe')));
    const found = keysOf(await outcomesOf(matcher.match(bodies)));
    assert.equal(found.length, 40);
    for (const keys of found) assert.deepEqual(keys, [['own', 'all']]);
    await matcher.except([]);
    assert.deepEqual(keysOf(await outcomesOf(matcher.match(bodies.slice(0, 1)))), [[[]]]);
  } finally {
    await matcher.close();
  }
});

test('an exception that a thread does not live through is not applied, and matching goes on', async () => {
  const matcher = await startRuleMatcher({
    ...limits,
    workerUrl: new URL('./hostile-worker.fixture.ts', import.meta.url),
    sources: [],
  });
  try {
    assert.equal(await matcher.except([{ key: 'a', rules: 'all', condition: 'throw' }]), undefined);
    const [outcome] = await outcomesOf(matcher.match([new TextEncoder().encode('harmless')]));
    assert.equal(outcome?.kind, 'scanned');
    // An event that ends the thread: the next one has the exceptions of the one before.
    assert.deepEqual(await matcher.except([{ key: 'b', rules: 'all', condition: 'sound' }]), []);
    const bodies = ['throw', 'harmless'].map((text) => new TextEncoder().encode(text));
    const outcomes = await outcomesOf(matcher.match(bodies));
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['unscannable', 'scanned'],
    );
  } finally {
    await matcher.close();
  }
});
