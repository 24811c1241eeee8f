export { createDecisions, loadPack, packNames } from '../decisions/index.ts';
export type { Cedar, Decisions, PackFile } from '../decisions/index.ts';
export { readSuites } from './read-suites.ts';
export type { RecordedTask, Suite } from './read-suites.ts';
export { partOf, replayPair, replaySuite, replayTask } from './replay.ts';
export type { ReplayedCall, ReplayedPair, ReplayedTask, SuiteReport } from './replay.ts';
