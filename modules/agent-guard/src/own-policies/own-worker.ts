// Entry of the thread that the organisation's policies for agents are tried in: what somebody writes is read here first, so that nothing hostile
// reaches the server's own stack. Whatever is thrown ends it, also in the engine where it counts as a no: that text is not answered for, and the next
// one is read by another thread.
import { parentPort, workerData } from 'node:worker_threads';
import { engine } from '@sallyport/access-policy';
import type { PackFile } from '../decisions/index.ts';
import { createOwnTasks } from './own-tasks.ts';
import type { OwnTask } from './own-tasks.ts';

if (parentPort === null) throw new TypeError('own-worker.ts runs as a worker thread only');
const port = parentPort;
// oxlint-disable-next-line typescript/no-unsafe-assignment -- what the thread is started with has the type of who starts it
const files: readonly PackFile[] = workerData;
const tasks = createOwnTasks(files);

port.on('message', (task: OwnTask) => {
  const answer = tasks(task);
  if (engine.thrown() > 0) throw new Error('The policy engine broke');
  port.postMessage(answer);
});
