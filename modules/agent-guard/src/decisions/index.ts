export { createDecisions } from './decide.ts';
export type { Decision, Decisions, DecisionSubject, DecisionTool } from './decide.ts';
export { loadPack, packNames, packsIn } from './load-pack.ts';
export type { Cedar, LoadedPack, PackFile, PackName } from './load-pack.ts';
export { createSessionJudge } from './session-judge.ts';
export type { JudgedCall, SessionJudge } from './session-judge.ts';
export type { DecisionAction } from './facts.ts';
