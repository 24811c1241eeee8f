import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createFindTask } from './find-task.ts';
import type { GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { createRate } from './limits.ts';
import { createTaskCare, type Began, type TaskCareNeeds } from './task-care.ts';
import { immediateResponse, isEnded, readTask, relatedTask } from './task-state.ts';
import { shownTask, type Task } from './task-table.ts';

type How = { readonly signal: AbortSignal };

/**
 * Calls of tools that go on as tasks of their server (MCP 2025-11-25). The client knows each by an id of ours, and those of this connection
 * alone; what one brings is told, measured and redacted when it is fetched, as of any call. A task ends with its time, with its run, and
 * with this gateway.
 */
export type TaskCalls = {
  /** Why another may not begin; undefined when it may. */
  mayBegin(): string | undefined;
  /** What to ask of the server: for how long it keeps what the task brings. */
  askedFor(wantedTtlMs: number | undefined): JsonObject;
  /** The server took a call as a task. `no` puts a refusal in the words of the call. */
  began(
    call: GatedCall,
    result: JsonObject,
    more: { readonly no: (reason: string) => RpcOutcome; readonly progress: AbortController },
  ): Promise<RpcOutcome>;
  /** The server answered at once whom asked for a task: it is one that is done. `result`: as it was told. */
  isThere(call: GatedCall, result: JsonObject): Promise<RpcOutcome>;
  get(params: JsonObject): Promise<RpcOutcome>;
  /**
   * What it brought, once it is there. `tell`: the way of any result to the client. `changed`: why its tool is not what it was when the
   * call was judged.
   */
  result(
    params: JsonObject,
    how: How & {
      readonly mayGo: (name: string) => string | undefined;
      readonly changed: (call: GatedCall) => Promise<string | undefined>;
      readonly tell: (call: GatedCall, back: CameBack) => Promise<Told>;
    },
  ): Promise<RpcOutcome>;
  cancel(params: JsonObject): Promise<RpcOutcome>;
  list(params: JsonObject): RpcOutcome;
  /** The server says how one of its tasks is; undefined for none of ours. Its words are left out: nobody has judged them. */
  noticed(params: JsonObject): JsonObject | undefined;
  /** Ours for one of the server's. */
  idOf(theirs: string): string | undefined;
  /** What gateways before this one left: told of, and taken back where that can be. To be called once the server is there. */
  tellLeft(): Promise<void>;
  /** Nothing goes on any more. */
  end(reason: string): Promise<void>;
};

/** What came of a call, not told yet. */
export type CameBack = { readonly outcome: RpcOutcome; readonly durationMs: number; readonly task?: string };
/** What the client has of it; `isHad`: all of it. */
export type Told = { readonly outcome: RpcOutcome; readonly isHad: boolean; readonly isOver?: true };

/** Of its arguments: enough for whoever judges to know the call again, what is longer is dropped. */
const longestInput = 64 * 1024;

export function createTaskCalls(needs: TaskCareNeeds): TaskCalls {
  const { gate, upstream, limits, nowMs, newId, say, canCancel } = needs;
  const care = createTaskCare(needs);
  const { table } = care;
  const find = createFindTask(needs, care);
  /** Each of them stands in the record: one server says no more than that of all its tasks. */
  const spoken = createRate({ aMinute: limits.taskQuestionsAMinute, nowMs });
  /** What its server says of it, told before anybody reads it; nothing where it said that before. */
  async function hear(task: Task<Began>, message: string | undefined): Promise<void> {
    if (message === undefined || message === task.said || task.ended !== undefined) return;
    if (spoken.take('') !== undefined) return;
    const { withheld, words, isOver } = await gate.task(task.of.call, {
      task: task.id,
      change: 'said',
      words: { statusMessage: message },
    });
    if (isOver === true) await care.over(withheld ?? 'the run is over');
    if (withheld !== undefined) return;
    task.said = message;
    task.message = textOf((words ?? { statusMessage: message })['statusMessage']);
  }

  async function fetchKept(task: Task<Began>, kept: JsonObject): Promise<RpcOutcome> {
    // What it brought was told when it came; whether it may still be had is asked, and what cannot be asked is a no.
    const { withheld, isOver } = await gate.task(task.of.call, { task: task.id, change: 'said' });
    if (isOver === true) await care.over(withheld ?? 'the run is over');
    if (isEndedByUs(task)) return failed(rpcCodes.internal, task.ended ?? '');
    if (withheld !== undefined) return failed(rpcCodes.internal, withheld);
    task.isSettled = true;
    care.drop(task.id);
    return { result: withRelated(kept, task.id) };
  }

  return {
    mayBegin() {
      if (care.overFor() !== undefined) return `Sallyport: ${care.overFor() ?? ''}`;
      return table.hasRoom() ? undefined : `Sallyport: ${limits.maxTasks} tasks go on already`;
    },

    askedFor: (wantedTtlMs) => ({ ttl: Math.min(wantedTtlMs ?? limits.taskMs, limits.taskMs) }),

    async began(call, result, { no, progress }) {
      const refuse = (reason: string): RpcOutcome => {
        progress.abort();
        return no(reason);
      };
      const said = readTask(result['task']);
      if (typeof said === 'string') return refuse(`Sallyport: the server answered with ${said}`);
      const isOfAnother = table.isTaken(said.taskId);
      const task = table.add(said, { call: shortened(call), progress });
      if (task === undefined && !isOfAnother) {
        // Others began while this one was judged: it does not go on where nobody looks after it.
        const reason = `Sallyport: ${limits.maxTasks} tasks go on already`;
        await Promise.all([
          care.cancelThere(said.taskId),
          gate.task(call, { task: newId(), change: 'abandoned', reason }),
        ]);
        return refuse(reason);
      }
      if (task === undefined) {
        say('the server gave a task the id of another');
        return refuse('Sallyport: the server gave this task the id of another; nothing of it is to be had');
      }
      task.over.signal.addEventListener('abort', () => progress.abort(), { once: true });
      const lost = await care.keep(task, { goesOn: false });
      if (lost !== undefined) return refuse(lost);
      const meta = isJsonObject(result['_meta']) ? result['_meta'] : {};
      const immediate = meta[immediateResponse];
      const words = {
        ...(said.message === undefined ? {} : { statusMessage: said.message }),
        ...(typeof immediate === 'string' ? { [immediateResponse]: immediate.slice(0, 16_384).toWellFormed() } : {}),
      };
      const heard = await gate.task(call, {
        task: task.id,
        change: 'began',
        ...(Object.keys(words).length === 0 ? {} : { words }),
      });
      if (heard.withheld !== undefined) {
        await care.stop(task, 'abandoned', 'that it began cannot be recorded, or it may not go on');
        if (heard.isOver === true) await care.over(heard.withheld);
        return refuse(heard.withheld);
      }
      // What nobody judged, or what is not on record, is gone on with by nobody; nor what is not known by all its arguments.
      const goesOn = heard.isUnasked !== true && heard.isUnheard !== true && call === task.of.call;
      const unkept = goesOn ? await care.keep(task, { goesOn }) : undefined;
      if (unkept !== undefined) return refuse(unkept);
      const shown = heard.words ?? words;
      if (said.message !== undefined) {
        task.said = said.message;
        task.message = textOf(shown['statusMessage']);
      }
      care.keepBeating();
      const at = shown[immediateResponse];
      return {
        result: { task: shownTask(task), ...(typeof at === 'string' ? { _meta: { [immediateResponse]: at } } : {}) },
      };
    },

    async isThere(call, result) {
      const status = result['isError'] === true ? 'failed' : 'completed';
      const task = table.add({ taskId: `here ${newId()}`, status }, { call: shortened(call), kept: result });
      // The result is there all the same.
      if (task === undefined) return { result };
      const lost = await care.keep(task, { goesOn: false });
      if (lost !== undefined) return failed(rpcCodes.internal, lost);
      const { withheld } = await gate.task(call, { task: task.id, change: 'began' });
      if (withheld !== undefined) {
        await care.stop(task, 'abandoned', 'that it began cannot be recorded, or it may not go on');
        return failed(rpcCodes.internal, withheld);
      }
      care.keepBeating();
      return { result: { task: { ...shownTask(task), status: 'working' } } };
    },

    async get(params) {
      const task = await find(params);
      if (!('theirs' in task)) return task;
      if (task.ended !== undefined || task.of.kept !== undefined) return { result: shownTask(task) };
      const outcome = await upstream.ask({
        method: 'tasks/get',
        params: { taskId: task.theirs },
        waitMs: limits.requestMs,
      });
      // Words of such an error nobody has judged.
      if ('error' in outcome) return failed(outcome.error.code, 'Sallyport: the server does not say how this task is');
      const said = readTask(outcome.result);
      if (typeof said === 'string' || said.taskId !== task.theirs)
        return failed(rpcCodes.internal, 'Sallyport: the server did not answer about this task');
      table.note(task, said);
      await hear(task, said.message);
      return { result: shownTask(task) };
    },

    async result(params, { signal, mayGo, changed, tell }) {
      const task = await find(params, signal);
      if (!('theirs' in task)) return task;
      const { call } = task.of;
      const ended = (): RpcOutcome => failed(rpcCodes.internal, task.ended ?? 'Sallyport: it was ended');
      if (task.ended !== undefined) return ended();
      if (care.overFor() !== undefined) return failed(rpcCodes.internal, `Sallyport: ${care.overFor() ?? ''}`);
      const refused = mayGo(`tool ${call.name}`);
      if (refused !== undefined) return failed(rpcCodes.internal, refused);
      const before = await changed(call);
      if (before !== undefined) return failed(rpcCodes.internal, `Sallyport: ${before}`);
      if (task.of.kept !== undefined) return fetchKept(task, task.of.kept);
      const outcome = await upstream.ask({
        method: 'tasks/result',
        params: { taskId: task.theirs },
        waitMs: Math.max(limits.requestMs, task.untilMs - nowMs()),
        signal: AbortSignal.any([signal, task.over.signal]),
      });
      if (isEndedByUs(task)) return ended();
      if (signal.aborted) return failed(rpcCodes.internal, 'Sallyport: the question was taken back');
      const after = await changed(call);
      if (after !== undefined) return failed(rpcCodes.internal, `Sallyport: ${after}`);
      const back = {
        outcome: 'error' in outcome ? outcome : { result: withRelated(outcome.result, task.id) },
        durationMs: Math.max(0, Math.round(nowMs() - task.atMs)),
        task: task.id,
      };
      const had = await tell(call, back);
      if (had.isOver === true) await care.over('error' in had.outcome ? had.outcome.error.message : 'the run is over');
      if (isEndedByUs(task)) return ended();
      if (!had.isHad) return had.outcome;
      // An error may be of the way there: what the task came to is for its server to say.
      if ('result' in outcome || isEnded(task.status)) {
        const isFailed = 'error' in outcome || outcome.result['isError'] === true;
        table.note(task, { status: isFailed ? 'failed' : 'completed' });
        task.isSettled = true;
        task.of.progress?.abort();
        care.drop(task.id);
      }
      return had.outcome;
    },

    async cancel(params) {
      const task = await find(params);
      if (!('theirs' in task)) return task;
      if (isEnded(task.status))
        return failed(rpcCodes.invalidParams, `Cannot cancel task: it is "${task.status}" already`);
      if (!canCancel) return failed(rpcCodes.noSuchMethod, 'The server cannot cancel tasks');
      const outcome = await upstream.ask({
        method: 'tasks/cancel',
        params: { taskId: task.theirs },
        waitMs: limits.requestMs,
      });
      if ('error' in outcome) return failed(outcome.error.code, 'Sallyport: the server did not cancel this task');
      table.note(task, { status: 'cancelled' });
      await care.settle(task, 'cancelled', 'the client took it back');
      return { result: shownTask(task) };
    },

    list: ({ cursor }) =>
      cursor === undefined
        ? { result: { tasks: table.all().map(shownTask) } }
        : failed(rpcCodes.invalidParams, 'There is no such cursor'),

    noticed(params) {
      const said = readTask(params);
      const task = typeof said === 'string' ? undefined : table.byTheirs(said.taskId);
      if (typeof said === 'string' || task === undefined || task.ended !== undefined) return undefined;
      table.note(task, said);
      return shownTask(task);
    },

    idOf: (theirs) => table.byTheirs(theirs)?.id,

    tellLeft: care.tellLeft,
    end: care.end,
  };
}

/** Where there are too many: a call with no arguments would be another. */
function shortened(call: GatedCall): GatedCall {
  return JSON.stringify(call.input).length > longestInput
    ? { ...call, input: { left_out: `${longestInput} bytes` } }
    : call;
}

function isEndedByUs(task: { readonly ended?: string }): boolean {
  return task.ended !== undefined;
}

function withRelated(result: JsonObject, taskId: string): JsonObject {
  const { _meta: given, ...rest } = result;
  return { ...rest, _meta: { ...(isJsonObject(given) ? given : {}), [relatedTask]: { taskId } } };
}
