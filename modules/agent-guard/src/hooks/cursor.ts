import { isJsonObject, parseJson, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { invalid, objectIn, optionalText, pathIn, promptIn, textIn } from '../calls/hook-message.ts';
import type { Dialect, HookCall, HookEvent } from '../calls/hook-message.ts';

/** Cursor: a hook of its own for each kind of call, and one for all of them. What it names after a call is only told. */
export const cursor: Dialect = {
  parse(body) {
    const name = textIn(body, 'hook_event_name');
    return { name, harnessSession: textIn(body, 'conversation_id'), event: eventOf(body, name) };
  },

  answer(name, { verdict, reason, isOver, canAsk }) {
    if (name === 'beforeSubmitPrompt')
      return verdict === 'deny' || isOver ? { continue: false, user_message: reason } : { continue: true };
    if (!asks.has(name)) return {};
    const permission = verdict === 'ask' && !(canAsk && asksPerson.has(name)) ? 'deny' : verdict;
    return permission === 'allow' ? { permission } : { permission, user_message: reason, agent_message: reason };
  },
};

/** Where its `ask` holds; elsewhere the call would run. */
const asksPerson: ReadonlySet<string> = new Set(['beforeShellExecution', 'beforeMCPExecution']);
const asks: ReadonlySet<string> = new Set([
  'beforeShellExecution',
  'beforeMCPExecution',
  'beforeReadFile',
  'preToolUse',
]);

function eventOf(body: JsonObject, name: string): HookEvent {
  switch (name) {
    case 'sessionStart':
      return { kind: 'session_started' };
    case 'sessionEnd':
      return { kind: 'session_ended' };
    case 'beforeSubmitPrompt':
      return {
        kind: 'prompt',
        id: optionalText(body, 'generation_id') ?? '',
        text: promptIn(body, 'prompt'),
        origin: 'person',
      };
    case 'beforeShellExecution':
      return { kind: 'before_call', call: shellCall(body) };
    case 'beforeMCPExecution':
      return { kind: 'before_call', call: serverCall(body) };
    case 'beforeReadFile':
      return { kind: 'before_call', call: { ...place(body), tool: 'read_file', input: { file_path: file(body) } } };
    case 'preToolUse':
      return { kind: 'before_call', call: namedCall(body) };
    case 'postToolUse':
      return afterCall(namedCall(body), body['tool_output'] ?? null);
    case 'afterShellExecution':
      return afterCall(shellCall(body), body['output'] ?? null);
    case 'afterMCPExecution':
      return afterCall(serverCall(body), resultOf(body['result_json']));
    case 'afterFileEdit':
      return afterCall({ ...place(body), tool: 'edit_file', input: { file_path: file(body) } }, null);
    default:
      return { kind: 'told', name };
  }
}

function afterCall(call: HookCall, result: JsonValue): HookEvent {
  return { kind: 'after_call', call, result, isSuccess: true };
}

function shellCall(body: JsonObject): HookCall {
  return { ...place(body), tool: 'run_terminal_cmd', input: { command: textIn(body, 'command', 200_000) } };
}

/** Its input comes as an object, or as the text of one. */
function serverCall(body: JsonObject): HookCall {
  const given = body['tool_input'];
  const input = typeof given === 'string' ? readObject(given) : given;
  if (!isJsonObject(input)) throw invalid('"tool_input" must be an object');
  const tool = textIn(body, 'tool_name');
  const where = optionalText(body, 'url', 2048) ?? optionalText(body, 'command', 4096);
  const server = serverIn(tool) ?? (where === undefined ? undefined : nameOfPlace(where));
  return { ...place(body), tool, input, ...(server === undefined ? {} : { server: { name: server } }) };
}

function namedCall(body: JsonObject): HookCall {
  const tool = textIn(body, 'tool_name');
  const server = serverIn(tool);
  return {
    ...place(body),
    tool,
    input: objectIn(body, 'tool_input'),
    ...(server === undefined ? {} : { server: { name: server } }),
  };
}

/** Of an address its origin, of a command its program: keys stand in the rest. */
function nameOfPlace(where: string): string {
  try {
    const { origin } = new URL(where);
    if (origin !== 'null') return origin.slice(0, 256);
  } catch {
    // A command.
  }
  return where.trim().split(/\s/)[0]?.split('/').at(-1)?.slice(0, 256) ?? 'unnamed';
}

/** `MCP:server:tool`. */
function serverIn(tool: string): string | undefined {
  return /^MCP:([^:]+):/.exec(tool)?.[1];
}

function place(body: JsonObject): { readonly id: string; readonly cwd?: string } {
  const roots = body['workspace_roots'];
  const [root] = textsOf(roots);
  const cwd = pathIn(body, 'cwd') ?? root?.slice(0, 4096);
  return { id: optionalText(body, 'tool_use_id') ?? '', ...(cwd === undefined ? {} : { cwd }) };
}

function file(body: JsonObject): string {
  return textIn(body, 'file_path', 4096);
}

function readObject(text: string): JsonValue | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function resultOf(value: JsonValue | undefined): JsonValue {
  return typeof value === 'string' ? (readObject(value) ?? value) : (value ?? null);
}
