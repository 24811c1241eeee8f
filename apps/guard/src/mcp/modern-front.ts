import { isJsonObject, itemsOf, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { takesEither } from './calls.ts';
import { createFrontListening } from './front-listening.ts';
import { createFrontRounds, type FrontRounds } from './front-rounds.ts';
import { createFrontTasks, missingTasks, type FrontTasks } from './front-tasks.ts';
import { infoOf, newestHandshake } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcMessage, RpcNotification, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { metaNames, modernVersion } from './modern-headers.ts';
import { asModern, lists, refusalOf, withoutExecution, withRounds } from './modern-requests.ts';
import type { Relay } from './relay.ts';

/**
 * A client of 2026-07-28, served by a relay that speaks with a handshake. Each request stands alone; the handshake is held once, in the
 * name of whoever came first. What the server wants to know in the middle of a request is its answer, and the client asks again (several
 * rounds). What that version has and the gateway cannot pass on (extensions) is refused, in its words.
 */
export type ModernFront = {
  ask(
    request: RpcRequest,
    how: { readonly signal: AbortSignal; readonly notify: (notification: RpcNotification) => void },
  ): Promise<RpcOutcome>;
  close(): Promise<void>;
};

/** Whoever set up the gateway says what of this a server may use; each request says what of it its client can. */
const askableOfAny: JsonObject = { sampling: {}, elicitation: { form: {}, url: {} }, roots: {} };

type Begun = {
  readonly relay: Relay;
  readonly outcome: RpcOutcome;
  readonly end: () => Promise<void>;
  /** What goes on in this relay, and in no other. */
  readonly rounds: FrontRounds;
  readonly tasks: FrontTasks;
};

export function createModernFront({
  open,
  closed,
}: {
  readonly open: (front: {
    readonly toClient: (message: RpcMessage) => void;
    readonly closed: (reason: string) => void;
  }) => Relay;
  /** The server is gone, not ended by us; the next request starts another. */
  readonly closed: (reason: string) => void;
}): ModernFront {
  const waiting = new Map<number, (outcome: RpcOutcome) => void>();
  const progress = new Map<number, (params: JsonObject) => void>();
  const listening = createFrontListening();
  let asked = 0;
  let begun: Promise<Begun> | undefined;

  function cancel(relay: Relay, id: number): void {
    relay.fromClient({ kind: 'notification', method: 'notifications/cancelled', params: { requestId: id } });
    waiting.get(id)?.(failed(rpcCodes.internal, 'Taken back'));
  }

  function fromRelay(message: RpcMessage, { relay, rounds, tasks }: Pick<Begun, 'relay' | 'rounds' | 'tasks'>): void {
    if (message.kind === 'response') {
      if (typeof message.id === 'number') waiting.get(message.id)?.(message.outcome);
    } else if (message.kind === 'notification') {
      const { progressToken, ...params } = message.params;
      if (message.method === 'notifications/progress') {
        if (typeof progressToken === 'number') progress.get(progressToken)?.(params);
      } else if (message.method === 'notifications/cancelled') {
        const { requestId } = message.params;
        if (typeof requestId === 'string') {
          rounds.takenBack(requestId);
          tasks.takenBack(requestId);
        }
      } else if (message.method === 'notifications/tasks/status') tasks.changed(textOf(message.params['taskId']));
      else listening.noticed(message);
    } else if (!tasks.asked(message) && !rounds.asked(message))
      // Questions of the server have no way in this version but in the answer to one of the client's.
      relay.fromClient({
        kind: 'response',
        id: message.id,
        outcome: failed(rpcCodes.internal, 'Nothing goes on that the client could be asked for'),
      });
  }

  async function through(
    relay: Relay,
    { method, params, can }: Pick<RpcRequest, 'method' | 'params' | 'can'>,
    {
      id = (asked += 1),
      signal,
      onProgress,
    }: {
      readonly id?: number;
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((params: JsonObject) => void) | undefined;
    } = {},
  ): Promise<RpcOutcome> {
    const onAbort = (): void => cancel(relay, id);
    try {
      return await new Promise<RpcOutcome>((resolve) => {
        waiting.set(id, resolve);
        if (onProgress !== undefined) progress.set(id, onProgress);
        const meta = onProgress === undefined ? {} : { _meta: { progressToken: id } };
        relay.fromClient({
          kind: 'request',
          id,
          method,
          params: { ...params, ...meta },
          ...(can === undefined ? {} : { can }),
        });
        signal?.addEventListener('abort', onAbort, { once: true });
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      waiting.delete(id);
      progress.delete(id);
    }
  }

  /** The handshake, held once; where it fails nothing of it stays, and the next request holds it anew. */
  async function relayFor(meta: JsonObject): Promise<Begun> {
    begun ??= (async () => {
      let isEnded = false;
      const relay = open({
        toClient: (message) => fromRelay(message, { relay, rounds, tasks }),
        closed(reason) {
          if (isEnded) return;
          isEnded = true;
          begun = undefined;
          listening.end();
          // What was asked before it fell is answered.
          void relay
            .settled()
            .then(() => end())
            .catch(() => undefined);
          closed(reason);
        },
      });
      const respond = (id: RpcId, outcome: RpcOutcome): void => relay.fromClient({ kind: 'response', id, outcome });
      const rounds = createFrontRounds({ respond, takeBack: (id) => cancel(relay, id) });
      const tasks = createFrontTasks({ respond, ask: (method, params) => through(relay, { method, params }) });
      const end = async (): Promise<void> => {
        isEnded = true;
        rounds.end();
        tasks.end();
        await relay.close();
      };
      await relay.open().catch(async (error: unknown) => {
        await end();
        throw error;
      });
      const outcome = await through(relay, {
        method: 'initialize',
        params: {
          protocolVersion: newestHandshake,
          capabilities: askableOfAny,
          clientInfo: infoOf(meta[metaNames.clientInfo], 'client of 2026-07-28'),
        },
      });
      if ('result' in outcome)
        relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
      else await end();
      return { relay, outcome, end, rounds, tasks };
    })();
    const beginning = begun;
    try {
      const { outcome } = await beginning;
      if ('error' in outcome && begun === beginning) begun = undefined;
    } catch (error) {
      if (begun === beginning) begun = undefined;
      throw error;
    }
    return beginning;
  }

  return {
    async ask({ id, method, params }, { signal, notify }) {
      const refused = refusalOf(method, params);
      if (refused !== undefined) return refused;
      const { _meta, ...plain } = params;
      const meta = isJsonObject(_meta) ? _meta : {};
      const { relay, outcome: began, rounds, tasks } = await relayFor(meta);
      if ('error' in began) return began;
      const about = began.result;
      const serverInfo = { [metaNames.serverInfo]: about['serverInfo'] ?? {} };
      const capabilities = isJsonObject(about['capabilities']) ? about['capabilities'] : {};
      if (method === 'server/discover')
        return {
          result: {
            resultType: 'complete',
            supportedVersions: [modernVersion],
            capabilities: asModern(capabilities),
            ttlMs: 0,
            cacheScope: 'private',
            _meta: serverInfo,
          },
        };
      const said = meta[metaNames.clientCapabilities];
      if (method === 'subscriptions/listen') {
        const filter = isJsonObject(plain['notifications']) ? plain['notifications'] : {};
        return listening.listen({
          id,
          filter,
          can: isJsonObject(said) ? said : {},
          capabilities,
          tasks,
          ask: (about, of, until) => through(relay, { method: about, params: of }, { signal: until }),
          signal,
          notify,
        });
      }
      const { progressToken } = meta;
      const can = isJsonObject(said) ? said : {};
      const onProgress =
        progressToken === undefined
          ? undefined
          : (told: JsonObject): void =>
              notify({ kind: 'notification', method: 'notifications/progress', params: { ...told, progressToken } });
      const request = { method, params: plain, can };
      if (method.startsWith('tasks/')) {
        if (!takesEither(can)) return missingTasks();
        const answered = await tasks.answer(request);
        if ('error' in answered) return answered;
        return { result: { ...answered.result, resultType: 'complete', _meta: serverInfo } };
      }
      const outcome = withRounds.has(method)
        ? await (rounds.goOn(request, signal) ?? beginRounds({ relay, rounds }, request, { signal, onProgress }))
        : await through(relay, request, { signal, onProgress });
      if ('error' in outcome)
        return outcome.error.code === -32002 ? failed(rpcCodes.invalidParams, outcome.error.message) : outcome;
      const { task, ...brought } = outcome.result;
      // Of what a server says none is left but what the rounds made.
      const isRound = withRounds.has(method) && outcome.result['resultType'] === 'input_required';
      const isTask = method === 'tools/call' && takesEither(can) && isJsonObject(task);
      const result = isTask
        ? { ...brought, ...tasks.began(task, can) }
        : method === 'tools/list'
          ? { ...outcome.result, tools: itemsOf(outcome.result['tools']).map(withoutExecution) }
          : outcome.result;
      const kept = isJsonObject(outcome.result['_meta']) ? outcome.result['_meta'] : {};
      return {
        result: {
          ...result,
          resultType: isTask ? 'task' : isRound ? 'input_required' : 'complete',
          ...(lists.has(method) ? { ttlMs: 0, cacheScope: 'private' } : {}),
          _meta: { ...kept, ...serverInfo },
        },
      };
    },

    async close() {
      const held = await begun?.catch(() => undefined);
      await held?.end();
    },
  };

  function beginRounds(
    { relay, rounds }: Pick<Begun, 'relay' | 'rounds'>,
    request: { readonly method: string; readonly params: JsonObject; readonly can: JsonObject },
    how: { readonly signal: AbortSignal; readonly onProgress: ((params: JsonObject) => void) | undefined },
  ): Promise<RpcOutcome> {
    const id = (asked += 1);
    return rounds.begin(request, {
      id,
      can: request.can,
      signal: how.signal,
      // Who goes away in the middle of a round may come back with the next.
      ask: async () => {
        const outcome = await through(relay, request, { id, onProgress: how.onProgress });
        if ('error' in outcome) return outcome;
        const { resultType: _said, ...result } = outcome.result;
        return { result };
      },
    });
  }
}
