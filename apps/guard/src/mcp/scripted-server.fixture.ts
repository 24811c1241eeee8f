import type { JsonObject } from '@sallyport/contracts';
import type { RpcMessage, RpcRequest } from './json-rpc.ts';
import { modernVersion, tasksExtension } from './modern-headers.ts';
import type { ToolServer, ToolServerListener } from './tool-server.ts';

type Said = JsonObject | { readonly error: { readonly code: number; readonly message: string } } | undefined;

/** A server in this process: a test says what it answers, and hears all that it was sent. */
export type ScriptedServer = ToolServer & {
  readonly heard: RpcMessage[];
  /** By method: what it was sent last. */
  last(method: string): JsonObject;
  /** Says something by itself; a question resolves with its answer. */
  notify(method: string, params: JsonObject): void;
  ask(method: string, params: JsonObject): Promise<RpcMessage>;
};

/** What each server of 2026-07-28 with one tool and tasks says of itself; undefined of all else. */
export function modernWords(method: string): Said {
  if (method === 'initialize') return { error: { code: -32601, message: 'no' } };
  if (method === 'server/discover')
    return { supportedVersions: [modernVersion], capabilities: { tools: {}, extensions: { [tasksExtension]: {} } } };
  return method === 'tools/list' ? { tools: [{ name: 'one', inputSchema: { type: 'object' } }] } : undefined;
}

/** `answer`: undefined says nothing. */
export function scripted(answer: (request: RpcRequest) => Said | Promise<Said>): ScriptedServer {
  let listener: ToolServerListener | undefined;
  const heard: RpcMessage[] = [];
  const waiting = new Map<string, (message: RpcMessage) => void>();
  let asked = 0;
  async function reply(request: RpcRequest): Promise<void> {
    const said = await answer(request);
    if (said === undefined) return;
    const error = said['error'];
    const outcome =
      typeof error === 'object' && error !== null && 'code' in error && 'message' in error
        ? { error: { code: Number(error['code']), message: String(error['message']) } }
        : { result: JSON.parse(JSON.stringify(said)) };
    listener?.message({ kind: 'response', id: request.id, outcome });
  }
  return {
    transport: 'stdio',
    target: 'scripted',
    heard,
    last: (method) => {
      const found = heard.findLast((message) => message.kind !== 'response' && message.method === method);
      return found === undefined || found.kind === 'response' ? {} : found.params;
    },
    notify: (method, params) => listener?.message({ kind: 'notification', method, params }),
    ask: (method, params) =>
      new Promise((resolve) => {
        const id = `server-${(asked += 1)}`;
        waiting.set(id, resolve);
        listener?.message({ kind: 'request', id, method, params });
      }),
    async open(heardBy) {
      listener = heardBy;
    },
    async send(message) {
      heard.push(message);
      if (message.kind === 'request') void reply(message);
      else if (message.kind === 'response') waiting.get(String(message.id))?.(message);
    },
    async close() {
      listener?.closed('it was closed');
      listener = undefined;
    },
  };
}
