import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentActions, agentEvent, agentEventLimits, isJsonObject, ocsfClass } from './index.ts';
import type { AgentCall, AgentHappening, AgentSession, JsonObject, OcsfEvent } from './index.ts';

const session: AgentSession = {
  id: 's-7',
  agent: { id: 'a-1', name: 'builder' },
  harness: { name: 'claude-code', version: '2.1.270' },
  model: { name: 'm', provider: 'p' },
  owner: { id: 'u-3', name: 'kim' },
  isAttended: true,
  host: 'ws-4',
  address: '192.0.2.10',
};
const call: AgentCall = { id: 'c-1', tool: { name: 'Bash' }, action: 'execute', target: 'make' };

function event(happening: AgentHappening, more: Partial<AgentSession> = {}): OcsfEvent {
  return agentEvent({ nowMs: 1_795_000_000_000, session: { ...session, ...more }, happening });
}

function own(of: OcsfEvent): JsonObject {
  const { unmapped } = of;
  const sallyport = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  const agent = isJsonObject(sallyport) ? sallyport['agent'] : undefined;
  assert.ok(isJsonObject(agent));
  return agent;
}

test('an event of an agent is ours: without raw_data, in the log of agents, about session, agent, person and machine', () => {
  const decided = event({ kind: 'tool_decided', call, verdict: 'allow', policies: ['developer'] });
  assert.equal('raw_data' in decided, false);
  assert.equal(decided.class_uid, ocsfClass.apiActivity);
  assert.equal(decided.type_uid, 600_399);
  assert.equal(decided.metadata['log_name'], 'agent');
  assert.equal(decided.metadata['event_code'], 'agent.tool_decided');
  assert.deepEqual(decided['actor'], {
    user: { uid: 'u-3', name: 'kim' },
    app_name: 'claude-code',
    app_uid: 'a-1',
    session: { uid: 's-7' },
  });
  assert.deepEqual(own(decided), {
    id: 'a-1',
    name: 'builder',
    harness: 'claude-code',
    session: 's-7',
    is_attended: true,
    call: 'c-1',
    tool: 'Bash',
    action: 'execute',
    target: 'make',
    verdict: 'allow',
  });
});

test('what is not known is left out: no taint is not the same as nobody looked', () => {
  const tainted = (taintPath?: readonly string[]) =>
    own(event({ kind: 'tool_decided', call: { ...call, ...(taintPath && { taintPath }) }, verdict: 'allow' }));
  assert.equal('is_tainted' in tainted(), false);
  assert.equal(tainted([])['is_tainted'], false);
  assert.equal(tainted(['c-0'])['is_tainted'], true);
  assert.deepEqual(tainted(['c-0'])['taint_path'], ['c-0']);
});

test('what was refused says so: a denied call, one that failed, an approval not given', () => {
  const status = (happening: AgentHappening) => event(happening)['status_id'];
  assert.equal(status({ kind: 'tool_decided', call, verdict: 'deny' }), 2);
  assert.equal(status({ kind: 'tool_decided', call, verdict: 'ask' }), 1);
  assert.equal(status({ kind: 'tool_finished', call, isSuccess: false, content: 'trusted' }), 2);
  assert.equal(status({ kind: 'tool_task', call, task: 't-1', change: 'abandoned' }), 2);
  assert.equal(status({ kind: 'tool_task', call, task: 't-1', change: 'began' }), 1);
  const answered = { kind: 'approval_answered', approval: 'p', call, afterMs: 1, scope: 'once' } as const;
  assert.equal(status({ ...answered, answer: 'expired' }), 2);
  assert.equal(status({ ...answered, answer: 'allow' }), 1);
});

test('an agent that says too much is cut, not refused, and half characters do not stay', () => {
  const long = `${'x'.repeat(agentEventLimits.text - 1)}😀`;
  const many = Array.from({ length: 100 }, (_, index) => `c-${index}`);
  const written = own(
    event({
      kind: 'tool_decided',
      call: { ...call, target: long, taintPath: many, tool: { name: long } },
      verdict: 'deny',
    }),
  );
  assert.equal(String(written['target']).length, agentEventLimits.text);
  assert.ok(String(written['target']).isWellFormed());
  assert.equal(String(written['tool']).length, agentEventLimits.name);
  assert.equal(JSON.stringify(written['taint_path']).includes('c-31'), true);
  assert.equal(JSON.stringify(written['taint_path']).includes('c-32'), false);
});

test('each class of action has an activity of API calls, and the same input gives the same event', () => {
  for (const action of agentActions) {
    const decided = () => event({ kind: 'tool_decided', call: { ...call, action }, verdict: 'allow' });
    assert.ok([2, 3, 99].includes(decided().activity_id), action);
    assert.deepEqual(decided(), decided());
  }
});

test('what was found in a prompt, in arguments and in an answer is said by kind and number', () => {
  const found = {
    secrets: [
      { kind: 'aws-key', count: 2 },
      { kind: 'password', count: 1 },
    ],
    personal: [{ kind: 'email', count: 4 }],
    signals: ['role-marker'],
    redacted: 3,
    restored: 1,
    isCut: true,
  };
  const said = {
    secret_kinds: ['aws-key', 'password'],
    secret_count: 3,
    personal_kinds: ['email'],
    personal_count: 4,
    injection_signals: ['role-marker'],
    redacted: 3,
    restored: 1,
    content_is_cut: true,
  };
  for (const happening of [
    { kind: 'prompt_given', prompt: 'p', origin: 'person', found },
    { kind: 'tool_decided', call: { ...call, found }, verdict: 'allow' },
    { kind: 'tool_finished', call, isSuccess: true, content: 'untrusted', found },
  ] as const) {
    const fields = own(event(happening));
    for (const [name, value] of Object.entries(said))
      assert.deepEqual(fields[name], value, `${happening.kind} ${name}`);
  }
  assert.equal('secret_count' in own(event({ kind: 'prompt_given', prompt: 'p', origin: 'person' })), false);
});
