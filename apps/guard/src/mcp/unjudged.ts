import { textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcId, RpcOutcome, RpcRequest } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import { passedOn } from './passing.ts';
import type { ToolList } from './tool-list.ts';
import type { Upstream } from './upstream.ts';

/** What passes to an approved server without being judged: a word of the question, and no address it was not told before. */
export type Unjudged = {
  passOn(
    request: RpcRequest,
    how: {
      readonly tools: Pick<ToolList, 'isApproved'>;
      readonly signal: AbortSignal;
      readonly asker: RpcId;
      readonly can: JsonObject;
      readonly onProgress?: (params: JsonObject) => void;
    },
  ): Promise<RpcOutcome>;
  /** Addresses the server was told when that was judged. */
  readonly subscribed: { add(uri: string): void };
};

const maxSubscribed = 1000;
const longestText = 4096;

export function createUnjudged({
  upstream,
  mayGo,
  limits,
}: {
  readonly upstream: Pick<Upstream, 'ask'>;
  /** Why it may not go now. */
  readonly mayGo: (name: string) => string | undefined;
  readonly limits: Pick<GatewayLimits, 'requestMs' | 'maxResultBytes'>;
}): Unjudged {
  const subscribed = new Set<string>();
  return {
    async passOn({ method, params }, { tools, ...how }) {
      const passing = passedOn.get(method);
      if (passing === undefined)
        return failed(rpcCodes.noSuchMethod, `Sallyport does not pass on "${method.slice(0, 100)}"`);
      const { isApproved, reason } = await tools.isApproved();
      if (!isApproved) return failed(rpcCodes.invalidRequest, `Sallyport: ${reason}`);
      // The server hears no address from here that it was not told when it was judged.
      if (method === 'resources/unsubscribe' && !subscribed.delete(textOf(params['uri']))) return { result: {} };
      const refused = mayGo(method);
      if (refused !== undefined) return failed(rpcCodes.internal, refused);
      const given = textOf(params[passing.field]);
      const outcome = await upstream.ask({
        method,
        params: given === '' ? {} : { [passing.field]: given.slice(0, longestText) },
        waitMs: limits.requestMs,
        ...how,
      });
      return 'error' in outcome || !isLonger(outcome.result, limits.maxResultBytes)
        ? outcome
        : failed(rpcCodes.internal, `Sallyport: the answer is longer than ${limits.maxResultBytes} bytes`);
    },
    subscribed: {
      add(uri) {
        if (subscribed.size < maxSubscribed) subscribed.add(uri);
      },
    },
  };
}

function isLonger(value: JsonValue, bytes: number): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > bytes;
}
