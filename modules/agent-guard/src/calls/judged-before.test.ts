import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, begin, hook, openHouse } from '../agent-guard.fixture.ts';
import { createGatewayCalls } from '../gateway/gateway-calls.ts';
import { createJudgedBefore } from './judged-before.ts';

const one = { id: '', tool: 'mcp__s__t', input: {}, server: { name: 's' } };
const by = { pack: 'developer', policies: { version: 1 } } as const;

test('what was let through is held in bounds', () => {
  const before = createJudgedBefore(createManualClock(0));
  const allow = { verdict: 'allow', by } as const;
  for (let at = 0; at < 500; at += 1) before.note('a', { ...one, input: { at } }, allow);
  assert.equal(before.take('a', { ...one, input: { at: 0 } }, by), undefined);
  assert.equal(before.take('a', { ...one, input: { at: 499 } }, by), 'allow');
  for (let at = 0; at < 1500; at += 1) before.note(`s${at}`, one, allow);
  assert.equal(before.take('s0', one, by), undefined);
  assert.equal(before.take('s1499', { ...one, tool: 't' }, by), 'allow');
  before.note('b', { id: '', tool: 'Bash', input: {} }, allow);
  assert.equal(before.take('b', { id: '', tool: 'Bash', input: {} }, by), undefined, 'only what goes to a server');
});

test('an answer does not outlive the policies it was given by, nor come back with them', () => {
  const before = createJudgedBefore(createManualClock(0));
  const others = [
    { ...by, pack: 'locked-down' },
    // Another version in force is another object, whatever stands in it.
    { ...by, policies: { version: 1 } },
    { ...by, policies: undefined },
  ] as const;
  for (const verdict of ['allow', 'ask'] as const)
    for (const other of others) {
      before.note('a', one, { verdict, by });
      assert.equal(before.take('a', one, other), undefined);
      assert.equal(before.take('a', one, by), undefined);
      // What was said since counts.
      before.note('a', one, { verdict, by });
      before.note('a', one, { verdict: 'allow', by: other });
      assert.equal(before.take('a', one, other), 'allow');
    }
});

forEachDatabase((name, open) => {
  test(`a call its hook was told yes of is judged again where its agent has another pack by then, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const toolServers = { isLet: async () => ({ isLet: true }) as const };
    const gateway = createGatewayCalls({ hooks: guard.hooks, toolServers, log: () => undefined });
    const input = { path: 'a.txt' };
    const body = hook('PreToolUse', { tool_name: 'mcp__files__delete_note', tool_input: input, tool_use_id: 't1' });
    const call = { id: 'call-1', server: 'files', kind: 'tool', name: 'delete_note', input } as const;
    for (const [verdict, pack] of [
      ['allow', 'locked-down'],
      ['ask', 'unattended'],
    ] as const) {
      const { session, agent } = await begin(guard, ada, verdict);
      const told = async () => guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
      house.verdict = verdict;
      await told();
      house.verdict = 'deny';
      assert.equal((await gateway.judge({ sessionId: session.id, call })).verdict, 'allow', 'by the same pack');
      house.verdict = verdict;
      await told();
      house.verdict = 'deny';
      await guard.sessions.change({ id: agent.id, pack, by: ada });
      const answer = await gateway.judge({ sessionId: session.id, call });
      assert.deepEqual([answer.verdict, answer.reason], ['deny', 'Sallyport: because deny']);
    }
  });
});
