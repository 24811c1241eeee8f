import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { infoOf, newestHandshake } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { ReadMessage, RpcId, RpcMessage, RpcOutcome, RpcRequest, RpcResponse } from './json-rpc.ts';
import { handshakeOutcome } from './modern-outcome.ts';
import { askInRounds } from './modern-rounds.ts';
import { metaNames, modernVersion, tasksExtension } from './modern-headers.ts';
import { createModernTasks } from './modern-tasks.ts';
import type { ToolServer, ToolServerListener } from './tool-server.ts';

/** Questions of ours, which nobody behind us asked; ids of the relay are numbers. */
const discoverId = 'sallyport-discover';
const listenId = 'sallyport-listen';

/**
 * A server of either era, spoken to with a handshake. Where it refuses that, it is asked what it speaks (`server/discover`); one of
 * 2026-07-28 is then spoken to in its words: each message says its version, and what the server wants to know first is asked as a question
 * of it in the middle.
 */
export function asHandshake(server: ToolServer, { say }: { readonly say: (line: string) => void }): ToolServer {
  let listener: ToolServerListener | undefined;
  let isModern = false;
  /** The handshake that is going on, and what the server said to it. */
  let beginning: { readonly request: RpcRequest; refusal?: RpcOutcome } | undefined;
  let clientInfo: JsonObject = {};
  let capabilities: JsonObject = {};
  let logLevel: string | undefined;
  /** Questions on their way, by the ids of the relay: taken back with what is asked in the middle of them. */
  const goingOn = new Map<RpcId, AbortController>();
  /** By the ids they have on the way: those of further rounds are others. */
  const sent = new Map<RpcId, (outcome: RpcOutcome) => void>();
  /** Questions of the server on their way to the client. */
  const asking = new Map<RpcId, (outcome: RpcOutcome) => void>();
  let askedCount = 0;
  let aloneCount = 0;
  const tasks = createModernTasks({
    ask: (method, params, { can, signal }) => {
      const id = `task-${(aloneCount += 1)}`;
      return askOnce({ kind: 'request', id, method, params, can }, 0, signal);
    },
    question: (asked, signal) => askClient(asked, undefined, signal),
  });
  const watched = new Set<string>();

  const answer = (id: RpcId, outcome: RpcOutcome): void => listener?.message({ kind: 'response', id, outcome });
  const metaOf = (params: JsonObject, can: JsonObject): JsonObject => {
    const given = isJsonObject(params['_meta']) ? params['_meta'] : {};
    return {
      ...given,
      [metaNames.version]: modernVersion,
      [metaNames.clientInfo]: clientInfo,
      [metaNames.clientCapabilities]: can,
      ...(logLevel === undefined ? {} : { [metaNames.logLevel]: logLevel }),
    };
  };
  const ask = (
    id: RpcId,
    method: string,
    params: JsonObject = {},
    { tasks: _of, ...can }: JsonObject = {},
  ): Promise<void> => server.send({ kind: 'request', id, method, params: { ...params, _meta: metaOf(params, can) } });

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
      const settle = message.id === undefined ? undefined : sent.get(message.id);
      if (settle === undefined) listener?.message(message);
      else settle(failed(rpcCodes.internal, `The server's answer cannot be read: ${message.reason}`));
      return;
    }
    if (message.id === listenId || message.id === discoverId) return;
    const settle = sent.get(message.id);
    if (settle === undefined) listener?.message(message);
    else settle(message.outcome);
  }

  /** One round of a question. Never rejects. */
  function askOnce(
    { id, method, params, can }: RpcRequest,
    round: number,
    signal = goingOn.get(id)?.signal,
  ): Promise<RpcOutcome> {
    const wireId = round === 0 ? id : `${id}.${round}`;
    return new Promise((resolve) => {
      const onAbort = (): void => {
        server.send(cancelled(wireId)).catch(() => undefined);
        settle(failed(rpcCodes.internal, 'taken back'));
      };
      const settle = (outcome: RpcOutcome): void => {
        sent.delete(wireId);
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      sent.set(wireId, settle);
      signal?.addEventListener('abort', onAbort, { once: true });
      ask(wireId, method, params, can).catch((error: unknown) =>
        settle(failed(rpcCodes.internal, `Cannot reach the server: ${String(error)}`)),
      );
      if (signal?.aborted === true) onAbort();
    });
  }

  /** What the server wants to know in the middle of a question, asked as one with a handshake would. */
  function askClient(
    asked: Pick<RpcRequest, 'method' | 'params'>,
    of: RpcId | undefined,
    signal: AbortSignal,
  ): Promise<RpcOutcome> {
    const id = `asked-${(askedCount += 1)}`;
    return new Promise((resolve) => {
      asking.set(id, resolve);
      signal.addEventListener('abort', () => {
        if (!asking.delete(id)) return;
        listener?.message({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: id } });
        resolve(failed(rpcCodes.internal, 'taken back'));
      });
      listener?.message({ kind: 'request', id, ...asked, ...(of === undefined ? {} : { of }) });
    });
  }

  async function goOn(request: RpcRequest): Promise<void> {
    const over = new AbortController();
    goingOn.set(request.id, over);
    const { signal } = over;
    const outcome =
      (await tasks.answer(request, signal)) ??
      (await askInRounds(tasks.asking(request), {
        ask: askOnce,
        question: (asked) => askClient(asked, request.id, signal),
        signal,
        say,
      }));
    goingOn.delete(request.id);
    if (signal.aborted) return;
    if ('error' in outcome) answer(request.id, outcome);
    else if (outcome.result['resultType'] === 'task' && request.params['task'] !== undefined)
      answer(request.id, { result: tasks.began(outcome.result, request.can) });
    else {
      const of = { transport: server.transport, takesTasks: takesTasks(), say };
      answer(request.id, handshakeOutcome(request.method, outcome.result, of));
    }
  }

  const takesTasks = (): boolean => {
    const { extensions } = capabilities;
    return isJsonObject(extensions) && isJsonObject(extensions[tasksExtension]);
  };

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
        capabilities: {
          ...capabilities,
          logging: {},
          ...(takesTasks() ? { tasks: { cancel: {}, requests: { tools: { call: {} } } } } : {}),
        },
        serverInfo: infoOf(isJsonObject(meta) ? meta[metaNames.serverInfo] : undefined, 'server of 2026-07-28'),
        ...(outcome.result['instructions'] === undefined ? {} : { instructions: outcome.result['instructions'] }),
      },
    });

    function settle(said: RpcOutcome): void {
      beginning = undefined;
      answer(request.id, said);
    }
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
    if (message.kind === 'response') {
      const settle = asking.get(message.id);
      asking.delete(message.id);
      settle?.(message.outcome);
      return;
    }
    if (message.kind === 'notification') {
      const { requestId } = message.params;
      if (message.method === 'notifications/initialized') await listen();
      else if (typeof requestId === 'string' || typeof requestId === 'number') goingOn.get(requestId)?.abort();
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
    goOn(message).catch((error: unknown) => answer(id, failed(rpcCodes.internal, String(error))));
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
