import { isJsonObject } from '@sallyport/contracts';
import type { AgentOrigin, JsonObject, JsonValue } from '@sallyport/contracts';
import { invalid, objectIn, optionalText, pathIn, promptIn, serverOfTool, textIn } from '../calls/hook-message.ts';
import type { Dialect, HookCall, HookEvent, HookMessage } from '../calls/hook-message.ts';

/**
 * Claude Code's hooks, as they come over HTTP or to a command: `SDKHookInput` of `@anthropic-ai/claude-agent-sdk`. Exit code 2 or a
 * decision in the answer blocks; anything unreadable lets through there, so what we answer is always whole.
 */
export const claudeCode: Dialect = {
  parse: (body) => parseLikeClaude(body, { promptOrigin }),

  answer(name, outcome) {
    const { verdict, reason, isOver, canAsk, grants, input, output, notice } = outcome;
    const over = {
      ...(isOver ? { continue: false, stopReason: reason } : {}),
      ...(notice === undefined ? {} : { systemMessage: notice }),
    };
    const updated = input === undefined || verdict === 'deny' ? {} : { updatedInput: input };
    switch (name) {
      case 'PreToolUse': {
        const decision = verdict === 'ask' && !canAsk ? 'deny' : verdict;
        // What we allow may still be asked about there: an answer of ours never opens what its own settings hold.
        if (decision === 'allow' && !grants)
          return {
            ...over,
            // Without a decision its own settings see the arguments as they will run.
            ...(input === undefined ? {} : { hookSpecificOutput: { hookEventName: 'PreToolUse', ...updated } }),
          };
        return {
          ...over,
          hookSpecificOutput: {
            hookEventName: 'PreToolUse',
            permissionDecision: decision,
            permissionDecisionReason: reason,
            ...(decision === 'deny' ? {} : updated),
          },
        };
      }
      case 'PermissionRequest':
        return {
          ...over,
          ...(verdict === 'deny' || (verdict === 'ask' && !canAsk)
            ? {
                hookSpecificOutput: {
                  hookEventName: 'PermissionRequest',
                  decision: { behavior: 'deny', message: reason },
                },
              }
            : {}),
        };
      case 'PostToolUse':
        return {
          ...over,
          ...(output === undefined
            ? {}
            : {
                hookSpecificOutput: {
                  hookEventName: 'PostToolUse',
                  updatedToolOutput: withoutCopy(output),
                  additionalContext: tokensWords,
                },
              }),
        };
      case 'UserPromptSubmit':
      case 'UserPromptExpansion':
      case 'ConfigChange':
        return verdict === 'deny' ? { ...over, decision: 'block', reason } : { ...over };
      default:
        // A question nobody knows yet: no is said in all the ways there are.
        if (verdict !== 'allow' && (name.startsWith('Pre') || name === ''))
          return { continue: false, stopReason: reason, decision: 'block', reason };
        return { ...over };
    }
  },
};

/** Said with answers that have tokens in them, so that the agent uses them as the values they stand for. */
const tokensWords =
  'Parts like <secret:aws-key:1.k3f9> stand for values that Sallyport keeps back. Written as they are into the arguments of a tool, they ' +
  'become the value again where policy lets the call go ahead; they cannot be read or changed. Text that is searched for in a file must not hold them: choose the text beside.';

/** Of a long answer the harness keeps a copy in a file and shows that instead. */
function withoutCopy(output: JsonValue): JsonValue {
  if (!isJsonObject(output)) return output;
  const { persistedOutputPath: _path, persistedOutputSize: _size, ...rest } = output;
  return rest;
}

/** What is not typed by somebody but by a timer or the harness is no word of the person. */
function promptOrigin(source: string | undefined): AgentOrigin {
  return source === undefined || source === 'user' || source === 'sdk' ? 'person' : 'untrusted';
}

/** The shape that Claude Code began and Codex took over. */
export function parseLikeClaude(
  body: JsonObject,
  { promptOrigin: originOf }: { readonly promptOrigin: (source: string | undefined) => AgentOrigin },
): HookMessage {
  const name = textIn(body, 'hook_event_name');
  const child = optionalText(body, 'agent_id');
  return {
    name,
    harnessSession: textIn(body, 'session_id'),
    ...(child === undefined ? {} : { child }),
    event: eventOf(body, name, originOf),
  };
}

function eventOf(body: JsonObject, name: string, originOf: (source: string | undefined) => AgentOrigin): HookEvent {
  switch (name) {
    case 'SessionStart': {
      const model = optionalText(body, 'model');
      const reason = optionalText(body, 'source');
      return {
        kind: 'session_started',
        ...(model === undefined ? {} : { model }),
        ...(reason === undefined ? {} : { reason }),
      };
    }
    case 'SessionEnd': {
      const reason = optionalText(body, 'reason');
      return { kind: 'session_ended', ...(reason === undefined ? {} : { reason }) };
    }
    case 'UserPromptSubmit':
      return {
        kind: 'prompt',
        id: optionalText(body, 'prompt_id') ?? optionalText(body, 'turn_id') ?? '',
        text: promptIn(body, 'prompt'),
        origin: originOf(optionalText(body, 'source')),
      };
    case 'PreToolUse':
      return { kind: 'before_call', call: callOf(body) };
    case 'PermissionRequest':
      return { kind: 'permission', call: callOf(body) };
    case 'PostToolUse':
      return afterCall(body, body['tool_response'] ?? null, true);
    case 'PostToolUseFailure':
      return afterCall(body, body['error'] ?? null, false);
    case 'ConfigChange': {
      const file = pathIn(body, 'file_path');
      return {
        kind: 'settings_changed',
        what: optionalText(body, 'source') ?? 'settings',
        ...(file === undefined ? {} : { file }),
      };
    }
    default:
      // A call by a name nobody knows is a call all the same.
      if (body['tool_input'] !== undefined && name.startsWith('Pre'))
        return { kind: 'before_call', call: callOf(body) };
      return { kind: 'told', name };
  }
}

function afterCall(body: JsonObject, result: JsonValue, isSuccess: boolean): HookEvent {
  const durationMs = body['duration_ms'];
  return {
    kind: 'after_call',
    call: callOf(body),
    result,
    isSuccess,
    ...(typeof durationMs === 'number' && durationMs >= 0 ? { durationMs } : {}),
  };
}

function callOf(body: JsonObject): HookCall {
  const tool = textIn(body, 'tool_name');
  const cwd = pathIn(body, 'cwd');
  const server = serverOf(body['mcp_server']) ?? serverOfTool(tool);
  return {
    id: optionalText(body, 'tool_use_id') ?? '',
    tool,
    input: objectIn(body, 'tool_input'),
    ...(server === undefined ? {} : { server }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

function serverOf(value: JsonValue | undefined): HookCall['server'] {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw invalid('"mcp_server" must be an object');
  const source = optionalText(value, 'source');
  return { name: textIn(value, 'name'), ...(source === undefined ? {} : { source }) };
}
