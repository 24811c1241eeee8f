import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { handshakeVersions } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { RpcOutcome } from './json-rpc.ts';
import { metaNames, modernVersion, tasksExtension, versionIn } from './modern-headers.ts';

/** With how each result may be kept: not at all, since who may see what can change at any time. */
export const lists: ReadonlySet<string> = new Set([
  'tools/list',
  'resources/list',
  'resources/templates/list',
  'prompts/list',
  'resources/read',
]);
const known: ReadonlySet<string> = new Set([
  ...lists,
  'tools/call',
  'prompts/get',
  'completion/complete',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
]);
/** Which may be answered by a question. */
export const withRounds: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);
/** What a request of this version must say of itself, and what the gateway does not do. */
export function refusalOf(method: string, params: JsonObject): RpcOutcome | undefined {
  const version = versionIn(params);
  if (version !== modernVersion)
    return failed(rpcCodes.unsupportedVersion, 'Unsupported protocol version', {
      supported: [modernVersion, ...handshakeVersions],
      requested: typeof version === 'string' ? version.slice(0, 100) : null,
    });
  const meta = params['_meta'];
  if (!isJsonObject(meta) || !isJsonObject(meta[metaNames.clientCapabilities]))
    return failed(rpcCodes.invalidParams, `"_meta" must hold "${metaNames.clientCapabilities}"`);
  const isAgain = params['inputResponses'] !== undefined || params['requestState'] !== undefined;
  if (isAgain && !withRounds.has(method) && method !== 'tasks/update')
    return failed(rpcCodes.invalidParams, `"${method.slice(0, 100)}" has no rounds`);
  if (method === 'server/discover' || method === 'subscriptions/listen' || known.has(method)) return undefined;
  return failed(rpcCodes.noSuchMethod, `Sallyport does not pass on "${method.slice(0, 100)}" in ${modernVersion}`);
}

/** Messages of its log belong to single requests there, which a server with a handshake does not tell apart. Tasks are an extension. */
export function asModern({ logging: _logging, tasks, ...capabilities }: JsonObject): JsonObject {
  return tasks === undefined ? capabilities : { ...capabilities, extensions: { [tasksExtension]: {} } };
}

/** How a tool is asked is for the server to say with each call. */
export function withoutExecution(tool: JsonValue): JsonValue {
  if (!isJsonObject(tool)) return tool;
  const { execution: _execution, ...rest } = tool;
  return rest;
}
