import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** As JSON-RPC 2.0 and MCP have them: a text or an integer, never null. */
export type RpcId = string | number;
export type RpcError = { readonly code: number; readonly message: string; readonly data?: JsonValue };
export type RpcRequest = {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
  /** Never on the wire. Which question it is asked for, by the id it has where this is heard. */
  readonly of?: RpcId;
  /** Never on the wire. What whoever asks can be asked in turn, where each question says so. */
  readonly can?: JsonObject;
};
export type RpcNotification = { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject };
export type RpcOutcome = { readonly result: JsonObject } | { readonly error: RpcError };
export type RpcResponse = { readonly kind: 'response'; readonly id: RpcId; readonly outcome: RpcOutcome };
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** What is no message. `id`: whose it would have been, where that can be told. */
export type Refused = { readonly kind: 'refused'; readonly code: number; readonly reason: string; readonly id?: RpcId };
export type ReadMessage = RpcMessage | Refused;

export const rpcCodes = {
  parse: -32700,
  invalidRequest: -32600,
  noSuchMethod: -32601,
  invalidParams: -32602,
  internal: -32603,
  headerMismatch: -32020,
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;

const longest = { id: 256, method: 200, message: 2000 } as const;
/** No call of a tool is nested like that; what walks over it later may recurse. */
const maxDepth = 64;

/**
 * Reads one message. Never throws. What is passed on is written anew from what was read here: both sides see what was judged, however
 * odd the text was (a name that stands twice, bytes after the end).
 */
export function readMessage(text: string): ReadMessage {
  if (isDeep(text))
    return { kind: 'refused', code: rpcCodes.parse, reason: `nested deeper than ${maxDepth}`, ...idNear(text) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'refused', code: rpcCodes.parse, reason: 'no JSON' };
  }
  if (Array.isArray(value))
    return { kind: 'refused', code: rpcCodes.invalidRequest, reason: 'a batch, must be one message' };
  if (!isJsonObject(value)) return { kind: 'refused', code: rpcCodes.invalidRequest, reason: 'no object' };
  return readObject(value);
}

function readObject(value: JsonObject): ReadMessage {
  const { id, method } = value;
  const known = isId(id) ? { id } : {};
  const refuse = (reason: string): Refused => ({
    kind: 'refused',
    code: rpcCodes.invalidRequest,
    reason,
    ...known,
  });
  if (value['jsonrpc'] !== '2.0') return refuse('"jsonrpc" must be "2.0"');
  const has = (name: string): boolean => Object.hasOwn(value, name);
  if (has('id') && !isId(id)) return refuse(`"id" must be an integer or a text of at most ${longest.id} characters`);
  if (has('method')) {
    if (typeof method !== 'string' || method === '' || method.length > longest.method)
      return refuse(`"method" must be a text of 1 to ${longest.method} characters`);
    if (has('result') || has('error')) return refuse('both a question and an answer');
    const params = value['params'] ?? {};
    if (!isJsonObject(params)) return refuse('"params" must be an object');
    return isId(id) ? { kind: 'request', id, method, params } : { kind: 'notification', method, params };
  }
  if (!isId(id)) return refuse('an answer without "id"');
  if (has('result') === has('error')) return refuse('must have either "result" or "error"');
  const { result, error } = value;
  if (has('result'))
    return isJsonObject(result) ? { kind: 'response', id, outcome: { result } } : refuse('"result" must be an object');
  return isJsonObject(error)
    ? { kind: 'response', id, outcome: { error: errorOf(error) } }
    : refuse('"error" must be an object');
}

/** As one line of text, without its end. */
export function wireOf(message: RpcMessage): string {
  return JSON.stringify(bodyOf(message));
}

export function bodyOf(message: RpcMessage): JsonObject {
  const jsonrpc = '2.0';
  switch (message.kind) {
    case 'request':
      return { jsonrpc, id: message.id, method: message.method, ...paramsOf(message.params) };
    case 'notification':
      return { jsonrpc, method: message.method, ...paramsOf(message.params) };
    case 'response':
      return { jsonrpc, id: message.id, ...message.outcome };
  }
}

/** An answer to what was no message; JSON-RPC has `null` where nobody knows whose it was. */
export function refusalBody({ code, reason, id }: Refused): JsonObject {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message: `Sallyport: cannot read the message: ${reason}` } };
}

export function failed(code: number, message: string, data?: JsonValue): RpcOutcome {
  return { error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/**
 * Whose a message is that is too long to be read, by what stands at its beginning or end, where it is written by everybody's libraries.
 * A guess: to be used only to tell somebody of a refusal.
 */
export function idNear(text: string): { readonly id?: RpcId } {
  const found =
    /^\{(?:"jsonrpc":"2\.0",)?"id":(?<id>\d{1,15}|"[\w-]{1,64}"),/.exec(text) ??
    /,"id":(?<id>\d{1,15}|"[\w-]{1,64}")\}\s*$/.exec(text.slice(-200));
  const id: unknown = found?.groups?.['id'] === undefined ? undefined : JSON.parse(found.groups['id']);
  return isId(id) ? { id } : {};
}

function isId(value: unknown): value is RpcId {
  if (typeof value === 'string') return value.length <= longest.id;
  return typeof value === 'number' && Number.isSafeInteger(value);
}

function errorOf({ code, message, data }: JsonObject): RpcError {
  return {
    code: typeof code === 'number' && Number.isInteger(code) ? code : rpcCodes.internal,
    message: typeof message === 'string' ? message.slice(0, longest.message) : 'The server gave no reason',
    ...(data === undefined ? {} : { data }),
  };
}

function paramsOf(params: JsonObject): JsonObject {
  return Object.keys(params).length === 0 ? {} : { params };
}

/** Counts brackets outside of texts; what is no JSON may be counted wrongly, and is refused by the parser. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (isText) {
      if (sign === 0x5c) at += 1;
      else if (sign === 0x22) isText = false;
    } else if (sign === 0x22) isText = true;
    else if (sign === 0x7b || sign === 0x5b) {
      depth += 1;
      if (depth > maxDepth) return true;
    } else if (sign === 0x7d || sign === 0x5d) depth -= 1;
  }
  return false;
}
