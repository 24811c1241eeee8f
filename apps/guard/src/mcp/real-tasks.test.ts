import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

const main = join(import.meta.dirname, '../main.ts');
const everything = fileURLToPath(import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js'));
const directory = mkdtempSync(join(tmpdir(), 'sallyport-real-tasks-'));
const taskStore = new InMemoryTaskStore();
const client = new Client(
  { name: 'tasks', version: '1' },
  {
    capabilities: {
      sampling: {},
      elicitation: {},
      tasks: { list: {}, cancel: {}, requests: { sampling: { createMessage: {} } } },
    },
    taskStore,
  },
);
after(async () => {
  await client.close();
  taskStore.cleanup();
  rmSync(directory, { recursive: true, force: true });
});

test('the SDK of MCP and its own server have tasks in both directions through the gateway, with questions in the middle', async () => {
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ({
    action: 'accept',
    content: { interpretation: params.message.includes('python') ? 'snake' : 'technical' },
  }));
  client.setRequestHandler(CreateMessageRequestSchema, async (_request, { taskStore: store }) => {
    assert.ok(store !== undefined);
    const task = await store.createTask({ ttl: 60_000, pollInterval: 100 });
    await store.storeTaskResult(task.taskId, 'completed', {
      model: 'm',
      role: 'assistant',
      content: { type: 'text', text: 'sampled as a task' },
    });
    return { task: { ...task, status: 'working' as const } };
  });
  const pins = join(directory, 'pins.json');
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [
        main,
        'mcp',
        '--name',
        'all',
        '--local',
        pins,
        '--let',
        'sampling,elicitation',
        '--',
        process.execPath,
        everything,
        'stdio',
      ],
      env: { PATH: process.env['PATH'] ?? '', XDG_STATE_HOME: directory },
      stderr: 'pipe',
    }),
  );
  const { tools } = await client.listTools();
  const research = tools.find(({ name }) => name === 'simulate-research-query');
  assert.equal(research?.execution?.taskSupport, 'required');
  assert.ok(tools.some(({ name }) => name === 'trigger-sampling-request-async'));
  const sampled = client.callTool({ name: 'trigger-sampling-request-async', arguments: { prompt: 'p' } });
  const steps: string[] = [];
  let brought = '';
  for await (const step of client.experimental.tasks.callToolStream({
    name: 'simulate-research-query',
    arguments: { topic: 'python', ambiguous: true },
  })) {
    steps.push(step.type);
    if (step.type === 'result') brought = JSON.stringify(step.result);
    if (step.type === 'error') brought = String(step.error);
  }
  assert.equal(steps[0], 'taskCreated');
  assert.equal(steps.at(-1), 'result', brought);
  assert.match(brought, /Research Report: python \(snake\)/);
  assert.match(JSON.stringify(await sampled), /COMPLETED.*sampled as a task/);
  const { tasks } = await client.experimental.tasks.listTasks();
  assert.equal(tasks.length, 1);
  // What stands in the journal of the call and of what it brought names the task.
  const journal = readFileSync(`${pins}.calls`, 'utf8');
  const [task] = tasks;
  assert.equal(journal.split(`"task":"${task?.taskId ?? 'none'}"`).length - 1 >= 2, true, journal);
});
