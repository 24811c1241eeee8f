import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import fc from 'fast-check';
import { AgentGuardError } from '../errors.ts';
import { harnesses } from '../sessions/agent.ts';
import { dialects, refusalIn } from './dialects.ts';
import type { HookOutcome } from '../calls/hook-message.ts';

const asked: HookOutcome = { verdict: 'ask', reason: 'why', isOver: false, canAsk: true, grants: false };
const base = { session_id: 's', cwd: '/w' };

test('each harness’s question before a call is read as a call', () => {
  const cases: readonly [keyof typeof dialects, JsonObject, string][] = [
    [
      'claude-code',
      { ...base, hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command: 'ls' } },
      'Bash',
    ],
    [
      'codex',
      { ...base, hook_event_name: 'PreToolUse', tool_name: 'Bash', tool_input: { command: 'ls' }, turn_id: 't' },
      'Bash',
    ],
    [
      'gemini-cli',
      { ...base, hook_event_name: 'BeforeTool', tool_name: 'run_shell_command', tool_input: {} },
      'run_shell_command',
    ],
    [
      'cursor',
      { conversation_id: 'c', hook_event_name: 'beforeShellExecution', command: 'ls', cwd: '/w' },
      'run_terminal_cmd',
    ],
    [
      'cursor',
      { conversation_id: 'c', hook_event_name: 'beforeReadFile', file_path: '/w/a', content: 'x' },
      'read_file',
    ],
    [
      'cursor',
      {
        conversation_id: 'c',
        hook_event_name: 'beforeMCPExecution',
        tool_name: 'q',
        tool_input: '{"a":1}',
        url: 'http://127.0.0.1:1',
      },
      'q',
    ],
  ];
  for (const [harness, body, tool] of cases) {
    const { event } = dialects[harness].parse(body);
    assert.ok(event.kind === 'before_call', harness);
    assert.equal(event.call.tool, tool);
  }
});

test('who set an MCP server up is taken from where the harness says it, its name from the tool otherwise', () => {
  const call = (more: JsonObject) => {
    const { event } = dialects['claude-code'].parse({
      ...base,
      hook_event_name: 'PreToolUse',
      tool_name: 'mcp__mail__send_it',
      tool_input: {},
      ...more,
    });
    return event.kind === 'before_call' ? event.call.server : undefined;
  };
  assert.deepEqual(call({}), { name: 'mail' });
  assert.deepEqual(call({ mcp_server: { name: 'mail', source: 'project' } }), { name: 'mail', source: 'project' });
});

test('words that nobody typed are not the person’s', () => {
  const origin = (more: JsonObject) => {
    const { event } = dialects['claude-code'].parse({
      ...base,
      hook_event_name: 'UserPromptSubmit',
      prompt: 'x',
      ...more,
    });
    return event.kind === 'prompt' ? event.origin : undefined;
  };
  assert.equal(origin({}), 'person');
  assert.equal(origin({ source: 'user' }), 'person');
  for (const source of ['loop_wakeup', 'schedule_wakeup', 'poll_event', 'system', 'new-one'])
    assert.equal(origin({ source }), 'untrusted', source);
});

test('where a harness cannot ask, or nobody is there to be asked, to be asked is to be refused', () => {
  const said = (harness: keyof typeof dialects, name: string, outcome: HookOutcome) =>
    JSON.stringify(dialects[harness].answer(name, outcome));
  assert.match(said('claude-code', 'PreToolUse', asked), /"permissionDecision":"ask"/);
  assert.match(said('claude-code', 'PreToolUse', { ...asked, canAsk: false }), /"permissionDecision":"deny"/);
  assert.match(said('cursor', 'beforeShellExecution', asked), /"permission":"ask"/);
  assert.match(said('cursor', 'beforeShellExecution', { ...asked, canAsk: false }), /"permission":"deny"/);
  assert.match(said('codex', 'PreToolUse', asked), /"permissionDecision":"deny"/);
  assert.match(said('gemini-cli', 'BeforeTool', asked), /"decision":"deny"/);
});

test('Codex is told nothing before a call but the refusal: with anything else it runs the call', () => {
  const over: HookOutcome = { ...asked, verdict: 'deny', isOver: true };
  for (const name of ['PreToolUse', 'PermissionRequest']) {
    assert.deepEqual(Object.keys(dialects.codex.answer(name, over)), ['hookSpecificOutput']);
    assert.deepEqual(dialects.codex.answer(name, { ...over, verdict: 'allow' }), {});
  }
});

test('Cursor is asked to ask only where it does', () => {
  for (const name of ['preToolUse', 'beforeReadFile'])
    assert.match(JSON.stringify(dialects.cursor.answer(name, asked)), /"permission":"deny"/, name);
});

test('an answer of ours opens what the harness itself would ask about only where the policies say so', () => {
  const allowed: HookOutcome = { ...asked, verdict: 'allow' };
  assert.deepEqual(dialects['claude-code'].answer('PreToolUse', allowed), {});
  assert.match(
    JSON.stringify(dialects['claude-code'].answer('PreToolUse', { ...allowed, grants: true })),
    /"permissionDecision":"allow"/,
  );
});

test('a no can be said for every question of every harness, also for one that was not understood', () => {
  const questions = {
    'claude-code': 'PreToolUse',
    codex: 'PreToolUse',
    'gemini-cli': 'BeforeTool',
    cursor: 'preToolUse',
    other: 'PreToolUse',
  };
  for (const harness of harnesses) {
    const text = JSON.stringify(refusalIn(harness, { hook_event_name: questions[harness] }, 'no'));
    assert.match(text, /"(permissionDecision|decision|permission)":"deny"/, harness);
    for (const strange of [{}, { hook_event_name: 3 }, { hook_event_name: '__proto__' }])
      refusalIn(harness, strange, 'no');
  }
});

test('whatever a harness sends is read or refused with a code, and never throws anything else', () => {
  const names = [
    'PreToolUse',
    'PostToolUse',
    'BeforeTool',
    'AfterTool',
    'beforeMCPExecution',
    'preToolUse',
    'UserPromptSubmit',
    'ConfigChange',
  ];
  const value = fc.jsonValue({ maxDepth: 3 });
  const body = fc
    .record(
      {
        hook_event_name: fc.oneof(fc.constantFrom(...names), fc.string()),
        session_id: fc.oneof(fc.string(), value),
        conversation_id: fc.oneof(fc.string(), value),
        tool_name: fc.oneof(fc.string(), value),
        tool_input: value,
        tool_response: value,
        result_json: value,
        mcp_server: value,
        mcp_context: value,
        cwd: value,
        prompt: value,
        workspace_roots: value,
        command: value,
      },
      { requiredKeys: [] },
    )
    .map((made): JsonObject => JSON.parse(JSON.stringify(made)));
  fc.assert(
    fc.property(fc.constantFrom(...harnesses), body, (harness, sent) => {
      try {
        const message = dialects[harness].parse(sent);
        dialects[harness].answer(message.name, asked);
      } catch (error) {
        assert.ok(error instanceof AgentGuardError && error.code === 'hook_invalid', String(error));
      }
    }),
    { numRuns: 500 },
  );
});
