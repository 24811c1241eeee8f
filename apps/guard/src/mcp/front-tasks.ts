import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { tasksExtension } from './modern-headers.ts';
import { askable } from './passing.ts';
import { isEnded, readTask, relatedIn } from './task-state.ts';

type Held = {
  readonly can: JsonObject;
  /** Of the server, by the keys the client knows them by. */
  readonly questions: Map<string, RpcRequest>;
  /** Whoever listens is being told how it is; `again`: it changed meanwhile. */
  telling?: 'now' | 'again';
  /** What it brought, told already; undefined while it is waited for. */
  brought?: RpcOutcome;
  isFetching: boolean;
};

/**
 * Tasks for clients of 2026-07-28 (the extension of SEP-2663): how one is comes with what it brought and what its server wants to know. Both
 * went the way of any answer and any question before they are kept here.
 */
export type FrontTasks = {
  /** A call went on as a task; as the client hears it. */
  began(task: JsonObject, can: JsonObject): JsonObject;
  /** `tasks/get`, `tasks/update` and `tasks/cancel`. */
  answer(request: Pick<RpcRequest, 'method' | 'params' | 'can'>): Promise<RpcOutcome>;
  /** A question of the server for a task. False where it belongs to none. */
  asked(question: RpcRequest): boolean;
  takenBack(id: RpcId): void;
  /** The server says that one is not as it was, by our id. */
  changed(taskId: string): void;
  /**
   * Tells how these are each time one changes, as `tasks/get` would, from `begin` to `end`. `taskIds`: those that are of this client; of
   * others nothing is told, and nobody hears whether they are any.
   */
  watch(
    taskIds: readonly string[],
    tell: (task: JsonObject) => void,
  ): { readonly taskIds: readonly string[]; begin(): void; end(): void };
  end(): void;
};

/** Who listens, and what was told of each task last. */
type Watcher = { readonly told: Map<string, string>; readonly tell: (task: JsonObject) => void };

const maxHeld = 64;

export function createFrontTasks({
  ask,
  respond,
}: {
  /** Through the relay. */
  readonly ask: (method: string, params: JsonObject) => Promise<RpcOutcome>;
  readonly respond: (id: RpcId, outcome: RpcOutcome) => void;
}): FrontTasks {
  const tasks = new Map<string, Held>();
  const watchers = new Set<Watcher>();
  let named = 0;

  function fetch(taskId: string, held: Held): void {
    if (held.isFetching) return;
    held.isFetching = true;
    delete held.brought;
    ask('tasks/result', { taskId })
      .catch((error: unknown) => failed(rpcCodes.internal, String(error)))
      .then((outcome) => {
        held.isFetching = false;
        held.brought = outcome;
        changed(taskId);
      })
      .catch(() => undefined);
  }

  function drop(taskId: string): void {
    const held = tasks.get(taskId);
    tasks.delete(taskId);
    for (const { id } of held?.questions.values() ?? [])
      respond(id, failed(rpcCodes.internal, 'No answer of the client'));
  }

  function hold(taskId: string, can: JsonObject): Held {
    const held: Held = { can, questions: new Map(), isFetching: false };
    tasks.set(taskId, held);
    // What is done gives way before what goes on.
    const [oldest] = [...tasks].find(([, { brought }]) => brought !== undefined) ?? [...tasks][0] ?? [];
    if (tasks.size > maxHeld && oldest !== undefined) drop(oldest);
    // What it brings and what it wants to know come with that.
    fetch(taskId, held);
    return held;
  }

  /** One that began with a gateway before this one is known to the relay once it is asked for. */
  async function takeUp(taskId: string, can: JsonObject): Promise<void> {
    if (tasks.has(taskId)) return;
    const outcome = await ask('tasks/get', { taskId });
    if ('result' in outcome && !tasks.has(taskId)) hold(taskId, can);
  }

  /** Without `mayFetch` nothing is fetched anew that was withheld: who only listens would ask for ever. */
  async function get(taskId: string, mayFetch = true): Promise<RpcOutcome> {
    const outcome = await ask('tasks/get', { taskId });
    const held = tasks.get(taskId);
    if ('error' in outcome || held === undefined) {
      if ('error' in outcome && outcome.error.code === rpcCodes.invalidParams) drop(taskId);
      return 'error' in outcome ? outcome : failed(rpcCodes.invalidParams, 'Task not found');
    }
    const said = readTask(outcome.result);
    const status = typeof said === 'string' ? 'working' : said.status;
    const is = (more: JsonObject): RpcOutcome => ({ result: { ...flat(outcome.result), ...more } });
    const { brought, questions } = held;
    if (status === 'cancelled') return is({ status });
    if (brought !== undefined && 'result' in brought) return is({ status: 'completed', result: brought.result });
    if (brought !== undefined) {
      // It may have been withheld: what the server says is done is fetched once more.
      if (status !== 'completed') return is({ status: 'failed', error: { ...brought.error } });
      if (mayFetch) fetch(taskId, held);
    }
    if (questions.size > 0) {
      const inputRequests: Record<string, JsonValue> = Object.fromEntries(
        [...questions].map(
          ([
            key,
            {
              method,
              params: { _meta: _task, ...params },
            },
          ]) => [key, { method, params }],
        ),
      );
      return is({ status: 'input_required', inputRequests });
    }
    // Done there is not done here before it was told.
    return is({ status: isEnded(status) || status === 'input_required' ? 'working' : status });
  }

  function changed(taskId: string): void {
    const held = tasks.get(taskId);
    const isHeard = [...watchers].some(({ told }) => told.has(taskId));
    if (held === undefined || !isHeard) return;
    if (held.telling !== undefined) held.telling = 'again';
    else void tell(taskId, held).catch(() => undefined);
  }

  async function tell(taskId: string, held: Held): Promise<void> {
    try {
      do {
        held.telling = 'now';
        const outcome = await get(taskId, false);
        const task = 'result' in outcome ? outcome.result : undefined;
        const text = JSON.stringify(task);
        for (const watcher of watchers) {
          if (task === undefined || !watcher.told.has(taskId) || watcher.told.get(taskId) === text) continue;
          watcher.told.set(taskId, text);
          watcher.tell(task);
        }
      } while (isAgain(held));
    } finally {
      delete held.telling;
    }
  }

  return {
    changed,
    watch(asked, tellOne) {
      const taskIds = asked.filter((taskId) => tasks.has(taskId));
      const watcher: Watcher = { told: new Map(taskIds.map((taskId) => [taskId, ''])), tell: tellOne };
      return {
        taskIds,
        begin() {
          watchers.add(watcher);
          // What became of one since it began is not missed.
          for (const taskId of taskIds) changed(taskId);
        },
        end: () => void watchers.delete(watcher),
      };
    },
    began(task, can) {
      const taskId = textOf(task['taskId']);
      hold(taskId, can);
      return { resultType: 'task', ...flat(task), status: 'working' };
    },
    async answer({ method, params, can = {} }) {
      const taskId = textOf(params['taskId']);
      await takeUp(taskId, can);
      if (method === 'tasks/get') return get(taskId);
      const held = tasks.get(taskId);
      if (held === undefined) return failed(rpcCodes.invalidParams, 'Task not found');
      if (method === 'tasks/cancel') {
        const outcome = await ask(method, { taskId });
        changed(taskId);
        return 'error' in outcome ? outcome : { result: {} };
      }
      const { inputResponses } = params;
      if (!isJsonObject(inputResponses)) return failed(rpcCodes.invalidParams, '"inputResponses" must be an object');
      for (const [key, answer] of Object.entries(inputResponses)) {
        const question = held.questions.get(key);
        if (question === undefined || !isJsonObject(answer)) continue;
        held.questions.delete(key);
        respond(question.id, { result: answer });
      }
      changed(taskId);
      return { result: {} };
    },
    asked(question) {
      const taskId = relatedIn(question.params) ?? '';
      const held = tasks.get(taskId);
      if (held === undefined) return false;
      if (isJsonObject(held.can[askable.get(question.method) ?? ''])) {
        held.questions.set(`q${(named += 1)}`, question);
        changed(taskId);
      } else respond(question.id, failed(rpcCodes.noSuchMethod, `the client cannot be asked for "${question.method}"`));
      return true;
    },
    takenBack(id) {
      for (const { questions } of tasks.values())
        for (const [key, question] of questions) if (question.id === id) questions.delete(key);
    },
    end() {
      for (const taskId of tasks.keys()) drop(taskId);
    },
  };
}

/** Whether a client says that it takes tasks, as each of its requests about them must. */
export function missingTasks(): RpcOutcome {
  return failed(rpcCodes.missingCapability, 'Missing required client capability', {
    requiredCapabilities: { extensions: { [tasksExtension]: {} } },
  });
}

function isAgain({ telling }: Held): boolean {
  return telling === 'again';
}

function flat({ ttl, pollInterval, ...task }: JsonObject): JsonObject {
  return {
    ...task,
    ttlMs: ttl ?? null,
    ...(pollInterval === undefined ? {} : { pollIntervalMs: pollInterval }),
  };
}
