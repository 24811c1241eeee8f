import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';
import { openGate, rawClient, type RawClient } from './gateway.fixture.ts';
import type { RpcOutcome } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import { scripted, type ScriptedServer } from './scripted-server.fixture.ts';
import { createTaskFile, type TaskFile } from './task-file.ts';
import { createTaskSeal } from './task-seal.ts';
import type { ToolServer } from './tool-server.ts';

export const [run, token] = ['ab12', 'spa_of-this-run'];
export const secret = 'arguments-nobody-may-read';
/** No process has this number. */
export const gone = 2 ** 30;

type FileNeeds = Partial<Parameters<typeof createTaskFile>[0]>;
type Told = { readonly change: string; readonly task: string; readonly call: GatedCall; readonly reason: string };
export type House = { readonly client: RawClient; readonly told: Told[]; readonly finished: GatedCall[] };

/** A remote server: what it was asked for goes on whoever asked goes away. */
export function remoteServer(describe: () => string = () => 'Does it'): {
  readonly server: ScriptedServer;
  readonly remote: ToolServer;
} {
  let made = 0;
  const server = scripted(({ method, params }) => {
    const taskId = String(params['taskId'] ?? '');
    switch (method) {
      case 'initialize':
        return {
          protocolVersion: '2025-11-25',
          capabilities: { tools: {}, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
          serverInfo: { name: 's', version: '1' },
        };
      case 'tools/list':
        return {
          tools: [
            {
              name: 'one',
              description: describe(),
              inputSchema: { type: 'object' },
              execution: { taskSupport: 'optional' },
            },
          ],
        };
      case 'tools/call':
        return { task: { taskId: `their-${(made += 1)}`, status: 'working', ttl: null } };
      case 'tasks/get':
        return { taskId, status: 'completed', ttl: null };
      case 'tasks/cancel':
        return {};
      default:
        return { content: [{ type: 'text', text: `came of ${taskId}` }] };
    }
  });
  return { server, remote: { ...server, transport: 'http' } };
}

/** Gateways one after the other, with what they leave on disk. */
export function createHouses() {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-resumed-'));
  const clients: RawClient[] = [];
  let folders = 0;
  let files = 0;
  const folder = (): string => join(root, String((folders += 1)));
  const fileOf = (directory: string, more: FileNeeds = {}): TaskFile =>
    createTaskFile({
      directory,
      name: 'wicked',
      session: run,
      seal: createTaskSeal(token),
      nowMs: Date.now,
      newId: () => `file-${String((files += 1)).padStart(6, '0')}`,
      ...more,
    });

  async function houseOf(
    server: ToolServer,
    file: TaskFile,
    { gate = {}, limits = {} }: { readonly gate?: Partial<Gate>; readonly limits?: Partial<GatewayLimits> } = {},
  ): Promise<House> {
    const told: Told[] = [];
    const finished: GatedCall[] = [];
    const client = await rawClient(server, {
      taskFile: file,
      limits,
      gate: openGate({
        task: async (call, { change, task, reason = '' }) => {
          told.push({ change, task, call, reason });
          return {};
        },
        finished: async (call) => {
          finished.push(call);
          return {};
        },
        ...gate,
      }),
    });
    clients.push(client);
    return { client, told, finished };
  }

  /** A gateway begins a task and is killed: it says nothing more, and its file grows old. */
  async function killed(
    directory: string,
    more: {
      readonly server?: ToolServer;
      readonly file?: FileNeeds;
      readonly gate?: Partial<Gate>;
      readonly limits?: Partial<GatewayLimits>;
      readonly input?: JsonObject;
    } = {},
  ): Promise<JsonValue> {
    const { server = remoteServer().remote, file = {}, input, ...how } = more;
    const house = await houseOf(server, fileOf(directory, { pid: gone, ...file }), how);
    const taskId = await begin(house, input);
    age(directory);
    return taskId;
  }

  return {
    folder,
    fileOf,
    houseOf,
    killed,
    async close() {
      await Promise.all(clients.map(({ relay }) => relay.close()));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export async function begin({ client }: House, input: JsonObject = { a: secret }): Promise<JsonValue> {
  const outcome = await client.ask('tools/call', { name: 'one', arguments: input, task: {} });
  const task = 'result' in outcome ? outcome.result['task'] : undefined;
  assert.ok(isJsonObject(task), JSON.stringify(outcome));
  return task['taskId'] ?? null;
}

/** For a minute nobody said that their process lives. */
export function age(directory: string, seconds = 60): void {
  const at = Date.now() / 1000 - seconds;
  for (const name of readdirSync(directory)) utimesSync(join(directory, name), at, at);
}

export const wordsOf = (outcome: RpcOutcome): string => JSON.stringify(outcome);
export const changesOf = ({ told }: House): string[] => told.map(({ change }) => change);
export const until = async (what: () => boolean): Promise<void> => {
  while (!what()) await new Promise((resolve) => setImmediate(resolve));
};
export const textsIn = (directory: string): string =>
  readdirSync(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('\n');
