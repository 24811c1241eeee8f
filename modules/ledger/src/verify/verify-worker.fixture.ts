// The thread of the tests beside it; programs start one from their own entry.
import { parentPort } from 'node:worker_threads';
import { serveVerifyJobs } from './verify-worker.ts';

if (parentPort !== null) serveVerifyJobs(parentPort);
