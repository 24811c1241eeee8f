import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { RpcMessage } from './json-rpc.ts';

/** The first version without a handshake: each message says what it speaks. */
export const modernVersion = '2026-07-28';
export const metaNames = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** Calls that go on, as 2026-07-28 has them (SEP-2663): in the capabilities of either side. */
export const tasksExtension = 'io.modelcontextprotocol/tasks';

/** The version a message says it speaks; undefined for those of the time of handshakes. */
export function versionIn(params: JsonObject): JsonValue | undefined {
  const meta = params['_meta'];
  return isJsonObject(meta) ? meta[metaNames.version] : undefined;
}

/** What a message of 2026-07-28 says in its headers too; undefined for any other. */
export function modernHeaders(message: RpcMessage): Record<string, string> | undefined {
  if (message.kind === 'response') return undefined;
  const version = versionIn(message.params);
  if (typeof version !== 'string') return undefined;
  const name = nameIn(message.method, message.params);
  return {
    'mcp-protocol-version': version,
    'mcp-method': message.method,
    ...(name === undefined ? {} : { 'mcp-name': headerOf(name) }),
  };
}

/** What `Mcp-Name` says of a message; undefined where it says nothing. */
export function nameIn(method: string, params: JsonObject): string | undefined {
  const field = namedBy.get(method);
  const name = field === undefined ? undefined : params[field];
  return typeof name === 'string' ? name : undefined;
}

const namedBy: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** A text as a header may hold it. */
function headerOf(text: string): string {
  const isPlain = /^(?:[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text);
  return isPlain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** The text that such a header holds. */
export function fromHeader(text: string): string {
  const encoded = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/.exec(text)?.[1];
  return encoded === undefined ? text : Buffer.from(encoded, 'base64').toString('utf8');
}
