export { createEdge } from './edge.ts';
export type { Door, DoorOptions } from './door.ts';
export type { Edge } from './edge.ts';
export { EdgeError, edgeProblems } from './errors.ts';
export type { EdgeErrorCode } from './errors.ts';
export { defaultLimits } from './limits.ts';
export type { EdgeLimits, Rate } from './limits.ts';
export type { Decision, DecisionContext, EdgeNeeds, EdgeTls } from './needs.ts';
