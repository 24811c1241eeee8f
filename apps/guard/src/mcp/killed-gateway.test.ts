import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { isJsonObject, itemsOf, parseJson, type JsonObject } from '@sallyport/contracts';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { eventually } from '@sallyport/testing/waiting';
import { age } from './resumed-tasks.fixture.ts';

// One story, told in order: the SDK of MCP on both sides, a real gateway that is killed, and a real server of Sallyport.
const server = createServerUnderTest();
const main = join(import.meta.dirname, '../main.ts');
const closing: (() => Promise<unknown> | void)[] = [];
const secret = 'what-the-report-is-about';
let remote: { readonly url: string; readonly store: InMemoryTaskStore; readonly finish: () => Promise<void> };
let own: Run;
let taskId = '';
type Run = { readonly session: string; readonly agent: string; readonly token: string };

before(async () => {
  await server.start();
  remote = await startRemote();
  own = await beginRun();
});
after(async () => {
  for (const close of closing.toReversed()) await close();
  await server.end();
});

/** A remote server whose one tool takes as long as it is let; its tasks are of no session, as one behind several machines has it. */
async function startRemote(): Promise<typeof remote> {
  const store = new InMemoryTaskStore();
  const app = createMcpExpressApp();
  const begun: string[] = [];
  app.all('/mcp', (request, response) => {
    const one = new McpServer(
      { name: 'reports', version: '1' },
      { capabilities: { tasks: { cancel: {}, list: {}, requests: { tools: { call: {} } } } }, taskStore: store },
    );
    one.experimental.tasks.registerToolTask(
      'write_report',
      { description: 'Writes a report', execution: { taskSupport: 'required' } },
      {
        async createTask({ taskStore }) {
          const task = await taskStore.createTask({ ttl: 600_000, pollInterval: 100 });
          begun.push(task.taskId);
          return { task };
        },
        getTask: ({ taskId: id, taskStore }) => taskStore.getTask(id),
        async getTaskResult({ taskId: id, taskStore }) {
          const result = await taskStore.getTaskResult(id);
          return { ...result, content: [{ type: 'text', text: 'the whole report' }] };
        },
      },
    );
    const transport = new StreamableHTTPServerTransport({});
    response.on('close', () => void one.close());
    void one
      .connect(transport)
      .then(() => transport.handleRequest(request, response, request.body))
      .catch(() => response.destroy());
  });
  const http = createServer(app);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const bound = http.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  closing.push(() => {
    store.cleanup();
    http.closeAllConnections();
    http.close();
  });
  return {
    url: `http://127.0.0.1:${bound.port}/mcp`,
    store,
    async finish() {
      for (const id of begun)
        await store.storeTaskResult(id, 'completed', { content: [{ type: 'text', text: 'the whole report' }] });
    },
  };
}

async function ask(method: 'GET' | 'POST' | 'PATCH', path: string, body?: JsonObject): Promise<JsonObject> {
  const answer = await server.ask({
    method,
    path,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  assert.ok(answer.status < 300, answer.text);
  const read = parseJson(answer.text);
  assert.ok(isJsonObject(read));
  return read;
}

async function beginRun(): Promise<Run> {
  const begun = await ask('POST', '/v1/agent/sessions', { agent: 'builder', harness: 'claude-code', attended: false });
  const { session, agent, token } = begun;
  assert.ok(isJsonObject(session) && isJsonObject(agent) && typeof token === 'string');
  return { session: String(session['id']), agent: String(agent['id']), token };
}

/** `kill`: as a machine without memory does it; resolves once the process is gone. */
async function gateway(run: Run): Promise<{ readonly client: Client; kill(): Promise<void> }> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [main, 'mcp', '--name', 'reports', '--url', remote.url],
    env: {
      PATH: process.env['PATH'] ?? '',
      XDG_STATE_HOME: server.directory,
      SALLYPORT_AGENT_TOKEN: run.token,
      SALLYPORT_AGENT_SERVER: server.address(),
      SALLYPORT_AGENT_SESSION: run.session,
    },
    stderr: 'ignore',
  });
  await client.connect(transport);
  closing.push(() => client.close());
  return {
    client,
    async kill() {
      const { pid } = transport;
      assert.ok(pid !== null);
      process.kill(pid, 'SIGKILL');
      await eventually({
        what: 'the end of the gateway',
        timeoutMs: 10_000,
        look: async () => {
          try {
            return void process.kill(pid, 0);
          } catch {
            return true;
          }
        },
      });
    },
  };
}

const left = join(server.directory, 'sallyport', 'mcp-tasks');
const leftThere = (): string =>
  readdirSync(left)
    .map((file) => readFileSync(join(left, file), 'utf8'))
    .join();

test('a gateway is killed while its task goes on, and what lies on disk tells nobody what was asked', async () => {
  const { client, kill } = await gateway(own);
  assert.deepEqual((await client.listTools()).tools, []);
  const [met] = itemsOf((await ask('GET', '/v1/agents/tool-servers'))['servers']);
  assert.ok(isJsonObject(met));
  const path = `/v1/agents/tool-servers/${String(met['id'])}`;
  const tools = itemsOf((await ask('GET', path))['each']).flatMap((tool) =>
    isJsonObject(tool) ? [{ name: String(tool['name']), digest: String(tool['digest']) }] : [],
  );
  await ask('POST', `${path}/approve`, { tools, reason: 'looked at' });
  await ask('PATCH', `/v1/agents/${own.agent}`, { approvals: 'off', pack: 'observe' });
  await client.listTools();
  const { task } = await client.request(
    { method: 'tools/call', params: { name: 'write_report', arguments: { about: secret }, task: { ttl: 600_000 } } },
    CreateTaskResultSchema,
  );
  assert.equal(task.status, 'working');
  taskId = task.taskId;
  await kill();
  assert.match(leftThere(), new RegExp(`"${taskId}".*"sealed"`));
  assert.doesNotMatch(leftThere(), new RegExp(secret));
  // A quarter of a minute goes by.
  age(left);
});

test('a gateway of another run of the same name leaves it alone', async () => {
  const { client } = await gateway(await beginRun());
  await assert.rejects(client.experimental.tasks.getTask(taskId), /Task not found$/);
  await client.close();
  assert.match(leftThere(), new RegExp(`"${taskId}".*"sealed"`));
  assert.deepEqual(
    (await remote.store.listTasks()).tasks.map(({ status }) => status),
    ['working'],
  );
});

test('the next gateway of the run hears how the task is, brings what came of it, and all of it stands in the record', async () => {
  const { client } = await gateway(own);
  assert.equal((await client.experimental.tasks.getTask(taskId)).status, 'working');
  const result = client.experimental.tasks.getTaskResult(taskId, CallToolResultSchema);
  await remote.finish();
  assert.match(JSON.stringify(await result), /the whole report/);
  assert.equal((await client.experimental.tasks.getTask(taskId)).status, 'completed');
  await client.close();
  assert.deepEqual(readdirSync(left), []);
  const events = await eventually({
    what: 'what became of the task in the search',
    timeoutMs: 60_000,
    look: async () => {
      const found = await ask('GET', `/v1/events?q=${encodeURIComponent(`log_name:agent "${own.session}"`)}`);
      const ours = itemsOf(found['events']).map((event) => JSON.stringify(event));
      const ofTask = ours.filter((text) => text.includes(taskId)).toReversed();
      return ofTask.some((text) => text.includes('tool_finished')) ? ofTask : undefined;
    },
  });
  assert.equal(events.length, 3, events.join('\n'));
  for (const [at, word] of ['began', 'resumed', 'tool_finished'].entries())
    assert.match(events[at] ?? '', new RegExp(word));
  assert.doesNotMatch(events.join(), new RegExp(secret));
});
