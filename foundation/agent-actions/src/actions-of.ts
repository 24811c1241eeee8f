import type { ActionsOfCall, CallContext, ToolCall } from './action.ts';

/**
 * The actions of one tool call. Pure, bounded and never throws, whatever the call holds. What is not understood is a refusal or an action
 * that `isCertain` says no to; a call never comes back empty on both sides.
 */
export function actionsOf(call: ToolCall, context: CallContext): ActionsOfCall {
  return {
    actions: [],
    refusals: [
      {
        code: 'not_supported',
        message: `Cannot judge a call of "${call.tool}" by ${context.harness}: its tools are not described yet`,
        by: { argument: '', text: '' },
      },
    ],
  };
}
