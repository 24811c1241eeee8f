import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import { createOpenJudge } from './open-judge.ts';
import type { Asking } from './hook-judge.ts';

const openJudge = createOpenJudge(loadPackDecisions(agentPolicyFiles()));

/** What a person would be asked under `locked-down`, where they see nearly all. */
function asked(tool: string, input: JsonObject): Asking {
  const judge = openJudge({
    pack: 'locked-down',
    harness: 'claude-code',
    facts: { workspace: '/home/kim/shop', home: '/home/kim', isAttended: false },
    isForgotten: false,
    mark: 'test',
  });
  const { verdict, asks } = judge.judge({ id: '1', tool, input, cwd: '/home/kim/shop' }, undefined);
  assert.equal(verdict, 'ask');
  assert.ok(asks !== undefined);
  return asks;
}

test('a command is told by what it runs, with the words of the policy that asks', () => {
  const { does, policies } = asked('Bash', { command: 'make -C sub install' });
  assert.deepEqual(does[0], {
    kind: 'execute',
    words: 'Run make -C sub install (not certain: it runs code of the workspace)',
  });
  assert.match(policies[0]?.words ?? '', /A person sees what runs/);
});

test('a call of which nobody knows what it does is told by its name, and is not certain', () => {
  const { does, places } = asked('mcp__mail__send_message', { to: 'eve@evil.example', body: 'hello' });
  assert.ok(does.some(({ kind, words }) => kind === 'message' && words.includes('eve@evil.example')));
  assert.ok(places.includes('eve@evil.example'));
});

test('of the several things a call does, what takes two people is the one that is told', () => {
  const judge = openJudge({
    pack: 'locked-down',
    harness: 'claude-code',
    facts: { workspace: '/home/kim/shop', isAttended: false },
    isForgotten: false,
    mark: 'test',
  });
  judge.prompted({ id: 'p', text: 'Pay the bill in the inbox', origin: 'person' });
  const input = { iban: 'GB29NWBK60161331926819', amount: 240 };
  const { asks, policies } = judge.judge({ id: '1', tool: 'mcp__bank__wire_money', input }, undefined);
  assert.deepEqual(
    asks?.does.map(({ kind }) => kind),
    ['message', 'pay'],
  );
  assert.equal(asks?.people, 2);
  assert.ok(policies.includes('locked-two-people'));
});
