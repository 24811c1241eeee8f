import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { bash, begin, hook, openHouse } from '../agent-guard.fixture.ts';

type Attributes = Readonly<Record<string, string>>;

function request(...records: readonly Attributes[]): string {
  const logRecords = records.map((attributes) => ({
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } })),
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}
const called: Attributes = {
  'event.name': 'api_request',
  'prompt.id': 'p-1',
  input_tokens: '1200',
  output_tokens: '34',
  cost_usd: '0.0125',
};
const ran = (id: string): Attributes => ({
  'event.name': 'tool_result',
  tool_name: 'Bash',
  tool_use_id: id,
  success: 'true',
});

function silent(events: readonly JsonObject[]): string[] {
  return events.filter(({ message }) => message === 'agent.hook_silent').map((event) => JSON.stringify(event));
}

forEachDatabase((name, open) => {
  test(`what a model took is recorded, counted, and still known after a restart, on ${name}`, async () => {
    const house = await openHouse(open);
    const { session } = await begin(house.guard);
    const text = request(called, called);
    assert.deepEqual(await house.guard.telemetry.take({ sessionId: session.id, text }), { rejected: 0, reason: '' });
    const { guard } = house;
    await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: bash('make') });
    house.verdict = 'deny';
    await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: bash('rm') });
    const told = house.recorded().filter(({ message }) => message === 'agent.model_called');
    assert.equal(told.length, 2);
    assert.match(JSON.stringify(told[0]), /"prompt":"p-1".*"input_tokens":1200.*"cost":0\.0125/);
    const wanted = {
      hookAtMs: house.clock.nowMs(),
      judged: 2,
      refused: 1,
      modelCalls: 2,
      inputTokens: 2400,
      outputTokens: 68,
      cachedTokens: 0,
      costMicros: 25_000,
    };
    assert.deepEqual((await guard.tallies.of([session.id])).get(session.id), wanted);
    await guard.tallies.keep();
    await guard.tallies.keep();
    const again = await house.again();
    assert.deepEqual((await again.tallies.of([session.id])).get(session.id), wanted);
    await again.telemetry.take({ sessionId: session.id, text: request(called) });
    await again.tallies.keep();
    assert.equal((await again.tallies.of([session.id])).get(session.id)?.modelCalls, 3);
    assert.equal((await again.tallies.of(['nobody'])).get('nobody')?.judged, 0);
  });

  test(`a call that ran and no hook asked about is told once, and one that was asked about is not, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session } = await begin(guard);
    const take = (...ids: readonly string[]) =>
      guard.telemetry.take({ sessionId: session.id, text: request(...ids.map(ran)) });
    await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: bash('make') });
    await take('toolu_1', 'unasked');
    await take('unasked');
    const [finding, ...more] = silent(house.recorded());
    assert.match(finding ?? '', /"still_seen":"telemetry".*"call":"unasked"/);
    assert.deepEqual(more, []);
    // However many there are, they are not told for ever.
    await take(...Array.from({ length: 200 }, (_, at) => `more-${at}`));
    assert.equal(silent(house.recorded()).length, 20);
    // A server that was started since does not know what was asked.
    house.clock.advance(1);
    const again = await house.again();
    await again.telemetry.take({ sessionId: session.id, text: request(ran('later')) });
    assert.equal(silent(house.recorded()).length, 20);
  });

  test(`what comes after a run is nobody's, and what cannot be recorded is not counted, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session } = await begin(guard);
    house.ledger.refuseAppends('disk_low', { times: 1 });
    await assert.rejects(guard.telemetry.take({ sessionId: session.id, text: request(called) }));
    assert.equal((await guard.tallies.of([session.id])).get(session.id)?.modelCalls, 0);
    await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: hook('SessionEnd') });
    const before = house.recorded().length;
    await guard.telemetry.take({ sessionId: session.id, text: request(ran('late')) });
    house.clock.advance(120_000);
    await guard.telemetry.take({ sessionId: session.id, text: request(called) });
    assert.equal(house.recorded().length, before);
    await assert.rejects(guard.telemetry.take({ sessionId: session.id, text: 'no' }), {
      code: 'agent_telemetry_invalid',
    });
  });

  test(`nothing is taken once the owner may not run agents, nor a minute after a run that went silent, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const [ended, quiet] = [await begin(guard), await begin(guard)];
    const take = ({ session }: typeof ended) => guard.telemetry.take({ sessionId: session.id, text: request(called) });
    const told = () => house.recorded().filter(({ message }) => message === 'agent.model_called').length;
    const ada = house.owners.get('ada');
    assert.ok(ada !== undefined);
    house.owners.set('ada', { ...ada, scopes: [] });
    await take(ended);
    assert.equal(told(), 0);
    house.owners.set('ada', ada);
    house.clock.advance(15 * 60_000);
    await take(quiet);
    assert.equal(told(), 1, 'its last words');
    house.clock.advance(60_000);
    await take(quiet);
    assert.equal(told(), 1, 'its day is not over, but it is');
    assert.equal((await guard.tallies.of([ended.session.id])).get(ended.session.id)?.modelCalls, 0);
  });

  test(`hooks that nobody answered stand in the run, and what went ahead is forgotten as known, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session } = await begin(guard);
    const atMs = house.clock.nowMs();
    await guard.outages.told({ sessionId: session.id, hooks: [{ atMs, tool: 'Bash', went: false }] });
    assert.equal(house.judges.length, 0);
    await guard.outages.told({ sessionId: session.id, hooks: [{ atMs, tool: '', went: true }] });
    assert.deepEqual(house.judges[0]?.told, ['forgot']);
    const verdicts = house.recorded().map(({ unmapped }) => JSON.stringify(isJsonObject(unmapped) ? unmapped : {}));
    assert.match(verdicts[0] ?? '', /"verdict":"deny","reason":"Was refused by the guard at 20/);
    assert.match(verdicts[1] ?? '', /"verdict":"allow","reason":"Went ahead at 20/);
  });
});
