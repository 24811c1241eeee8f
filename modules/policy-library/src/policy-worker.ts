// Entry of the thread that policies are tried in: what somebody writes is read here first, so that nothing hostile reaches the server's own stack.
// Whatever is thrown ends it, also in the engine where it counts as a no: that text is not answered for, and the next one is read by another thread.
import { parentPort } from 'node:worker_threads';
import { engine } from '@sallyport/access-policy';
import { createLoadedPolicies } from './loaded-policies.ts';
import { tryPolicies } from './policy-tasks.ts';
import type { TaskMessage } from './policy-tasks.ts';
import type { ThreadTask } from './policy-thread.ts';
import { createRecordedAsking } from './recorded-tasks.ts';

if (parentPort === null) throw new TypeError('policy-worker.ts runs as a worker thread only');
const port = parentPort;
const tell = (message: TaskMessage): void => port.postMessage(message);
const policies = createLoadedPolicies();
const askAgain = createRecordedAsking(policies);

port.on('message', (task: ThreadTask) => {
  const answer: TaskMessage =
    task.kind === 'try'
      ? { kind: 'done', tried: tryPolicies(task.task, { policies, tell }) }
      : { kind: 'answered', asked: askAgain(task.task) };
  if (engine.thrown() > 0) throw new Error('The policy engine broke');
  tell(answer);
});
