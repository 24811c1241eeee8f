export { describeTool } from './describe-tool.ts';
export type { ToolDescription, ToolText } from './describe-tool.ts';
export type { Intent } from './mandate.ts';
export { createSessionFlow } from './session-flow.ts';
export type { CallFlow, FlowCall, SessionFlow, SessionFlowOptions } from './session-flow.ts';
export { standings } from './standing.ts';
export type { JudgedValue, Standing } from './standing.ts';
export { toolEffects } from './tool-lexicon.ts';
export type { ToolEffect } from './tool-lexicon.ts';
