import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { infoOf, newestHandshake } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { ReadMessage, RpcId, RpcMessage, RpcOutcome, RpcRequest, RpcResponse } from './json-rpc.ts';
import { metaNames, modernVersion } from './modern-headers.ts';
import type { ToolServer, ToolServerListener } from './tool-server.ts';

/** Questions of ours, which nobody behind us asked; ids of the relay are numbers. */
const discoverId = 'sallyport-discover';
const listenId = 'sallyport-listen';

/**
 * A server of either era, spoken to with a handshake. Where it refuses that, it is asked what it speaks (`server/discover`); one of
 * 2026-07-28 is then spoken to in its words: each message says its version, and what a tool wants to know in several rounds is a refusal.
 */
export function asHandshake(server: ToolServer, { say }: { readonly say: (line: string) => void }): ToolServer {
  let listener: ToolServerListener | undefined;
  let isModern = false;
  /** The handshake that is going on, and what the server said to it. */
  let beginning: { readonly request: RpcRequest; refusal?: RpcOutcome } | undefined;
  let clientInfo: JsonObject = {};
  let capabilities: JsonObject = {};
  let logLevel: string | undefined;
  const methods = new Map<RpcId, string>();
  const watched = new Set<string>();

  const answer = (id: RpcId, outcome: RpcOutcome): void => listener?.message({ kind: 'response', id, outcome });
  const metaOf = (params: JsonObject): JsonObject => {
    const given = isJsonObject(params['_meta']) ? params['_meta'] : {};
    return {
      ...given,
      [metaNames.version]: modernVersion,
      [metaNames.clientInfo]: clientInfo,
      [metaNames.clientCapabilities]: {},
      ...(logLevel === undefined ? {} : { [metaNames.logLevel]: logLevel }),
    };
  };
  const ask = (id: RpcId, method: string, params: JsonObject = {}): Promise<void> =>
    server.send({ kind: 'request', id, method, params: { ...params, _meta: metaOf(params) } });

  function heard(message: ReadMessage): void {
    if (message.kind === 'response' && beginning !== undefined) {
      begun(message, beginning);
      return;
    }
    if (!isModern) {
      listener?.message(message);
      return;
    }
    if (message.kind === 'request') {
      say(`the server asked "${message.method.slice(0, 100)}", which ${modernVersion} does not have`);
      return;
    }
    if (message.kind === 'notification') {
      if (message.method !== 'notifications/subscriptions/acknowledged') listener?.message(message);
      return;
    }
    if (message.kind === 'refused') {
      listener?.message(message);
      return;
    }
    if (message.id === listenId || message.id === discoverId) return;
    const method = methods.get(message.id) ?? '';
    methods.delete(message.id);
    answer(message.id, 'error' in message.outcome ? message.outcome : plainOutcome(method, message.outcome.result));
  }

  function begun(message: RpcResponse, going: NonNullable<typeof beginning>): void {
    const { request } = going;
    const { outcome } = message;
    if (message.id === request.id) {
      if ('result' in outcome) {
        beginning = undefined;
        listener?.message(message);
        return;
      }
      // A server of the second era does not know the handshake.
      going.refusal = outcome;
      ask(discoverId, 'server/discover').catch(() => settle(outcome));
      return;
    }
    if (message.id !== discoverId) return;
    const refusal = going.refusal ?? failed(rpcCodes.internal, 'The server refused the handshake');
    if ('error' in outcome) {
      settle(refusal);
      return;
    }
    const versions: readonly JsonValue[] = Array.isArray(outcome.result['supportedVersions'])
      ? outcome.result['supportedVersions']
      : [];
    if (!versions.includes(modernVersion)) {
      settle(
        failed(rpcCodes.invalidParams, 'The server speaks no version of MCP that the gateway does', {
          supported: versions,
        }),
      );
      return;
    }
    isModern = true;
    const { _meta: meta, capabilities: can } = outcome.result;
    capabilities = isJsonObject(can) ? can : {};
    settle({
      result: {
        protocolVersion: newestHandshake,
        capabilities: { ...capabilities, logging: {} },
        serverInfo: infoOf(isJsonObject(meta) ? meta[metaNames.serverInfo] : undefined, 'server of 2026-07-28'),
        ...(outcome.result['instructions'] === undefined ? {} : { instructions: outcome.result['instructions'] }),
      },
    });

    function settle(said: RpcOutcome): void {
      beginning = undefined;
      answer(request.id, said);
    }
  }

  /** A result as one with a handshake has it. */
  function plainOutcome(method: string, result: JsonObject): RpcOutcome {
    const { resultType = 'complete', ttlMs: _ttl, cacheScope: _scope, _meta: _of, ...rest } = result;
    if (resultType === 'complete') return { result: method === 'tools/list' ? withoutHeaders(rest) : rest };
    const why =
      resultType === 'input_required'
        ? 'the server wants to ask the person or the model first, which the gateway does not pass on'
        : 'the server answered in a way the gateway does not know';
    say(`an answer to "${method}" is refused: ${why}`);
    return method === 'tools/call'
      ? { result: { content: [{ type: 'text', text: `Sallyport: ${why}` }], isError: true } }
      : failed(rpcCodes.internal, `Sallyport: ${why}`);
  }

  /** Arguments that have to stand in headers too are not sent there: such tools are left out over HTTP. */
  function withoutHeaders(result: JsonObject): JsonObject {
    const tools: readonly JsonValue[] = Array.isArray(result['tools']) ? result['tools'] : [];
    if (server.transport !== 'http') return result;
    const kept = tools.filter((tool) => !JSON.stringify(tool).includes('"x-mcp-header"'));
    if (kept.length < tools.length)
      say(`${tools.length - kept.length} tools that want headers of their own are left out`);
    return { ...result, tools: kept };
  }

  /** What changes is heard on one stream, asked for anew when more is watched. */
  async function listen(): Promise<void> {
    const changes = (name: string): boolean => {
      const can = capabilities[name];
      return isJsonObject(can) && can['listChanged'] === true;
    };
    const notifications = {
      ...(changes('tools') ? { toolsListChanged: true } : {}),
      ...(changes('prompts') ? { promptsListChanged: true } : {}),
      ...(changes('resources') ? { resourcesListChanged: true } : {}),
      ...(watched.size === 0 ? {} : { resourceSubscriptions: [...watched] }),
    };
    if (Object.keys(notifications).length === 0) return;
    await server.send(cancelled(listenId));
    await ask(listenId, 'subscriptions/listen', { notifications });
  }

  async function sendModern(message: RpcMessage): Promise<void> {
    if (message.kind === 'response') return;
    if (message.kind === 'notification') {
      if (message.method === 'notifications/initialized') await listen();
      else if (message.method === 'notifications/cancelled') await server.send(cancelled(message.params['requestId']));
      return;
    }
    const { id, method, params } = message;
    if (method === 'logging/setLevel') {
      const { level } = params;
      logLevel = typeof level === 'string' ? level.slice(0, 20) : undefined;
      answer(id, { result: {} });
      return;
    }
    if (method === 'resources/subscribe' || method === 'resources/unsubscribe') {
      const { uri } = params;
      if (typeof uri === 'string' && method === 'resources/subscribe' && watched.size < 100) watched.add(uri);
      else watched.delete(textOf(uri));
      await listen();
      answer(id, { result: {} });
      return;
    }
    methods.set(id, method);
    await ask(id, method, params);
  }

  return {
    transport: server.transport,
    target: server.target,
    protocol: () => (isModern ? modernVersion : undefined),
    async open(heardBy) {
      listener = heardBy;
      await server.open({ message: heard, closed: (reason) => heardBy.closed(reason) });
    },
    async send(message) {
      if (isModern) return sendModern(message);
      if (message.kind === 'request' && message.method === 'initialize') {
        beginning = { request: message };
        clientInfo = infoOf(message.params['clientInfo'], 'unknown client');
      }
      return server.send(message);
    },
    close: () => server.close(),
  };
}

/** Says its version too, so that over HTTP the stream is closed instead. */
function cancelled(requestId: JsonValue | undefined): RpcMessage {
  return {
    kind: 'notification',
    method: 'notifications/cancelled',
    params: { requestId: requestId ?? null, _meta: { [metaNames.version]: modernVersion } },
  };
}
