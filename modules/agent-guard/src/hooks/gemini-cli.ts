import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { objectIn, optionalText, pathIn, promptIn, serverOfTool, textIn } from '../calls/hook-message.ts';
import type { Dialect, HookCall, HookEvent } from '../calls/hook-message.ts';

/** Gemini CLI: its hooks reference. It cannot ask its person for a hook. */
export const geminiCli: Dialect = {
  parse(body) {
    const name = textIn(body, 'hook_event_name');
    return { name, harnessSession: textIn(body, 'session_id'), event: eventOf(body, name) };
  },

  answer(name, { verdict, reason, isOver, input, output, notice }) {
    const over = {
      ...(isOver ? { continue: false, stopReason: reason } : {}),
      ...(notice === undefined ? {} : { systemMessage: notice }),
    };
    // Of a result it would hide what came back: that is decided before the call.
    const canRefuse = name === 'BeforeTool' || name === 'BeforeAgent' || name === 'BeforeModel';
    if (canRefuse && verdict !== 'allow') return { ...over, decision: 'deny', reason };
    // What is merged over its arguments holds all of them.
    if (name === 'BeforeTool' && input !== undefined) return { ...over, hookSpecificOutput: { tool_input: input } };
    // To refuse an answer is to have it replaced by the reason.
    if (name === 'AfterTool' && output !== undefined) return { ...over, decision: 'deny', reason: answerText(output) };
    return { ...over };
  },
};

/** What the model would have read of an answer. */
function answerText(output: JsonValue): string {
  const content = isJsonObject(output) ? output['llmContent'] : output;
  return typeof content === 'string' ? content : JSON.stringify(content ?? output);
}

function eventOf(body: JsonObject, name: string): HookEvent {
  switch (name) {
    case 'SessionStart': {
      const reason = optionalText(body, 'source');
      return { kind: 'session_started', ...(reason === undefined ? {} : { reason }) };
    }
    case 'SessionEnd': {
      const reason = optionalText(body, 'reason');
      return { kind: 'session_ended', ...(reason === undefined ? {} : { reason }) };
    }
    case 'BeforeAgent':
      return { kind: 'prompt', id: '', text: promptIn(body, 'prompt'), origin: 'person' };
    case 'BeforeTool':
      return { kind: 'before_call', call: callOf(body) };
    case 'AfterTool': {
      const response = body['tool_response'];
      const failed = isJsonObject(response) && response['error'] !== undefined && response['error'] !== null;
      return { kind: 'after_call', call: callOf(body), result: response ?? null, isSuccess: !failed };
    }
    default:
      return { kind: 'told', name };
  }
}

function callOf(body: JsonObject): HookCall {
  const tool = textIn(body, 'tool_name');
  const cwd = pathIn(body, 'cwd');
  const context = body['mcp_context'];
  const named = isJsonObject(context) ? optionalText(context, 'server_name') : undefined;
  const server = named === undefined ? serverOfTool(tool) : { name: named };
  return {
    id: '',
    tool,
    input: objectIn(body, 'tool_input'),
    ...(server === undefined ? {} : { server }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}
