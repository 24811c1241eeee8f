import type { MessagePort } from 'node:worker_threads';
import { messageOf } from '@sallyport/platform/errors';
import { runJob } from './run-jobs.ts';
import type { WorkerMessage } from './run-jobs.ts';
import type { VerifyJob } from './verify-jobs.ts';

/** Told together: a message for each tile would cost more than the tile. */
const toldBytes = 4 * 1024 * 1024;

/** The inside of a worker thread: does the jobs it is sent, one after the other. */
export function serveVerifyJobs(port: MessagePort): void {
  const tell = (message: WorkerMessage): void => port.postMessage(message);
  port.on('message', (job: VerifyJob) => {
    let entries = 0;
    let bytes = 0;
    const flush = (): void => {
      tell({ kind: 'work', work: { entries, bytes } });
      entries = 0;
      bytes = 0;
    };
    try {
      const result = runJob(job, (done) => {
        entries += done.entries;
        bytes += done.bytes;
        if (bytes >= toldBytes) flush();
      });
      flush();
      tell({ kind: 'result', result });
    } catch (error) {
      tell({ kind: 'failed', message: messageOf(error) });
    }
  });
  tell({ kind: 'ready' });
}
