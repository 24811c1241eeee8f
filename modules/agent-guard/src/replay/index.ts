export { packNames } from '../decisions/index.ts';
export type { Decisions } from '../decisions/index.ts';
export { checkPolicies, loadCallJudge } from './load-call-judge.ts';
export type { CallJudge } from './load-call-judge.ts';
export { loadDecisions } from './load-decisions.ts';
export { readSuites } from './read-suites.ts';
export type { RecordedTask, Suite } from './read-suites.ts';
export { partOf, replayPair, replaySuite, replayTask } from './replay.ts';
export type { ReplayedCall, ReplayedPair, ReplayedTask, SuiteReport } from './replay.ts';
