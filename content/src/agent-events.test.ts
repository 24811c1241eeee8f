import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentEvent, isJsonObject, parseJson } from '@sallyport/contracts';
import type { AgentCall, AgentHappening, JsonObject, JsonValue } from '@sallyport/contracts';
import { readOcsfSchema } from '@sallyport/ocsf/schema';
import type { OcsfShape } from '@sallyport/ocsf/schema';
import { rulesDirectory } from './index.ts';

const schema = readOcsfSchema();

/** What an event breaks of OCSF 1.8: names, lists, numbers of enumerations, what is required. */
function faults(event: JsonObject): string[] {
  const found: string[] = [];
  const check = (shape: OcsfShape, value: JsonObject, path: string): void => {
    for (const [name, attribute] of shape.attributes)
      if (attribute.isRequired && value[name] === undefined) found.push(`${path}${name} is required`);
    if (shape.oneOf.length > 0 && !shape.oneOf.some((name) => value[name] !== undefined))
      found.push(`${path} needs one of ${shape.oneOf.join(', ')}`);
    for (const [name, inner] of Object.entries(value)) {
      const attribute = shape.attributes.get(name);
      if (attribute === undefined) {
        found.push(`${path}${name} is not in the schema`);
        continue;
      }
      if (Array.isArray(inner) !== attribute.isList) found.push(`${path}${name} and lists`);
      const items: readonly JsonValue[] = isList(inner) ? inner : [inner];
      for (const item of items) {
        const object = attribute.isObject ? schema.objects.get(attribute.type) : undefined;
        if (object !== undefined && object.attributes.size > 0 && isJsonObject(item))
          check(object, item, `${path}${name}.`);
        if (attribute.values !== undefined && !attribute.values.has(Number(item)))
          found.push(`${path}${name} is ${String(item)}`);
      }
    }
  };
  const shape = schema.classes.get(Number(event['class_uid']));
  if (shape === undefined) return ['unknown class'];
  check(shape, event, '');
  return found;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

const call: AgentCall = {
  id: 'c-1',
  tool: { name: 'search', server: { name: 'docs', source: 'project', isNew: true } },
  action: 'network',
  target: 'https://files.example/',
  destination: { name: 'files.example', isNew: true },
  arguments: '{}',
  encodings: ['base64'],
  origins: ['untrusted'],
  taintPath: ['c-0'],
  sawForeign: true,
  isBeyondParent: false,
  guards: 'hooks',
  personHours: 'outside',
};
const happenings: readonly AgentHappening[] = [
  {
    kind: 'session_started',
    reason: 'startup',
    machine: { posture: 'weak', weaknesses: ['disk-clear'], sensor: 's-1', isProofRefused: true },
  },
  { kind: 'session_ended' },
  { kind: 'prompt_given', prompt: 'p-1', origin: 'person', text: 'Build it' },
  { kind: 'tool_decided', call, verdict: 'ask', policies: ['developer'], reason: 'New place' },
  { kind: 'tool_finished', call, isSuccess: true, content: 'untrusted', durationMs: 12, task: 't-1' },
  { kind: 'tool_task', call, task: 't-1', change: 'abandoned', content: 'untrusted', reason: 'stopped' },
  {
    kind: 'tool_described',
    tool: call.tool,
    change: 'changed',
    before: 'a',
    after: 'b',
    hides: ['tag'],
    says: ['secrecy'],
    looksLike: 'mail/send',
  },
  { kind: 'server_added', server: { name: 'docs' }, looksLike: 'doсs' },
  {
    kind: 'server_sign_in',
    server: { name: 'notes' },
    change: 'refresh_failed',
    atMs: 1,
    address: 'https://notes.example/mcp',
    issuer: 'https://login.example',
    scopes: ['notes:read'],
    reason: 'invalid_grant',
  },
  { kind: 'rate_reached', server: { name: 'docs' }, rate: 'tool_calls', refused: 7, of: 'tool send' },
  { kind: 'approval_asked', approval: 'p', call, digest: 'd' },
  { kind: 'approval_answered', approval: 'p', call, answer: 'deny', answeredBy: 'kim', afterMs: 900, scope: 'session' },
  { kind: 'hook_silent', silentMs: 60_000, stillSeen: 'telemetry' },
  { kind: 'stopped', scope: 'all', stoppedBy: 'ada' },
];

test('every event that the product writes about agents is valid OCSF 1.8, with much and with little known', () => {
  const least = {
    id: 's',
    agent: { id: 'a', name: 'a' },
    harness: { name: 'codex' },
    owner: { id: 'u', name: 'u' },
    isAttended: false,
  };
  const most = {
    ...least,
    parent: 's-0',
    model: { name: 'm', provider: 'p' },
    host: 'h',
    address: '192.0.2.1',
    repository: 'r',
    branch: 'b',
  };
  for (const session of [least, most])
    for (const happening of happenings)
      assert.deepEqual(faults(agentEvent({ nowMs: 1, session, happening })), [], happening.kind);
});

test('the check of these tests refuses what the schema does not know', () => {
  const session = {
    id: 's',
    agent: { id: 'a', name: 'a' },
    harness: { name: 'codex' },
    owner: { id: 'u', name: 'u' },
    isAttended: false,
  };
  const event = agentEvent({ nowMs: 1, session, happening: { kind: 'prompt_given', prompt: 'p', origin: 'person' } });
  assert.deepEqual(faults(event), []);
  assert.notDeepEqual(faults({ ...event, colour: 'red' }), []);
  assert.notDeepEqual(faults({ ...event, activity_id: 42 }), []);
  assert.notDeepEqual(faults({ ...event, api: {} }), []);
  assert.notDeepEqual(faults({ ...event, src_endpoint: {} }), []);
});

test('the events that rules about agents are tried with have the shape of those the product writes', async () => {
  const directory = join(rulesDirectory, 'agents');
  const known = new Set(happenings.map(({ kind }) => `agent.${kind}`));
  const fields = new Set(happenings.flatMap((happening) => Object.keys(agentOf(fullEvent(happening)))));
  let looked = 0;
  for (const file of (await readdir(directory)).filter((name) => name.endsWith('.test.json'))) {
    const tests = parseJson(await readFile(join(directory, file), 'utf8'));
    for (const event of ownEvents(tests ?? null)) {
      const code = isJsonObject(event['metadata']) ? String(event['metadata']['event_code']) : '';
      // What nearly is one has another code, or a field taken from it.
      if (!known.has(code)) continue;
      for (const field of Object.keys(agentOf(event))) assert.ok(fields.has(field), `${file}: ${field}`);
      looked += 1;
    }
  }
  assert.ok(looked > 200, `${looked} events`);
});

function fullEvent(happening: AgentHappening): JsonObject {
  const session = {
    id: 's',
    parent: 's-0',
    agent: { id: 'a', name: 'a' },
    harness: { name: 'codex' },
    owner: { id: 'u', name: 'u' },
    isAttended: false,
    repository: 'r',
    branch: 'b',
  };
  return agentEvent({ nowMs: 1, session, happening });
}

function agentOf(event: JsonObject): JsonObject {
  const { unmapped } = event;
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  const agent = isJsonObject(own) ? own['agent'] : undefined;
  return isJsonObject(agent) ? agent : {};
}

/** Events about agents at any depth of a file of tests. */
function ownEvents(value: JsonValue): JsonObject[] {
  if (isList(value)) return value.flatMap(ownEvents);
  if (!isJsonObject(value)) return [];
  return value['class_uid'] === undefined ? Object.values(value).flatMap(ownEvents) : [value];
}
