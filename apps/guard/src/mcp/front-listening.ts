import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { takesEither } from './calls.ts';
import { missingTasks, type FrontTasks } from './front-tasks.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcNotification, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { metaNames } from './modern-headers.ts';

/** What one client wants to hear of, and whom it is told. */
type Listening = {
  readonly id: RpcRequest['id'];
  readonly filter: JsonObject;
  /** Of the client. */
  readonly can: JsonObject;
  /** Of the server. */
  readonly capabilities: JsonObject;
  readonly tasks: Pick<FrontTasks, 'watch'>;
  /** Through the relay. */
  readonly ask: (method: string, params: JsonObject, signal?: AbortSignal) => Promise<RpcOutcome>;
  readonly signal: AbortSignal;
  readonly notify: (notification: RpcNotification) => void;
};

/** `subscriptions/listen` of 2026-07-28: streams of what changes, each of what was agreed to at its beginning. */
type FrontListening = {
  /** Tells what changed until whoever listens goes away. */
  listen(listening: Listening): Promise<RpcOutcome>;
  noticed(notification: RpcNotification): void;
  /** The server that was listened to is gone. */
  end(): void;
};

const filters = {
  toolsListChanged: ['tools', 'notifications/tools/list_changed'],
  promptsListChanged: ['prompts', 'notifications/prompts/list_changed'],
  resourcesListChanged: ['resources', 'notifications/resources/list_changed'],
} as const;
const maxListening = 16;
const maxWatched = 100;

export function createFrontListening(): FrontListening {
  const listening = new Set<(notification: RpcNotification) => void>();
  const endings = new Set<() => void>();

  return {
    async listen({ id, filter, can, capabilities, tasks, ask, signal, notify }) {
      if (listening.size >= maxListening) return failed(rpcCodes.internal, 'Sallyport: too many listen already');
      if (filter['taskIds'] !== undefined && !takesEither(can)) return missingTasks();
      const mark = { _meta: { [metaNames.subscription]: id } };
      const { methods, honoured } = agreedLists(filter, capabilities);
      const resources = capabilities['resources'];
      const watched =
        isJsonObject(resources) && resources['subscribe'] === true
          ? new Set(textsOf(filter['resourceSubscriptions']).slice(0, maxWatched))
          : new Set<string>();
      for (const uri of watched) {
        const outcome = await ask('resources/subscribe', { uri }, signal);
        if ('error' in outcome) watched.delete(uri);
      }
      if (watched.size > 0) honoured['resourceSubscriptions'] = [...watched];
      const ofTasks = tasks.watch(textsOf(filter['taskIds']).slice(0, maxWatched), (task) =>
        notify({ kind: 'notification', method: 'notifications/tasks', params: { ...task, ...mark } }),
      );
      if (ofTasks.taskIds.length > 0) honoured['taskIds'] = ofTasks.taskIds;
      notify({
        kind: 'notification',
        method: 'notifications/subscriptions/acknowledged',
        params: { ...mark, notifications: honoured },
      });
      const tell = ({ method, params }: RpcNotification): void => {
        const isWatched = method === 'notifications/resources/updated' && watched.has(textOf(params['uri']));
        if (methods.has(method) || isWatched) notify({ kind: 'notification', method, params: { ...params, ...mark } });
      };
      listening.add(tell);
      ofTasks.begin();
      await over(signal);
      ofTasks.end();
      listening.delete(tell);
      for (const uri of watched) await ask('resources/unsubscribe', { uri });
      return { result: { resultType: 'complete', ...mark } };
    },
    noticed(notification) {
      for (const tell of listening) tell(notification);
    },
    end() {
      for (const tellOver of endings) tellOver();
      endings.clear();
    },
  };

  function over(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      endings.add(resolve);
      signal.addEventListener(
        'abort',
        () => {
          endings.delete(resolve);
          resolve();
        },
        { once: true },
      );
    });
  }
}

function agreedLists(
  filter: JsonObject,
  capabilities: JsonObject,
): { readonly methods: ReadonlySet<string>; readonly honoured: Record<string, JsonValue> } {
  const methods = new Set<string>();
  const honoured: Record<string, JsonValue> = {};
  for (const [name, [capability, told]] of Object.entries(filters)) {
    const can = capabilities[capability];
    if (filter[name] !== true || !isJsonObject(can) || can['listChanged'] !== true) continue;
    methods.add(told);
    honoured[name] = true;
  }
  return { methods, honoured };
}
