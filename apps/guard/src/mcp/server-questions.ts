import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Lettable } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome, RpcRequest } from './json-rpc.ts';
import { createRate, type GatewayLimits } from './limits.ts';
import { askable } from './passing.ts';
import type { Questions } from './questions.ts';
import type { TaskCalls } from './task-calls.ts';
import { relatedIn } from './task-state.ts';
import type { ToolList } from './tool-list.ts';

/** What stands between the two once they agreed; before that a server may ask for nothing. */
type Agreed = {
  readonly tools: Pick<ToolList, 'isApproved'> | undefined;
  readonly tasks: Pick<TaskCalls, 'idOf'> | undefined;
  /** What the client can be asked, as far as it is let. */
  readonly can: JsonObject;
};

/**
 * Answers what a server asks of its client: nothing before somebody approved it, nothing that is not let, and not more often than it may.
 * What belongs to a task of another, or of nobody, is asked of no one.
 */
export function createServerQuestions({
  limits,
  lets,
  nowMs,
  say,
  questions,
  agreed,
}: {
  readonly limits: Pick<GatewayLimits, 'questionsAMinute'>;
  readonly lets: ReadonlySet<Lettable>;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
  readonly questions: Pick<Questions, 'ask' | 'tasks'>;
  readonly agreed: () => Agreed;
}): (request: RpcRequest, signal: AbortSignal) => Promise<RpcOutcome> {
  const rate = createRate({ aMinute: limits.questionsAMinute, nowMs });
  return async function answer({ method, params, of }, signal) {
    if (method === 'ping') return { result: {} };
    const { tools, can } = agreed();
    if (isJsonObject(can['tasks'])) {
      const about = questions.tasks.answer({ method, params }, signal);
      if (about !== undefined) return about;
    }
    const asks = askable.get(method);
    if (asks === undefined)
      return failed(rpcCodes.noSuchMethod, `Sallyport does not pass on "${method.slice(0, 100)}"`);
    const wait = rate.take('');
    if (wait !== undefined)
      return failed(
        rpcCodes.internal,
        `Sallyport: at most ${limits.questionsAMinute} questions a minute; again in ${Math.ceil(wait / 1000)} s`,
      );
    if (!lets.has(asks) || (await tools?.isApproved())?.isApproved !== true) {
      say(`the server asked for ${asks}, which is not let`);
      return failed(rpcCodes.noSuchMethod, `Sallyport: this server may not ask for ${asks}`);
    }
    const related = relatedIn(params);
    const task = related === undefined ? undefined : agreed().tasks?.idOf(related);
    if (related !== undefined && task === undefined) return failed(rpcCodes.invalidParams, 'Task not found');
    // What belongs to a task is asked for no question that happens to wait.
    return questions.ask({ method, params }, signal, {
      of: task === undefined ? of : undefined,
      task,
      mayBeTask: mayBeTask(agreed().can, asks),
    });
  };
}

/** Whether the client may answer it as a task. */
function mayBeTask({ tasks }: JsonObject, asks: Lettable): boolean {
  const requests = isJsonObject(tasks) ? tasks['requests'] : undefined;
  return isJsonObject(requests) && isJsonObject(requests[asks]);
}
