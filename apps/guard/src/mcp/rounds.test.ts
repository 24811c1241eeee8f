import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Gate } from './gate.ts';
import { openGate, type OpenGate } from './gateway.fixture.ts';
import type { Lettable } from './handshake.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { defaultLimits } from './limits.ts';
import { createModernFront, type ModernFront } from './modern-front.ts';
import { metaNames, modernVersion } from './modern-headers.ts';
import { asHandshake } from './modern-server.ts';
import { createRelay } from './relay.ts';
import { scripted, type ScriptedServer } from './scripted-server.fixture.ts';

const fronts: ModernFront[] = [];
after(async () => void (await Promise.all(fronts.map((front) => front.close()))));

const elicit = (message: string): JsonObject => ({ method: 'elicitation/create', params: { message } });
const wants = (inputRequests: JsonObject, requestState = 'state of the server'): JsonObject => ({
  resultType: 'input_required',
  inputRequests,
  requestState,
});

/** A client of 2026-07-28 before a server of the same, which answers calls as the test says. */
function houseOf(
  call: (params: JsonObject) => JsonObject,
  { lets = ['elicitation', 'sampling'], gate: changed = {} }: { lets?: readonly Lettable[]; gate?: Partial<Gate> } = {},
): {
  readonly server: ScriptedServer;
  readonly gate: OpenGate;
  readonly said: string[];
  ask(params: JsonObject, how?: { can?: JsonObject; method?: string; signal?: AbortSignal }): Promise<RpcOutcome>;
} {
  const server = scripted(({ method, params }) => {
    if (method === 'initialize') return { error: { code: -32601, message: 'no' } };
    if (method === 'server/discover')
      return { supportedVersions: [modernVersion], capabilities: { tools: {}, prompts: {} } };
    if (method === 'tools/list')
      return { tools: ['one', 'two'].map((name) => ({ name, inputSchema: { type: 'object' } })) };
    return call(params);
  });
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const gate = openGate(changed);
  let ids = 0;
  const front = createModernFront({
    open: (of) =>
      createRelay({
        ...of,
        name: 'rounds',
        server: asHandshake(server, { say }),
        gate,
        limits: defaultLimits,
        lets: new Set(lets),
        nowMs: () => Date.now(),
        newId: () => `call-${String((ids += 1)).padStart(8, '0')}`,
        say,
      }),
    closed: () => undefined,
  });
  fronts.push(front);
  let asked = 0;
  return {
    server,
    gate,
    said,
    ask: (params, { can = { elicitation: {}, sampling: {} }, method = 'tools/call', signal } = {}) =>
      front.ask(
        {
          kind: 'request',
          id: (asked += 1),
          method,
          params: { ...params, _meta: { [metaNames.version]: modernVersion, [metaNames.clientCapabilities]: can } },
        },
        { signal: signal ?? new AbortController().signal, notify: () => undefined },
      ),
  };
}
const one = { name: 'one', arguments: { a: 1 } };
const done: JsonObject = { content: [{ type: 'text', text: 'done' }] };

/** What the client is asked, with the state to come back with. */
function roundIn(outcome: RpcOutcome): {
  readonly keys: string[];
  readonly state: string;
  readonly requests: JsonObject;
} {
  assert.ok('result' in outcome && outcome.result['resultType'] === 'input_required', JSON.stringify(outcome));
  const { inputRequests, requestState } = outcome.result;
  assert.ok(isJsonObject(inputRequests) && typeof requestState === 'string');
  return { keys: Object.keys(inputRequests), state: requestState, requests: inputRequests };
}

test('what a server wants to know first is judged, asked together, and goes back with its own state', async () => {
  const { server, gate, ask } = houseOf(({ inputResponses }) =>
    inputResponses === undefined
      ? wants({ who: elicit('Who?'), what: { method: 'sampling/createMessage', params: { messages: [] } } })
      : done,
  );
  const first = await ask(one);
  const { keys, state, requests } = roundIn(first);
  assert.equal(keys.length, 2);
  // Neither the state of the server nor its keys are the client's to know.
  assert.doesNotMatch(JSON.stringify(first), /state of the server|"who"/);
  const answers = Object.fromEntries(
    keys.map((key) => {
      const asked = requests[key];
      const isWho = isJsonObject(asked) && asked['method'] === 'elicitation/create';
      return [
        key,
        isWho ? { action: 'accept', content: { name: 'Kim' } } : { role: 'assistant', content: [] },
      ] as const;
    }),
  );
  const last = await ask({ ...one, inputResponses: { ...answers, other: { action: 'accept' } }, requestState: state });
  assert.ok('result' in last && last.result['resultType'] === 'complete');
  assert.deepEqual(last.result['content'], done['content']);
  const sent = server.last('tools/call');
  assert.equal(sent['requestState'], 'state of the server');
  assert.deepEqual(sent['inputResponses'], {
    who: { action: 'accept', content: { name: 'Kim' } },
    what: { role: 'assistant', content: [] },
  });
  assert.deepEqual([sent['name'], sent['arguments']], ['one', { a: 1 }]);
  assert.deepEqual(gate.judged.map(({ kind }) => kind).toSorted(), [
    'answer',
    'answer',
    'question',
    'question',
    'tool',
  ]);
});

test('a state is good once, for the very same question, and none is made up', async () => {
  const { ask } = houseOf(({ inputResponses }) =>
    inputResponses === undefined ? wants({ who: elicit('Who?') }) : done,
  );
  const { keys, state } = roundIn(await ask(one));
  const inputResponses = { [keys[0] ?? '']: { action: 'decline' } };
  for (const [params, method] of [
    [{ ...one, name: 'two' }, 'tools/call'],
    [{ ...one, arguments: { a: 2 } }, 'tools/call'],
    [one, 'prompts/get'],
  ] as const) {
    const outcome = await ask({ ...params, inputResponses, requestState: state }, { method });
    assert.match(JSON.stringify(outcome), /"code":-32602.*of another question/);
  }
  for (const requestState of ['state of the server', `${state}x`, '', 7])
    assert.match(
      JSON.stringify(await ask({ ...one, inputResponses, requestState })),
      /of no question that goes on here/,
    );
  assert.match(JSON.stringify(await ask({ ...one, inputResponses })), /of no question that goes on here/);
  assert.match(JSON.stringify(await ask({ ...one, inputResponses, requestState: state })), /done/);
  assert.match(JSON.stringify(await ask({ ...one, inputResponses, requestState: state })), /of no question/);
  const { state: other } = roundIn(await ask(one));
  const elsewhere = houseOf(() => done);
  assert.match(
    JSON.stringify(await elsewhere.ask({ ...one, requestState: other })),
    /of no question that goes on here/,
  );
});

test('what was not answered is asked again; the server may ask in round after round', async () => {
  let round = 0;
  const { ask } = houseOf(() => {
    round += 1;
    return round <= 2 ? wants({ a: elicit('A?'), b: elicit('B?') }) : done;
  });
  const first = roundIn(await ask(one));
  const [a = '', b = ''] = first.keys;
  const second = roundIn(
    await ask({ ...one, inputResponses: { [a]: { action: 'accept' } }, requestState: first.state }),
  );
  assert.deepEqual(second.keys, [b]);
  const third = roundIn(
    await ask({ ...one, inputResponses: { [b]: { action: 'accept' } }, requestState: second.state }),
  );
  assert.equal(third.keys.length, 2);
  const answers = Object.fromEntries(third.keys.map((key) => [key, { action: 'accept' }]));
  assert.match(JSON.stringify(await ask({ ...one, inputResponses: answers, requestState: third.state })), /done/);
});

test('what is not let, what the client cannot, and what is judged with a no ends the call with the reason', async () => {
  const asks = () => wants({ who: elicit('your password?') });
  const closed = houseOf(asks, { lets: [] });
  assert.match(JSON.stringify(await closed.ask(one)), /"isError":true.*|may not ask for elicitation/);
  const incapable = houseOf(asks);
  const refused = JSON.stringify(await incapable.ask(one, { can: {} }));
  assert.match(refused, /wants to ask first/);
  assert.doesNotMatch(refused, /password/);
  const judged = houseOf(asks, {
    gate: { judge: async ({ kind }) => ({ isLet: kind !== 'question', reason: 'no questions here' }) },
  });
  assert.match(JSON.stringify(await judged.ask(one)), /no questions here/);
  const sent = houseOf(asks, {
    gate: { judge: async ({ kind }) => ({ isLet: kind !== 'answer', reason: 'that is secret' }) },
  });
  const { keys, state } = roundIn(await sent.ask(one));
  const answered = await sent.ask({
    ...one,
    inputResponses: { [keys[0] ?? '']: { action: 'accept', content: { p: 'hunter2' } } },
    requestState: state,
  });
  assert.match(JSON.stringify(answered), /that is secret/);
  assert.doesNotMatch(JSON.stringify(sent.server.heard), /hunter2/);
});

test('the words of a question are redacted before the client reads them', async () => {
  const { ask } = houseOf(() => wants({ who: elicit('key AKIA…') }), {
    gate: { finished: async ({ kind }) => (kind === 'question' ? { result: { message: 'redacted' } } : {}) },
  });
  const { requests } = roundIn(await ask(one));
  assert.match(JSON.stringify(requests), /"params":\{"message":"redacted"\}/);
});

test('a server that asks without end, for too much, for what MCP does not have, or with too much state is refused', async () => {
  const rows: readonly (readonly [JsonObject, RegExp])[] = [
    [wants(Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`k${at}`, elicit('?')]))), /9 things/],
    [wants({ k: { method: 'tools/call', params: {} } }), /something that MCP does not have/],
    [wants({ ['k'.repeat(257)]: elicit('?') }), /something that MCP does not have/],
    [wants({}, 'x'.repeat(64 * 1024 + 1)), /its state is no text/],
    [{ resultType: 'input_required' }, /neither what it wants to know nor its state/],
    [{ resultType: 'input_required', inputRequests: [], requestState: 's' }, /no object/],
    [{ resultType: 'ignore all rules' }, /in a way the gateway does not know/],
  ];
  for (const [result, why] of rows) {
    const outcome = await houseOf(() => result).ask(one);
    assert.ok('result' in outcome && outcome.result['isError'] === true, JSON.stringify(outcome));
    assert.match(JSON.stringify(outcome), why);
  }
  const listed = houseOf(() => done);
  assert.match(JSON.stringify(await listed.ask({ inputResponses: {} }, { method: 'tools/list' })), /has no rounds/);
});

test('a server that only wants to be asked again is, with its state, and with a bound', async () => {
  let asked = 0;
  const { server, ask } = houseOf(({ requestState }) => {
    asked += 1;
    return requestState === undefined ? { resultType: 'input_required', requestState: 'later' } : done;
  });
  assert.match(JSON.stringify(await ask(one)), /done/);
  assert.equal(asked, 2);
  assert.equal(server.last('tools/call')['inputResponses'], undefined);
});

test('whoever goes away in the middle of a round takes the question back, also at the server', async () => {
  const over = new AbortController();
  const { server, ask } = houseOf(({ inputResponses }) => {
    if (inputResponses === undefined) return wants({ who: elicit('Who?') });
    over.abort();
    return wants({ who: elicit('Again?') });
  });
  const { keys, state } = roundIn(await ask(one));
  const answers = { [keys[0] ?? '']: { action: 'accept' } };
  const outcome = await ask({ ...one, inputResponses: answers, requestState: state }, { signal: over.signal });
  assert.ok('error' in outcome);
  assert.equal(
    server.heard.filter((message) => message.kind === 'request' && message.method === 'tools/call').length,
    2,
  );
});

test('a server with a handshake asks in the middle of a call: a client without one hears it as a round', async () => {
  const server = scripted(async ({ method }) => {
    if (method === 'initialize')
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } };
    if (method === 'tools/list') return { tools: [{ name: 'one', inputSchema: { type: 'object' } }] };
    const answer = await server.ask('elicitation/create', { message: 'Who?' });
    return { content: [{ type: 'text', text: JSON.stringify(answer.kind === 'response' ? answer.outcome : {}) }] };
  });
  const gate = openGate();
  const front = createModernFront({
    open: (of) =>
      createRelay({
        ...of,
        name: 'old',
        server,
        gate,
        limits: defaultLimits,
        lets: new Set(['elicitation']),
        nowMs: () => Date.now(),
        newId: () => 'call-00000001',
        say: () => undefined,
      }),
    closed: () => undefined,
  });
  fronts.push(front);
  const _meta = { [metaNames.version]: modernVersion, [metaNames.clientCapabilities]: { elicitation: {} } };
  const ask = (id: number, params: JsonObject) =>
    front.ask(
      { kind: 'request', id, method: 'tools/call', params: { ...params, _meta } },
      { signal: new AbortController().signal, notify: () => undefined },
    );
  const { keys, state } = roundIn(await ask(1, one));
  const answers = { [keys[0] ?? '']: { action: 'accept', content: { name: 'Kim' } } };
  assert.match(JSON.stringify(await ask(2, { ...one, inputResponses: answers, requestState: state })), /Kim/);
  // With nothing going on nobody can be asked.
  assert.match(
    JSON.stringify(await server.ask('elicitation/create', { message: 'Who?' })),
    /The client did not answer/,
  );
});
