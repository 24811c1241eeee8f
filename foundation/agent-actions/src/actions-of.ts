import type { ActionRefusal, ActionsOfCall, AgentAction, CallContext, DoubtCode, ToolCall } from './action.ts';
import { freshState, isObject, whereOf } from './harness/call.ts';
import type { Call } from './harness/call.ts';
import { addMcpCall, mcpName } from './harness/mcp.ts';
import { harnessTools } from './harness/tools.ts';
import { createRun } from './run/walk.ts';

const maxActions = 400;

const doubts: Readonly<Record<DoubtCode, string>> = {
  unknown_program: 'nobody described what this program does',
  project_code: 'it runs code of the workspace',
  fetched_code: 'it runs code that is fetched',
  unknown_until_run: 'it is only known when it runs',
  not_parsed: 'it was not understood',
  foreign_code: 'it is code of another language',
  unknown_tool: 'nobody described what this tool does',
  too_many_ways: 'it may do too many things',
};

/**
 * The actions of one tool call. Pure, bounded and never throws, whatever the call holds. What is not understood is a refusal or an action
 * that `isCertain` says no to; a call never comes back empty on both sides.
 */
export function actionsOf(call: ToolCall, context: CallContext): ActionsOfCall {
  const actions = new Map<string, AgentAction>();
  const refusals: ActionRefusal[] = [];
  const refuse = (refusal: ActionRefusal): void => {
    const isNew = refusals.every(({ code, message }) => code !== refusal.code || message !== refusal.message);
    if (isNew && refusals.length < 32) refusals.push(refusal);
  };
  const run = createRun({
    context,
    refuse,
    add: ({ doubt, why, sends, ...rest }, { part, through, disguises }) => {
      const said = why ?? (doubt === undefined ? undefined : doubts[doubt]);
      const action: AgentAction = {
        ...rest,
        by: part,
        through,
        ...(doubt === undefined ? {} : { doubt }),
        ...(said === undefined ? {} : { why: said }),
        ...(sends === undefined ? {} : { sends }),
        ...(disguises.length === 0 ? {} : { disguises }),
      };
      const key = JSON.stringify([action.kind, action.target, action.doubt, action.disguises, action.sends]);
      if (actions.has(key)) return;
      if (actions.size < maxActions) actions.set(key, action);
      else refuse({ code: 'too_many', message: `Cannot tell all actions: they are over ${maxActions}`, by: part });
    },
  });
  const input = typeof call.input === 'string' ? parsedInput(call.input) : call.input;
  if (!isObject(input)) {
    refuse({
      code: 'not_a_call',
      message: `Cannot judge "${call.tool}": its input must be an object`,
      by: whereOf('', '').part,
    });
    return { actions: [], refusals };
  }
  judge({ tool: call.tool, server: call.server, input, context, run, state: freshState(context) });
  if (actions.size === 0 && refusals.length === 0) {
    run.add({ kind: 'other', target: { kind: 'name', of: 'tool', name: call.tool }, isCertain: true }, whereOf('', ''));
  }
  return { actions: [...actions.values()], refusals };
}

function judge(call: Call): void {
  const { tool, context } = call;
  const mcp =
    context.harness === 'mcp' || call.server !== undefined
      ? { server: call.server ?? '', tool }
      : mcpName(tool, undefined);
  const own = mcp === undefined ? harnessTools.get(tool) : undefined;
  if (mcp !== undefined) addMcpCall(call, mcp.server === '' ? mcp : (mcpName(tool, call.server) ?? mcp));
  else if (own === undefined) addMcpCall(call, { server: context.harness, tool });
  else if (!own(call)) {
    call.run.refuse('not_a_call', `Cannot judge "${tool}": its input is not what the tool takes`, whereOf('', ''));
  }
}

/** Cursor hands the arguments of MCP tools on as a text of JSON. */
function parsedInput(text: string): unknown {
  try {
    return JSON.parse(text.slice(0, 1_048_576));
  } catch {
    return undefined;
  }
}
