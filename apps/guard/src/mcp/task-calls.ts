import { isJsonObject, textOf } from '@sallyport/contracts';
import type { AgentTaskChange, JsonObject } from '@sallyport/contracts';
import type { Gate, GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { createLeftTasks } from './left-tasks.ts';
import { createRate, type GatewayLimits } from './limits.ts';
import type { TaskFile } from './task-file.ts';
import { immediateResponse, isEnded, readTask, relatedTask } from './task-state.ts';
import { createTaskTable, shownTask, type Task } from './task-table.ts';
import type { Upstream } from './upstream.ts';

/** What a task is of: the call that was judged. */
type Began = {
  readonly call: GatedCall;
  /** Told already; the server knows of no task. */
  readonly kept?: JsonObject;
  /** Aborted once nothing of its progress is heard any more. */
  readonly progress?: AbortController;
};
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
const endMs = 2000;
/** After a start: what was left by who fell a moment ago. */
const leftAgainMs = 20_000;

export function createTaskCalls({
  gate,
  upstream,
  limits,
  nowMs,
  newId,
  say,
  canCancel,
  target,
  transport,
  file,
}: {
  readonly gate: Pick<Gate, 'task' | 'standing'>;
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly limits: Pick<GatewayLimits, 'maxTasks' | 'taskMs' | 'taskQuestionsAMinute' | 'taskBeatMs' | 'requestMs'>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly say: (line: string) => void;
  readonly canCancel: boolean;
  readonly target: string;
  readonly transport: 'stdio' | 'http';
  readonly file?: TaskFile;
}): TaskCalls {
  const table = createTaskTable<Began>({
    most: limits.maxTasks,
    longestMs: limits.taskMs,
    nowMs,
    newId,
    forgotten: (task) => void settle(task, 'abandoned', 'its result was never fetched').catch(told),
  });
  const polls = createRate({ aMinute: limits.taskQuestionsAMinute, nowMs });
  /** Each of them stands in the record: one server says no more than that of all its tasks. */
  const spoken = createRate({ aMinute: limits.taskQuestionsAMinute, nowMs });
  let beating: NodeJS.Timeout | undefined;
  let overFor: string | undefined;
  const left = createLeftTasks({
    gate,
    target,
    say,
    ...(file === undefined ? {} : { file }),
    ...(transport === 'http' && canCancel ? { cancelThere } : {}),
  });

  function told(error: unknown): void {
    say(`what became of a task cannot be told: ${String(error)}`);
  }

  /** Nothing comes of it any more, and that stands in the record. */
  async function settle(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void> {
    task.isSettled = true;
    task.of.progress?.abort();
    const { withheld } = await gate.task(task.of.call, { task: task.id, change, reason });
    // What could not be told is told by the gateway after this one.
    if (withheld === undefined) drop(task.id);
    else say(`task ${task.id}: ${withheld}`);
  }

  function drop(id: string): void {
    try {
      file?.drop(id);
    } catch (error) {
      say(`what is under way cannot be kept: ${String(error)}`);
    }
  }

  /** Ends it here, and asks the server to. */
  async function stop(task: Task<Began>, change: AgentTaskChange, reason: string): Promise<void> {
    const wasOpen = !isEnded(task.status);
    table.end(task, `Sallyport: ${reason}`);
    await Promise.all([
      wasOpen && task.of.kept === undefined ? cancelThere(task.theirs) : undefined,
      settle(task, change, reason).catch(told),
    ]);
  }

  async function cancelThere(theirs: string): Promise<void> {
    if (canCancel) await upstream.ask({ method: 'tasks/cancel', params: { taskId: theirs }, waitMs: endMs });
  }

  async function over(reason: string): Promise<void> {
    overFor ??= reason;
    await Promise.all(table.unsettled().map((task) => stop(task, 'abandoned', reason)));
  }

  async function beat(): Promise<void> {
    const open = table.unsettled();
    if (open.length === 0) return;
    mark();
    // Their server may never answer: whoever looks after the others does not wait for it.
    for (const task of open.filter(({ untilMs }) => nowMs() >= untilMs))
      void stop(task, 'expired', `it was not done within ${Math.round((task.untilMs - task.atMs) / 1000)} s`).catch(
        told,
      );
    const going = table.unsettled();
    if (going.length === 0) return;
    const standing = await gate.standing();
    const held = standing?.held;
    if (standing?.over !== undefined) await over(standing.over);
    else if (held !== undefined) await Promise.all(going.map((task) => stop(task, 'abandoned', held)));
    if (left.isUntold()) void left.tell().catch(told);
  }

  /** What cannot be marked is looked after all the same. */
  function mark(): void {
    try {
      file?.beat();
    } catch (error) {
      say(`what is under way cannot be kept: ${String(error)}`);
    }
  }

  /** While anything goes on. */
  function keepBeating(): void {
    if (beating !== undefined || table.unsettled().length === 0) return;
    beating = setTimeout(() => {
      beat()
        .catch((error: unknown) => say(`tasks cannot be looked after: ${String(error)}`))
        .finally(() => {
          beating = undefined;
          keepBeating();
        });
    }, limits.taskBeatMs).unref();
  }

  function find(params: JsonObject): Task<Began> | RpcOutcome {
    const id = textOf(params['taskId']);
    const task = table.byId(id);
    const wait = polls.take(task?.id ?? '');
    if (wait !== undefined)
      return failed(rpcCodes.internal, `Sallyport: too many questions about tasks; wait ${Math.ceil(wait / 1000)} s`);
    if (task !== undefined) return task;
    const wasLeft = id !== '' && file?.wasLeft(id) === true;
    return failed(
      rpcCodes.invalidParams,
      wasLeft
        ? 'Sallyport: Task not found: the gateway it began with was ended, so it was abandoned and its result is not to be had'
        : 'Task not found',
    );
  }

  /** What its server says of it, told before anybody reads it; nothing where it said that before. */
  async function hear(task: Task<Began>, message: string | undefined): Promise<void> {
    if (message === undefined || message === task.said || task.ended !== undefined) return;
    if (spoken.take('') !== undefined) return;
    const { withheld, words, isOver } = await gate.task(task.of.call, {
      task: task.id,
      change: 'said',
      words: { statusMessage: message },
    });
    if (isOver === true) await over(withheld ?? 'the run is over');
    if (withheld !== undefined) return;
    task.said = message;
    task.message = textOf((words ?? { statusMessage: message })['statusMessage']);
  }

  /** It began, for the gateway after this one; the reason where that cannot be. */
  async function keep(task: Task<Began>): Promise<string | undefined> {
    const { id, digest, name } = task.of.call;
    try {
      file?.keep({
        id: task.id,
        theirs: task.theirs,
        target,
        callId: id,
        tool: name,
        ...(digest === undefined ? {} : { digest }),
      });
      return undefined;
    } catch (error) {
      await stop(task, 'abandoned', `it cannot be kept (${String(error)})`);
      return task.ended;
    }
  }

  async function fetchKept(task: Task<Began>, kept: JsonObject): Promise<RpcOutcome> {
    // What it brought was told when it came; whether it may still be had is asked, and what cannot be asked is a no.
    const { withheld, isOver } = await gate.task(task.of.call, { task: task.id, change: 'said' });
    if (isOver === true) await over(withheld ?? 'the run is over');
    if (isEndedByUs(task)) return failed(rpcCodes.internal, task.ended ?? '');
    if (withheld !== undefined) return failed(rpcCodes.internal, withheld);
    task.isSettled = true;
    drop(task.id);
    return { result: withRelated(kept, task.id) };
  }

  return {
    mayBegin() {
      if (overFor !== undefined) return `Sallyport: ${overFor}`;
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
      const isOfAnother = table.byTheirs(said.taskId) !== undefined;
      const task = table.add(said, { call: shortened(call), progress });
      if (task === undefined && !isOfAnother) {
        // Others began while this one was judged: it does not go on where nobody looks after it.
        const reason = `Sallyport: ${limits.maxTasks} tasks go on already`;
        await Promise.all([cancelThere(said.taskId), gate.task(call, { task: newId(), change: 'abandoned', reason })]);
        return refuse(reason);
      }
      if (task === undefined) {
        say('the server gave a task the id of another');
        return refuse('Sallyport: the server gave this task the id of another; nothing of it is to be had');
      }
      task.over.signal.addEventListener('abort', () => progress.abort(), { once: true });
      const lost = await keep(task);
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
        await stop(task, 'abandoned', 'that it began cannot be recorded, or it may not go on');
        if (heard.isOver === true) await over(heard.withheld);
        return refuse(heard.withheld);
      }
      const shown = heard.words ?? words;
      if (said.message !== undefined) {
        task.said = said.message;
        task.message = textOf(shown['statusMessage']);
      }
      keepBeating();
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
      const lost = await keep(task);
      if (lost !== undefined) return failed(rpcCodes.internal, lost);
      const { withheld } = await gate.task(call, { task: task.id, change: 'began' });
      if (withheld !== undefined) {
        await stop(task, 'abandoned', 'that it began cannot be recorded, or it may not go on');
        return failed(rpcCodes.internal, withheld);
      }
      keepBeating();
      return { result: { task: { ...shownTask(task), status: 'working' } } };
    },

    async get(params) {
      const task = find(params);
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
      const task = find(params);
      if (!('theirs' in task)) return task;
      const { call } = task.of;
      const ended = (): RpcOutcome => failed(rpcCodes.internal, task.ended ?? 'Sallyport: it was ended');
      if (task.ended !== undefined) return ended();
      if (overFor !== undefined) return failed(rpcCodes.internal, `Sallyport: ${overFor}`);
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
      if (had.isOver === true) await over('error' in had.outcome ? had.outcome.error.message : 'the run is over');
      if (isEndedByUs(task)) return ended();
      if (!had.isHad) return had.outcome;
      // An error may be of the way there: what the task came to is for its server to say.
      if ('result' in outcome || isEnded(task.status)) {
        const isFailed = 'error' in outcome || outcome.result['isError'] === true;
        table.note(task, { status: isFailed ? 'failed' : 'completed' });
        task.isSettled = true;
        task.of.progress?.abort();
        drop(task.id);
      }
      return had.outcome;
    },

    async cancel(params) {
      const task = find(params);
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
      await settle(task, 'cancelled', 'the client took it back');
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

    async tellLeft() {
      await left.tell();
      setTimeout(() => void left.tell().catch(told), leftAgainMs).unref();
    },

    async end(reason) {
      clearTimeout(beating);
      const all = over(reason).catch(told);
      let late: NodeJS.Timeout | undefined;
      await Promise.race([all, new Promise<void>((resolve) => (late = setTimeout(resolve, endMs)))]);
      clearTimeout(late);
    },
  };
}

function shortened(call: GatedCall): GatedCall {
  return JSON.stringify(call.input).length > longestInput ? { ...call, input: {} } : call;
}

function isEndedByUs(task: { readonly ended?: string }): boolean {
  return task.ended !== undefined;
}

function withRelated(result: JsonObject, taskId: string): JsonObject {
  const { _meta: given, ...rest } = result;
  return { ...rest, _meta: { ...(isJsonObject(given) ? given : {}), [relatedTask]: { taskId } } };
}
