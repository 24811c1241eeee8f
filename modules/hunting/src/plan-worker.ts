// Entry of the planning thread: rule files are parsed here, so that thousands of them, or a hostile one, hold up nobody.
import { parentPort } from 'node:worker_threads';
import type { RuleSource } from '@sallyport/detection';
import { readPlan, type WantedRules } from './read-plan.ts';

if (parentPort === null) throw new TypeError('plan-worker.ts runs as a worker thread only');
const port = parentPort;
port.once('message', (asked: { readonly sources: readonly RuleSource[]; readonly wanted: WantedRules }) => {
  port.postMessage(readPlan(asked.sources, asked.wanted));
  port.close();
});
