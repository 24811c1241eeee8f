import { isJsonObject, itemsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import type { ToolServer } from './tool-server.ts';

type Of = {
  readonly transport: ToolServer['transport'];
  readonly takesTasks: boolean;
  readonly say: (line: string) => void;
};

/** A result of a server of 2026-07-28 as one with a handshake has it. */
export function handshakeOutcome(method: string, result: JsonObject, of: Of): RpcOutcome {
  const { resultType = 'complete', ttlMs: _ttl, cacheScope: _scope, _meta: _of, ...rest } = result;
  if (resultType === 'complete') return { result: method === 'tools/list' ? shownTools(rest, of) : rest };
  const why = 'the server answered in a way the gateway does not know';
  of.say(`an answer to "${method}" is refused: ${why}`);
  return method === 'tools/call'
    ? { result: { content: [{ type: 'text', text: `Sallyport: ${why}` }], isError: true } }
    : failed(rpcCodes.internal, `Sallyport: ${why}`);
}

/**
 * Arguments that have to stand in headers too are not sent there: such tools are left out over HTTP. Any may go on as a task where the
 * server has them.
 */
function shownTools(result: JsonObject, { transport, takesTasks, say }: Of): JsonObject {
  const all = itemsOf(result['tools']);
  const kept = transport === 'http' ? all.filter((tool) => !JSON.stringify(tool).includes('"x-mcp-header"')) : all;
  if (kept.length < all.length) say(`${all.length - kept.length} tools that want headers of their own are left out`);
  const execution = takesTasks ? { execution: { taskSupport: 'optional' } } : {};
  return { ...result, tools: kept.map((tool) => (isJsonObject(tool) ? { ...tool, ...execution } : tool)) };
}
