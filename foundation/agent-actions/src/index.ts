export { actionsOf } from './actions-of.ts';
export {
  actionKinds,
  disguises,
  doubtCodes,
  harnessNames,
  hostClasses,
  pathClasses,
  programClasses,
  statementClasses,
} from './action.ts';
export type {
  ActionKind,
  ActionRefusal,
  ActionTarget,
  ActionsOfCall,
  AgentAction,
  CallContext,
  CallPart,
  Disguise,
  DoubtCode,
  HarnessName,
  HostClass,
  PathClass,
  ProgramClass,
  StatementClass,
  ToolCall,
} from './action.ts';
