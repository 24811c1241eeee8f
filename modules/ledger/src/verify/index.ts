// The door for whoever checks a whole log from its files: no ledger, no server.
export type { LogFault } from './log-fault.ts';
export { readLogFile } from './read-log-file.ts';
export { runHere, runInWorkers } from './run-jobs.ts';
export { verifyLog } from './verify-log.ts';
export type { LogVerification, RunJobs, VerifyProgress } from './verify-log.ts';
export { serveVerifyJobs } from './verify-worker.ts';
