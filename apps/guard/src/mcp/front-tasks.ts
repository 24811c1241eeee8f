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
  answer(request: Pick<RpcRequest, 'method' | 'params'>): Promise<RpcOutcome>;
  /** A question of the server for a task. False where it belongs to none. */
  asked(question: RpcRequest): boolean;
  takenBack(id: RpcId): void;
  end(): void;
};

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
      })
      .catch(() => undefined);
  }

  function drop(taskId: string): void {
    const held = tasks.get(taskId);
    tasks.delete(taskId);
    for (const { id } of held?.questions.values() ?? [])
      respond(id, failed(rpcCodes.internal, 'No answer of the client'));
  }

  async function get(taskId: string): Promise<RpcOutcome> {
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
      fetch(taskId, held);
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

  return {
    began(task, can) {
      const taskId = textOf(task['taskId']);
      const held: Held = { can, questions: new Map(), isFetching: false };
      tasks.set(taskId, held);
      // What is done gives way before what goes on.
      const [oldest] = [...tasks].find(([, { brought }]) => brought !== undefined) ?? [...tasks][0] ?? [];
      if (tasks.size > maxHeld && oldest !== undefined) drop(oldest);
      // What it brings and what it wants to know come with that.
      fetch(taskId, held);
      return { resultType: 'task', ...flat(task), status: 'working' };
    },
    async answer({ method, params }) {
      const taskId = textOf(params['taskId']);
      if (method === 'tasks/get') return get(taskId);
      const held = tasks.get(taskId);
      if (held === undefined) return failed(rpcCodes.invalidParams, 'Task not found');
      if (method === 'tasks/cancel') {
        const outcome = await ask(method, { taskId });
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
      return { result: {} };
    },
    asked(question) {
      const held = tasks.get(relatedIn(question.params) ?? '');
      if (held === undefined) return false;
      if (isJsonObject(held.can[askable.get(question.method) ?? ''])) held.questions.set(`q${(named += 1)}`, question);
      else respond(question.id, failed(rpcCodes.noSuchMethod, `the client cannot be asked for "${question.method}"`));
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

function flat({ ttl, pollInterval, ...task }: JsonObject): JsonObject {
  return {
    ...task,
    ttlMs: ttl ?? null,
    ...(pollInterval === undefined ? {} : { pollIntervalMs: pollInterval }),
  };
}
