// Entry of the matching thread: the only place where rules and the content of events are parsed.
import { parentPort } from 'node:worker_threads';
import { createRuleScanner } from './rule-scanner.ts';
import { serveMatches } from './serve-matches.ts';

if (parentPort === null) throw new TypeError('match-worker.ts runs as a worker thread only');
serveMatches(parentPort, createRuleScanner);
