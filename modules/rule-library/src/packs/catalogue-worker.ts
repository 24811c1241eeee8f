// Entry of the reading thread: megabytes are hashed and thousands of rules parsed here, so that nobody waits for it, whatever the pack holds.
import { parentPort } from 'node:worker_threads';
import type { ReadingTask } from './catalogue-protocol.ts';
import { readTask } from './read-task.ts';

if (parentPort === null) throw new TypeError('catalogue-worker.ts runs as a worker thread only');
const port = parentPort;
port.once('message', (task: ReadingTask) => {
  void readTask(task, (message) => port.postMessage(message)).finally(() => port.close());
});
