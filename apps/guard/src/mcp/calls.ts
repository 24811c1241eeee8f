import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { withBlobs, withoutBlobs } from './blobs.ts';
import type { Gate, GatedCall } from './gate.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { createRate, type GatewayLimits } from './limits.ts';
import type { ToolList } from './tool-list.ts';
import type { Upstream } from './upstream.ts';

type How = {
  readonly tools: ToolList;
  readonly signal: AbortSignal;
  readonly onProgress?: (params: JsonObject) => void;
};

/** Calls on their way: what is judged before it goes, and told before its answer is handed on. */
export type Calls = {
  /** `tools/call`. A no is a result with its reason, which the model reads; never silence. */
  tool(params: JsonObject, how: How): Promise<RpcOutcome>;
  /** `resources/read` and `prompts/get`: they bring in what others wrote, as tools do. A no is an error with its reason. */
  bringing(kind: 'resource' | 'prompt', params: JsonObject, how: How): Promise<RpcOutcome>;
  /** Why the next question of this name may not go now; undefined when it may. */
  mayGo(name: string): string | undefined;
};

const methods = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;
const longestName = 4096;

export function createCalls({
  gate,
  upstream,
  limits,
  nowMs,
  newId,
}: {
  readonly gate: Gate;
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
  readonly newId: () => string;
}): Calls {
  const all = createRate({ aMinute: limits.callsAMinute, nowMs });
  const each = createRate({ aMinute: limits.toolCallsAMinute, nowMs });
  let inFlight = 0;

  function mayGo(name: string): string | undefined {
    if (inFlight >= limits.maxInFlight) return `Sallyport: ${limits.maxInFlight} calls wait for their answer already`;
    const afterMs = each.take(name) ?? all.take('');
    return afterMs === undefined
      ? undefined
      : `Sallyport: too many calls a minute; wait ${Math.ceil(afterMs / 1000)} seconds`;
  }

  /** The whole way of a call. `no` puts a refusal in the words of its kind. */
  async function pass(
    call: GatedCall,
    params: (input: JsonObject) => JsonObject,
    { signal, onProgress, no }: Omit<How, 'tools'> & { readonly no: (reason: string) => RpcOutcome },
  ): Promise<RpcOutcome> {
    const refused = mayGo(`${call.kind} ${call.name}`);
    if (refused !== undefined) return no(refused);
    inFlight += 1;
    try {
      const judged = await gate.judge(call, signal);
      if (!judged.isLet) return no(judged.reason);
      if (signal.aborted) return no('Sallyport: the call was taken back');
      const beganMs = nowMs();
      const outcome = await upstream.ask({
        method: methods[call.kind],
        params: params(judged.input ?? call.input),
        waitMs: limits.callMs,
        signal,
        ...(onProgress === undefined ? {} : { onProgress }),
      });
      const result = 'error' in outcome ? { error: outcome.error.message } : outcome.result;
      const bytes = Buffer.byteLength(JSON.stringify(result));
      const isTooLong = bytes > limits.maxResultBytes;
      const { withheld, result: instead } = await gate.finished(call, {
        result: isTooLong ? { withheld: `${bytes} bytes` } : withoutBlobs(result),
        isSuccess: !('error' in outcome) && result['isError'] !== true,
        durationMs: Math.max(0, Math.round(nowMs() - beganMs)),
      });
      if (withheld !== undefined) return no(withheld);
      if (isTooLong)
        return no(
          `Sallyport: the call ran, but its result has ${bytes} bytes, more than the ${limits.maxResultBytes} that are let; ask for less`,
        );
      if (instead === undefined) return outcome;
      return 'error' in outcome
        ? failed(outcome.error.code, textOf(instead['error']))
        : { result: withBlobs(instead, result) };
    } finally {
      inFlight -= 1;
    }
  }

  return {
    async tool(params, { tools, ...how }) {
      const { name, arguments: given = {}, task } = params;
      if (typeof name !== 'string' || name === '' || name.length > 256)
        return failed(rpcCodes.invalidParams, '"name" must be a text of 1 to 256 characters');
      if (!isJsonObject(given)) return failed(rpcCodes.invalidParams, '"arguments" must be an object');
      if (task !== undefined) return failed(rpcCodes.invalidParams, 'Sallyport does not pass on calls as tasks');
      const found = await tools.find(name);
      if ('reason' in found) return refusal(`Sallyport: ${found.reason}`);
      const call: GatedCall = { id: newId(), kind: 'tool', name, digest: found.digest, input: given };
      return pass(call, (input) => ({ name, arguments: input }), { ...how, no: refusal });
    },

    async bringing(kind, params, { tools, ...how }) {
      const field = kind === 'resource' ? 'uri' : 'name';
      const name = params[field];
      const given = params['arguments'] ?? {};
      if (typeof name !== 'string' || name === '' || name.length > longestName)
        return failed(rpcCodes.invalidParams, `"${field}" must be a text of 1 to ${longestName} characters`);
      if (!isJsonObject(given)) return failed(rpcCodes.invalidParams, '"arguments" must be an object');
      const no = (reason: string): RpcOutcome => failed(rpcCodes.invalidRequest, reason);
      const { isApproved, reason } = await tools.isApproved();
      if (!isApproved) return no(`Sallyport: ${reason}`);
      const call: GatedCall = { id: newId(), kind, name, input: given };
      const asked = (input: JsonObject) => (kind === 'resource' ? { uri: name } : { name, arguments: input });
      return pass(call, asked, { ...how, no });
    },

    mayGo,
  };
}

/** As MCP has what a tool could not do: the model reads it, and does something else. */
function refusal(reason: string): RpcOutcome {
  return { result: { content: [{ type: 'text', text: reason }], isError: true } };
}
