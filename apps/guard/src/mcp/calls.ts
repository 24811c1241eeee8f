import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { withBlobs, withoutBlobs } from './blobs.ts';
import type { Gate, GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcOutcome } from './json-rpc.ts';
import { createRate } from './limits.ts';
import { tasksExtension } from './modern-headers.ts';
import type { OfferList } from './offer-list.ts';
import type { CameBack, TaskCalls, Told } from './task-calls.ts';
import { createReachedRates } from './reached-rates.ts';
import { wantedTtl } from './task-state.ts';
import type { ToolList } from './tool-list.ts';
import type { AskerNeeds } from './upstream.ts';

type How = {
  readonly signal: AbortSignal;
  readonly onProgress?: (params: JsonObject) => void;
  /** The client's own id of its question. */
  readonly asker?: RpcId;
  /** What the client can be asked meanwhile. */
  readonly can?: JsonObject;
};
/** How a tool may be called as a task: the client asks for it, or takes what its server chooses. */
type AsTask = { readonly tasks: TaskCalls; readonly isAsked: boolean; readonly ttlMs?: number };

/** Calls on their way: what is judged before it goes, and told before its answer is handed on. */
export type Calls = {
  /**
   * `tools/call`. A no is a result with its reason, which the model reads; never silence. `tasks`: there where the server takes calls as
   * tasks; `isChosen`: it chooses which, for clients that take either.
   */
  tool(
    params: JsonObject,
    how: How & { readonly tools: ToolList; readonly tasks?: TaskCalls; readonly isChosen: boolean },
  ): Promise<RpcOutcome>;
  /** What a call that went on as a task brought. */
  taskResult(
    params: JsonObject,
    how: How & { readonly tools: ToolList; readonly tasks: TaskCalls },
  ): Promise<RpcOutcome>;
  /**
   * What names a resource or a prompt: it brings in what others wrote, as tools do, and tells the server what is asked for. A no is an
   * error with its reason.
   */
  bringing(method: BringingMethod, params: JsonObject, how: How & { readonly offers: OfferList }): Promise<RpcOutcome>;
  /** Why the next question of this name may not go now; undefined when it may. */
  mayGo(name: string): string | undefined;
  /** What was refused and not told yet is told. */
  end(): Promise<void>;
};

export type BringingMethod = keyof typeof bringings;
const bringings = {
  'resources/read': resourceOf,
  'resources/subscribe': resourceOf,
  'prompts/get': promptOf,
  'completion/complete': completionOf,
} as const;
const longestName = 4096;

/** What is judged of such a question, and what is sent: not a word more. */
type Bringing = {
  readonly kind: 'resource' | 'prompt';
  readonly name: string;
  readonly input: JsonObject;
  readonly params: JsonObject;
};

export function createCalls(needs: AskerNeeds & { readonly gate: Gate }): Calls {
  const { gate, upstream, limits, nowMs, newId, say } = needs;
  const all = createRate({ aMinute: limits.callsAMinute, nowMs });
  const each = createRate({ aMinute: limits.toolCallsAMinute, nowMs });
  const rates = createReachedRates({ gate, nowMs, say });
  let inFlight = 0;

  function mayGo(name: string): string | undefined {
    if (inFlight >= limits.maxInFlight) return `Sallyport: ${limits.maxInFlight} calls wait for their answer already`;
    const ofOne = each.take(name);
    const afterMs = ofOne ?? all.take('');
    if (afterMs === undefined) return undefined;
    rates.refused(ofOne === undefined ? 'calls' : 'tool_calls', name);
    return `Sallyport: too many calls a minute; wait ${Math.ceil(afterMs / 1000)} seconds`;
  }

  /** The whole way of a call. `no` puts a refusal in the words of its kind. */
  async function pass(
    call: GatedCall,
    sent: {
      readonly method: string;
      readonly params: (input: JsonObject) => JsonObject;
      /** Why it may not go any more: what was told of the server may have changed while it was judged. */
      readonly changed: () => Promise<string | undefined>;
      readonly no: (reason: string) => RpcOutcome;
      readonly asTask?: AsTask;
    },
    { signal, onProgress, asker, can }: How,
  ): Promise<RpcOutcome> {
    const { no, asTask } = sent;
    const refused = asTask?.tasks.mayBegin() ?? mayGo(`${call.kind} ${call.name}`);
    if (refused !== undefined) return no(refused);
    inFlight += 1;
    try {
      const judged = await gate.judge(call, signal);
      if (!judged.isLet) return no(judged.reason);
      const changed = await sent.changed();
      if (changed !== undefined) return no(`Sallyport: ${changed}`);
      if (signal.aborted) return no('Sallyport: the call was taken back');
      const beganMs = nowMs();
      const progress = new AbortController();
      const outcome = await upstream.ask({
        method: sent.method,
        params: {
          ...sent.params(judged.input ?? call.input),
          ...(asTask === undefined ? {} : { task: asTask.tasks.askedFor(asTask.ttlMs) }),
        },
        waitMs: limits.callMs,
        signal,
        ...(onProgress === undefined ? {} : { onProgress }),
        ...(asker === undefined ? {} : { asker }),
        ...(can === undefined ? {} : { can }),
        ...(asTask === undefined ? {} : { progressUntil: progress.signal }),
      });
      if (asTask !== undefined && 'result' in outcome && isJsonObject(outcome.result['task']))
        return await asTask.tasks.began(call, outcome.result, { no, progress });
      progress.abort();
      const durationMs = Math.max(0, Math.round(nowMs() - beganMs));
      const told = await tell(call, { outcome, durationMs }, no);
      return asTask?.isAsked === true && told.isHad && 'result' in told.outcome
        ? await asTask.tasks.isThere(call, told.outcome.result)
        : told.outcome;
    } finally {
      inFlight -= 1;
    }
  }

  /** What came back on its last way: measured, told, and as the client may have it. */
  async function tell(
    call: GatedCall,
    { outcome, durationMs, task }: CameBack,
    no: (reason: string) => RpcOutcome,
  ): Promise<Told> {
    const result = 'error' in outcome ? { error: outcome.error.message } : outcome.result;
    const bytes = Buffer.byteLength(JSON.stringify(result));
    const isTooLong = bytes > limits.maxResultBytes;
    const {
      withheld,
      result: instead,
      isOver,
    } = await gate.finished(call, {
      result: isTooLong ? { withheld: `${bytes} bytes` } : withoutBlobs(result),
      isSuccess: !('error' in outcome) && result['isError'] !== true,
      durationMs,
      ...(task === undefined ? {} : { task }),
    });
    if (withheld !== undefined) return { outcome: no(withheld), isHad: false, ...(isOver === true ? { isOver } : {}) };
    if (isTooLong) {
      const why = `Sallyport: the call ran, but its result has ${bytes} bytes, more than the ${limits.maxResultBytes} that are let; ask for less`;
      return { outcome: no(why), isHad: false };
    }
    if (instead === undefined) return { outcome, isHad: true };
    const redacted: RpcOutcome =
      'error' in outcome
        ? failed(outcome.error.code, textOf(instead['error']))
        : { result: withBlobs(instead, result) };
    return { outcome: redacted, isHad: true };
  }

  /** Whether the tool still is what it was when a call of it was judged. */
  async function changedSince(tools: ToolList, { name, digest }: Pick<GatedCall, 'name' | 'digest'>, while_: string) {
    const now = await tools.find(name);
    if ('reason' in now) return now.reason;
    return now.digest === digest ? undefined : `tool "${name}" changed while ${while_}`;
  }

  return {
    async tool(asked, { tools, tasks, isChosen, ...how }) {
      const { name, arguments: given = {}, task } = asked;
      if (typeof name !== 'string' || name === '' || name.length > 256)
        return failed(rpcCodes.invalidParams, '"name" must be a text of 1 to 256 characters');
      if (!isJsonObject(given)) return failed(rpcCodes.invalidParams, '"arguments" must be an object');
      if (task !== undefined && !isJsonObject(task)) return failed(rpcCodes.invalidParams, '"task" must be an object');
      const found = await tools.find(name);
      // Who asked for a task expects one, or an error: a result without it is neither.
      const no = (reason: string): RpcOutcome =>
        task !== undefined && tasks !== undefined ? failed(rpcCodes.invalidRequest, reason) : refusal(reason);
      if ('reason' in found) return no(`Sallyport: ${found.reason}`);
      // Where the server does not take tasks the wish for one is nothing, as MCP has it.
      const isAsked = task !== undefined && tasks !== undefined;
      if (isAsked && found.tasks === 'forbidden')
        return failed(rpcCodes.noSuchMethod, `Tool "${name}" is not called as a task`);
      const isTask = isAsked || (takesEither(how.can) && (isChosen || found.tasks === 'required'));
      const ttlMs = task === undefined ? undefined : wantedTtl(task);
      const asTask = { ...(ttlMs === undefined ? {} : { ttlMs }), isAsked };
      const call: GatedCall = { id: newId(), kind: 'tool', name, digest: found.digest, input: given };
      const changed = () => changedSince(tools, call, 'the call was judged; ask again');
      const params = (input: JsonObject): JsonObject => ({ name, arguments: input });
      return pass(
        call,
        {
          method: 'tools/call',
          params,
          changed,
          no,
          ...(isTask && tasks !== undefined && found.tasks !== 'forbidden' ? { asTask: { tasks, ...asTask } } : {}),
        },
        how,
      );
    },

    taskResult: (params, { tools, tasks, signal }) =>
      tasks.result(params, {
        signal,
        mayGo,
        changed: (call) => changedSince(tools, call, 'its task went on: its result waits until that is decided'),
        // What cannot be had now may be had later: an error, not what the call brought.
        tell: (call, back) => tell(call, back, (reason) => failed(rpcCodes.internal, reason)),
      }),

    async bringing(method, asked, { offers, ...how }) {
      const no = (reason: string): RpcOutcome => failed(rpcCodes.invalidRequest, reason);
      const read = bringings[method](asked);
      if (typeof read === 'string') return failed(rpcCodes.invalidParams, read);
      const { kind, name, input, params } = read;
      const found = await offers.find(kind, name);
      if ('reason' in found) return no(`Sallyport: ${found.reason}`);
      const call: GatedCall = { id: newId(), kind, name, input, ...found };
      const changed = async (): Promise<string | undefined> => {
        const now = await offers.find(kind, name);
        if ('reason' in now) return now.reason;
        return now.digest === found.digest ? undefined : `${kind} "${name}" changed while it was judged; ask again`;
      };
      return pass(call, { method, params: () => params, changed, no }, how);
    },

    mayGo,
    end: rates.end,
  };
}

/** A client of 2026-07-28 that takes a result or a task, as the server likes. */
export function takesEither(can: JsonObject | undefined): boolean {
  const extensions = can?.['extensions'];
  return isJsonObject(extensions) && isJsonObject(extensions[tasksExtension]);
}

/** As MCP has what a tool could not do: the model reads it, and does something else. */
function refusal(reason: string): RpcOutcome {
  return { result: { content: [{ type: 'text', text: reason }], isError: true } };
}

function resourceOf({ uri }: JsonObject): Bringing | string {
  return isName(uri) ? { kind: 'resource', name: uri, input: {}, params: { uri } } : nameless('uri');
}

function promptOf({ name, arguments: input = {} }: JsonObject): Bringing | string {
  if (!isName(name)) return nameless('name');
  if (!isJsonObject(input)) return '"arguments" must be an object';
  return { kind: 'prompt', name, input, params: { name, arguments: input } };
}

/** What a person has typed so far for an argument goes to the server. */
function completionOf({ ref, argument, context }: JsonObject): Bringing | string {
  if (!isJsonObject(ref) || !isJsonObject(argument)) return '"ref" and "argument" must be objects';
  const kind = ref['type'] === 'ref/prompt' ? 'prompt' : 'resource';
  const field = kind === 'prompt' ? 'name' : 'uri';
  const name = ref[field];
  if (!isName(name)) return nameless(`ref.${field}`);
  const { name: of, value } = argument;
  if (typeof of !== 'string' || typeof value !== 'string') return '"argument" must hold "name" and "value"';
  const input = { argument: { name: of, value }, ...(isJsonObject(context) ? { context } : {}) };
  return { kind, name, input, params: { ref: { type: `ref/${kind}`, [field]: name }, ...input } };
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longestName;
}

function nameless(field: string): string {
  return `"${field}" must be a text of 1 to ${longestName} characters`;
}
