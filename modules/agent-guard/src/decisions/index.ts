export { createDecisions } from './decide.ts';
export type { Decisions } from './decide.ts';
export type { DecisionAction } from './facts.ts';
export { loadPack, packNames } from './load-pack.ts';
export type { PackFile } from './load-pack.ts';
export { createSessionJudge } from './session-judge.ts';
export type { JudgedCall, SessionJudge } from './session-judge.ts';
