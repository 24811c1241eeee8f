// Entry of the thread that policies are tried in: what somebody writes is read here first, so that nothing hostile reaches the server's own stack.
// Whatever is thrown ends it: the engine may be left in any state by a text that is deeper than the stack.
import { parentPort } from 'node:worker_threads';
import { tryPolicies } from './policy-tasks.ts';
import type { PolicyTask, TaskMessage } from './policy-tasks.ts';

if (parentPort === null) throw new TypeError('policy-worker.ts runs as a worker thread only');
const port = parentPort;
const tell = (message: TaskMessage): void => port.postMessage(message);

port.on('message', (task: PolicyTask) => tell({ kind: 'done', tried: tryPolicies(task, tell) }));
