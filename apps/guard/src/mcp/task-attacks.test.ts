import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Gate } from './gate.ts';
import { createFrontRounds } from './front-rounds.ts';
import { createFrontTasks } from './front-tasks.ts';
import { openGate, rawClient, type RawClient } from './gateway.fixture.ts';
import type { RpcOutcome } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import { metaNames } from './modern-headers.ts';
import { asHandshake } from './modern-server.ts';
import { modernWords, scripted, type ScriptedServer } from './scripted-server.fixture.ts';
import { createServerGate } from './server-gate.ts';
import { createSpool } from './spool.ts';
import { createTaskFile, type TaskFile } from './task-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-task-attacks-'));
const clients: RawClient[] = [];
after(async () => {
  await Promise.all(clients.map(({ relay }) => relay.close()));
  rmSync(directory, { recursive: true, force: true });
});
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const call = { name: 'one', arguments: {}, task: {} };

/** A server of 2025-11-25 that makes a task of each call; `answer`: what it does otherwise. */
async function houseOf({
  answer = () => undefined,
  gate = {},
  limits = {},
  file,
}: {
  readonly answer?: (method: string, params: JsonObject) => ReturnType<Parameters<typeof scripted>[0]> | 'usual';
  readonly gate?: Partial<Gate>;
  readonly limits?: Partial<GatewayLimits>;
  readonly file?: TaskFile;
}): Promise<{ readonly server: ScriptedServer; readonly client: RawClient; readonly told: string[] }> {
  let made = 0;
  const told: string[] = [];
  const server = scripted(({ method, params }) => {
    if (method === 'initialize')
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {}, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
        serverInfo: { name: 's', version: '1' },
      };
    if (method === 'tools/list')
      return { tools: [{ name: 'one', inputSchema: { type: 'object' }, execution: { taskSupport: 'optional' } }] };
    const said = answer(method, params);
    return said !== 'usual'
      ? said
      : method === 'tools/call'
        ? { task: { taskId: `their-${(made += 1)}`, status: 'working', ttl: null } }
        : method === 'tasks/cancel'
          ? {}
          : undefined;
  });
  const client = await rawClient(server, {
    gate: openGate({
      task: async (_call, { change, reason = '' }) => {
        told.push(`${change} ${reason}`);
        return {};
      },
      ...gate,
    }),
    limits,
    ...(file === undefined ? {} : { taskFile: file }),
  });
  clients.push(client);
  return { server, client, told };
}

function taskIn(outcome: RpcOutcome): JsonValue {
  const task = 'result' in outcome ? outcome.result['task'] : undefined;
  assert.ok(isJsonObject(task), JSON.stringify(outcome));
  return task['taskId'] ?? null;
}
const wordsOf = (outcome: RpcOutcome): string => JSON.stringify(outcome);

test('who takes the small file away does not keep a stop from being heard', async () => {
  for (const isBarred of [false, true]) {
    const folder = join(directory, `taken-${String(isBarred)}`);
    let over = false;
    const file = createTaskFile({ directory: folder, name: 'a', nowMs: Date.now, newId: () => 'abcdefgh' });
    const { client, told } = await houseOf({
      answer: () => 'usual',
      limits: { taskBeatMs: 5 },
      gate: { standing: async () => (over ? { over: 'somebody stopped this run' } : {}) },
      file,
    });
    const taskId = taskIn(await client.ask('tools/call', call));
    rmSync(folder, { recursive: true });
    if (isBarred) writeFileSync(folder, 'no folder');
    // It is written again, for the gateway after this one.
    else while (!existsSync(folder) || readdirSync(folder).length === 0) await tick();
    const waiting = client.ask('tasks/result', { taskId });
    over = true;
    assert.match(wordsOf(await waiting), /stopped this run/);
    assert.match(told.at(-1) ?? '', /abandoned/);
  }
});

test('a server that answers no cancellation delays no stop', async () => {
  let made = 0;
  let over = false;
  const { client, server } = await houseOf({
    answer: (method) =>
      method === 'tools/call'
        ? { task: { taskId: `their-${(made += 1)}`, status: 'working', ttl: made === 1 ? null : 1 } }
        : undefined,
    limits: { taskBeatMs: 20 },
    gate: { standing: async () => (over ? { over: 'somebody stopped this run' } : {}) },
  });
  const taskId = taskIn(await client.ask('tools/call', call));
  await Promise.all([1, 2, 3].map(() => client.ask('tools/call', call)));
  const waiting = client.ask('tasks/result', { taskId });
  over = true;
  assert.match(wordsOf(await waiting), /stopped this run/);
  // None of the cancellations was waited for.
  assert.doesNotMatch(JSON.stringify(server.heard), /none within/);
});

test('what was there at once is not had unasked: not while nobody can be asked, and not once its tool is blocked', async () => {
  let withheld: { withheld?: string } = {};
  const { client } = await houseOf({
    answer: () => ({ content: [{ type: 'text', text: 'at once' }] }),
    gate: { standing: async () => undefined, task: async () => withheld },
  });
  const taskId = taskIn(await client.ask('tools/call', call));
  withheld = { withheld: 'the server cannot be reached' };
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /cannot be reached/);
  withheld = {};
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /at once/);
  withheld = { withheld: 'this tool is blocked' };
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /is blocked/);
});

test('calls that begin at once beyond what may go on are taken back at their server', async () => {
  const begun: (() => void)[] = [];
  let made = 0;
  const { client, server, told } = await houseOf({
    answer: async (method) => {
      if (method !== 'tools/call') return {};
      const taskId = `their-${(made += 1)}`;
      await new Promise<void>((resolve) => {
        begun.push(resolve);
        if (begun.length === 2) for (const go of begun) go();
      });
      return { task: { taskId, status: 'working', ttl: null } };
    },
    limits: { maxTasks: 1 },
  });
  const both = await Promise.all([client.ask('tools/call', call), client.ask('tools/call', call)]);
  assert.equal(both.filter((outcome) => 'result' in outcome && 'task' in outcome.result).length, 1);
  assert.match(JSON.stringify(both), /1 tasks go on already/);
  assert.match(String(server.last('tasks/cancel')['taskId']), /^their-\d$/);
  assert.ok(told.some((one) => /^abandoned .*go on already/.test(one)));
});

test('words that change with each question fill no ledger, however many tasks say them', async () => {
  let spoken = 0;
  const { client, told } = await houseOf({
    answer: (method, { taskId = null }) =>
      method === 'tasks/get'
        ? { taskId, status: 'working', ttl: null, statusMessage: `word ${(spoken += 1)}` }
        : 'usual',
    limits: { taskQuestionsAMinute: 5 },
  });
  for (let at = 0; at < 3; at += 1) {
    const taskId = taskIn(await client.ask('tools/call', call));
    for (let asked = 0; asked < 5; asked += 1) await client.ask('tasks/get', { taskId });
  }
  assert.equal(spoken, 15);
  assert.equal(told.filter((one) => one.startsWith('said')).length, 5);
});

test('of a task that was fetched no progress is heard any more', async () => {
  const { client, server } = await houseOf({
    answer: (method) => (method === 'tasks/result' ? { content: [{ type: 'text', text: 'done' }] } : 'usual'),
  });
  const taskId = taskIn(await client.ask('tools/call', { ...call, _meta: { progressToken: 'mine' } }));
  const meta = server.last('tools/call')['_meta'];
  const progressToken = isJsonObject(meta) ? (meta['progressToken'] ?? null) : null;
  server.notify('notifications/progress', { progressToken, progress: 1 });
  assert.match(wordsOf(await client.ask('tasks/result', { taskId })), /done/);
  server.notify('notifications/progress', { progressToken, progress: 2 });
  const heard = client.heard.filter((one) => one.kind === 'notification' && one.method === 'notifications/progress');
  assert.equal(heard.length, 1);
});

/** A server of 2026-07-28 whose task wants to know something, or says nothing at all. */
function modern(isMute: boolean): ScriptedServer {
  return scripted(({ method }) => {
    const task = { resultType: 'task', taskId: 'theirs', status: 'working', ttlMs: null, pollIntervalMs: 1 };
    switch (method) {
      case 'tools/call':
        return task;
      case 'tasks/get':
        if (isMute) return undefined;
        return {
          ...task,
          resultType: 'complete',
          status: 'input_required',
          inputRequests: { who: { method: 'elicitation/create', params: { message: 'Who?' } } },
        };
      default:
        return modernWords(method) ?? { resultType: 'complete' };
    }
  });
}
const questionsTo = ({ heard }: RawClient): number => heard.filter(({ kind }) => kind === 'request').length;

test('a question about a task that a server never answers ends with who asked it', async () => {
  const server = modern(true);
  const client = await rawClient(asHandshake(server, { say: () => undefined }));
  clients.push(client);
  const taskId = taskIn(await client.ask('tools/call', call));
  void client.ask('tasks/result', { taskId }, 'fetch');
  while (!server.heard.some((one) => one.kind === 'request' && one.method === 'tasks/get')) await tick();
  client.relay.fromClient({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: 'fetch' } });
  while (server.last('notifications/cancelled')['requestId'] !== 'task-1') await tick();
  assert.equal(isJsonObject(server.last('notifications/cancelled')['_meta']), true);
  assert.ok(metaNames.version in Object(server.last('notifications/cancelled')['_meta']));
});

test('who stops waiting for a result in the middle of a question takes no task back, and is asked again', async () => {
  const server = modern(false);
  const client = await rawClient(asHandshake(server, { say: () => undefined }), {
    lets: ['elicitation'],
    capabilities: { elicitation: {} },
  });
  clients.push(client);
  const taskId = taskIn(await client.ask('tools/call', call));
  void client.ask('tasks/result', { taskId }, 'fetch');
  while (questionsTo(client) < 1) await tick();
  client.relay.fromClient({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: 'fetch' } });
  void client.ask('tasks/result', { taskId }, 'again');
  while (questionsTo(client) < 2) await tick();
  assert.ok(!server.heard.some((one) => one.kind === 'request' && one.method === 'tasks/cancel'));
});

test('a task that goes on is not forgotten for many that are done', async () => {
  const tasks = createFrontTasks({
    respond: () => undefined,
    ask: async (method, { taskId }) => {
      if (method === 'tasks/result' && taskId === 'long') return new Promise<never>(() => undefined);
      return { result: method === 'tasks/get' ? { taskId: taskId ?? null, status: 'working' } : {} };
    },
  });
  for (const id of ['long', ...Array.from({ length: 200 }, (_, at) => `short-${at}`)]) {
    tasks.began({ taskId: id }, {});
    await tick();
  }
  const long = await tasks.answer({ method: 'tasks/get', params: { taskId: 'long' } });
  assert.ok('result' in long && long.result['status'] === 'working', JSON.stringify(long));
});

test('a task of a call that went unasked brings nothing once the run is stopped; a long reason is recorded too', async () => {
  const asked: { readonly path: string; readonly body?: JsonObject }[] = [];
  let isThere = false;
  const gate = createServerGate({
    name: 'srv',
    nowMs: Date.now,
    say: () => undefined,
    spool: createSpool(join(directory, 'spool'), { say: () => undefined }),
    ask: {
      async post(question) {
        asked.push(question);
        if (!isThere) return { kind: 'unreachable', reason: 'ECONNREFUSED' };
        const isStanding = question.path.includes('standing');
        return { kind: 'answer', body: isStanding ? { is_over: true, reason: 'stopped by Ada' } : { recorded: 1 } };
      },
      close: () => undefined,
    },
  });
  const one = { id: 'call-00000001', kind: 'tool', name: 'one', input: {} } as const;
  const back = { result: {}, isSuccess: true, durationMs: 1, task: 'task-00000001' };
  assert.equal((await gate.judge(one, new AbortController().signal)).isLet, true);
  assert.deepEqual(await gate.finished(one, back), {});
  isThere = true;
  assert.deepEqual(await gate.finished(one, back), { withheld: 'Sallyport: stopped by Ada', isOver: true });
  await gate.task({ ...one, id: 'call-00000002' }, { task: back.task, change: 'abandoned', reason: 'x'.repeat(700) });
  assert.equal(String(asked.at(-1)?.body?.['reason']).length, 500);
});

test('rounds that nobody comes back for, since who asked went away, leave room for others', async () => {
  const rounds = createFrontRounds({ respond: () => undefined, takeBack: () => undefined });
  const signal = new AbortController().signal;
  const request = { method: 'tools/call', params: { name: 'one' } };
  for (let id = 1; id <= 40; id += 1) {
    const ask = () => new Promise<never>(() => undefined);
    const first = rounds.begin(request, { id, can: { elicitation: {} }, ask, signal });
    for (const one of ['a', 'b'])
      rounds.asked({ kind: 'request', id: `${id}${one}`, method: 'elicitation/create', params: {}, of: id });
    const outcome = await first;
    assert.ok('result' in outcome, JSON.stringify(outcome));
    const { requestState = null } = outcome.result;
    const again = { ...request, params: { ...request.params, requestState, inputResponses: {} } };
    assert.match(wordsOf((await rounds.goOn(again, AbortSignal.abort())) ?? { result: {} }), /Taken back/);
  }
  rounds.end();
});
