import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { admin, begin, hook, openHouse, type House } from '../agent-guard.fixture.ts';
import { createGatewayCalls, type GatewayCall, type ToolServerGate } from './gateway-calls.ts';

const call: GatewayCall = {
  id: 'call-00000001',
  server: 'files',
  kind: 'tool',
  name: 'read_note',
  digest: 'sha256:1',
  input: { path: 'a.txt', more: { b: 1, a: 2 } },
};
const preToolUse = hook('PreToolUse', {
  tool_name: 'mcp__files__read_note',
  // The same in another order.
  tool_input: { more: { a: 2, b: 1 }, path: 'a.txt' },
  tool_use_id: 't1',
});

function gatewayOf(house: House, gate: Awaited<ReturnType<ToolServerGate['isLet']>> = { isLet: true }) {
  return createGatewayCalls({
    hooks: house.guard.hooks,
    toolServers: { isLet: async () => gate },
    log: () => undefined,
  });
}
const told = (house: House): string[] =>
  house.judges.flatMap((judge) => judge.told).filter((one) => one.startsWith('call'));

forEachDatabase((name, open) => {
  test(`a call of the gateway is judged and recorded as a hook is, and to be asked is to be refused, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session } = await begin(house.guard);
    const judge = () => gateway.judge({ sessionId: session.id, call });
    assert.equal((await judge()).verdict, 'allow');
    house.verdict = 'ask';
    const asked = await judge();
    assert.equal(asked.verdict, 'deny');
    assert.match(asked.reason, /because ask.*somebody would have to say yes first|because ask/);
    house.verdict = 'deny';
    assert.equal((await judge()).verdict, 'deny');
    await gateway.finished({ sessionId: session.id, call, result: { content: [] }, isSuccess: true, durationMs: 3 });
    const recorded = house.recorded().map((event) => JSON.stringify(event));
    assert.equal(recorded.filter((text) => text.includes('agent.tool_decided')).length >= 3, true);
    assert.equal(recorded.filter((text) => text.includes('agent.tool_finished')).length, 1);
    assert.ok(recorded.every((text) => !text.includes('a.txt')));
  });

  test(`a question of the server is judged as a read of its words, and the answer as something sent to it, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session } = await begin(house.guard);
    const asked = { ...call, kind: 'question', name: 'elicitation/create', input: {} } as const;
    await gateway.judge({ sessionId: session.id, call: asked });
    const result = { message: 'your password?' };
    const { content } = await gateway.finished({
      sessionId: session.id,
      call: asked,
      result,
      isSuccess: true,
      durationMs: 0,
    });
    assert.equal(content, 'untrusted');
    await gateway.judge({ sessionId: session.id, call: { ...asked, kind: 'answer', input: { content: { a: 'b' } } } });
    assert.deepEqual(
      told(house).map((one) => one.replace(/mcp__\w+?__/, '')),
      ['call get_question', 'call send_answer'],
    );
    house.verdict = 'ask';
    assert.equal((await gateway.judge({ sessionId: session.id, call: { ...asked, kind: 'answer' } })).verdict, 'deny');
  });

  test(`what a server may not is refused before any policy, and recorded; what is forgotten is told, on ${name}`, async () => {
    const house = await openHouse(open);
    const { session } = await begin(house.guard);
    const held = gatewayOf(house, { isLet: false, reason: 'it has changed', isForgotten: false });
    const refused = await held.judge({ sessionId: session.id, call });
    assert.deepEqual([refused.verdict, refused.reason.includes('it has changed')], ['deny', true]);
    assert.deepEqual(told(house), []);
    assert.match(JSON.stringify(house.recorded()), /"verdict":"deny".*it has changed/);
    const forgotten = gatewayOf(house, { isLet: false, reason: 'not known', isForgotten: true });
    assert.equal((await forgotten.judge({ sessionId: session.id, call })).isForgotten, true);
  });

  test(`what the hook of the same run let through is not judged again, once, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session, agent } = await begin(house.guard);
    const judge = () => gateway.judge({ sessionId: session.id, call });
    const ask = () => house.guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: preToolUse });
    await ask();
    assert.equal((await judge()).verdict, 'allow');
    assert.equal(told(house).length, 1);
    await judge();
    assert.equal(told(house).length, 2);
    // Other arguments, another server, another run and later are other calls.
    await ask();
    await gateway.judge({ sessionId: session.id, call: { ...call, input: { path: 'b.txt' } } });
    await gateway.judge({ sessionId: session.id, call: { ...call, server: 'file' } });
    const other = await begin(house.guard, undefined, 'other');
    await gateway.judge({ sessionId: other.session.id, call });
    house.clock.advance(61_000);
    await judge();
    assert.equal(told(house).length, 7);
    // Whom the harness asks says yes by the call; where nothing may be lost that is not enough. A no is no yes.
    house.verdict = 'ask';
    await ask();
    assert.equal((await judge()).verdict, 'allow');
    await house.guard.sessions.change({ id: agent.id, pack: 'locked-down', by: admin });
    await ask();
    assert.equal((await judge()).verdict, 'deny');
    await house.guard.sessions.change({ id: agent.id, pack: 'developer', by: admin });
    house.verdict = 'deny';
    await ask();
    assert.equal((await judge()).verdict, 'deny');
  });

  test(`who said no at the harness, and what has run, leave no pass behind, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session } = await begin(house.guard);
    const hears = (body: JsonObject) =>
      house.guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
    house.verdict = 'ask';
    await hears(preToolUse);
    // The person says no, and goes on typing: the harness tells of the prompt alone.
    await hears(hook('UserPromptSubmit', { prompt: 'not that' }));
    assert.notEqual((await gateway.judge({ sessionId: session.id, call })).verdict, 'allow');

    house.verdict = 'allow';
    await hears(preToolUse);
    await hears({ ...preToolUse, hook_event_name: 'PostToolUse', tool_response: 'done' });
    house.verdict = 'deny';
    assert.equal((await gateway.judge({ sessionId: session.id, call })).verdict, 'deny');
  });

  test(`a run that is over or stopped, and what cannot be recorded, is a no, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session } = await begin(house.guard);
    const judge = (sessionId = session.id) => gateway.judge({ sessionId, call });
    assert.equal((await judge('none')).verdict, 'deny');
    house.ledger.refuseAppends('disk_low');
    assert.equal((await judge()).verdict, 'deny');
    await house.guard.stops.stop({ scope: 'session', value: session.id, reason: 'enough', by: admin });
    const stopped = await judge();
    assert.deepEqual([stopped.verdict, stopped.isOver], ['deny', true]);
    assert.match(stopped.reason, /enough/);
  });

  test(`what went unasked is recorded, and what it brought counts as untrusted, on ${name}`, async () => {
    const house = await openHouse(open);
    const gateway = gatewayOf(house);
    const { session } = await begin(house.guard);
    const missed = {
      server: 'files',
      kind: 'tool',
      name: 'read_note',
      atMs: 1_800_000_000_000,
      inputDigest: 'a'.repeat(64),
    } as const;
    await gateway.missed({ sessionId: session.id, calls: [missed, { ...missed, session: 'ab12' }] });
    assert.deepEqual(house.judges[0]?.told, ['forgot']);
    const recorded = house.recorded().map((event) => JSON.stringify(event));
    assert.equal(recorded.filter((text) => text.includes('could not be reached at 2027-')).length, 2);
    assert.ok(recorded.some((text) => text.includes('run ab12')));
  });
});
