import type { Worker } from 'node:worker_threads';
import { verifyBlocks } from './verify-blocks.ts';
import type { RunJobs } from './verify-log.ts';
import type { VerifyJob, VerifyResult, VerifyWork } from './verify-jobs.ts';
import { verifyTiles } from './verify-tiles.ts';

/** What a worker tells; its first message says that it is there. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'work'; readonly work: VerifyWork }
  | { readonly kind: 'result'; readonly result: VerifyResult }
  | { readonly kind: 'failed'; readonly message: string };

export function runJob(job: VerifyJob, work: (done: VerifyWork) => void): VerifyResult {
  return job.kind === 'tiles' ? verifyTiles(job, work) : verifyBlocks(job, work);
}

/** In this thread, one after the other. */
export const runHere: RunJobs = async (jobs, { work, result }) => {
  for (const job of jobs) result(runJob(job, work));
};

/** Each worker takes the next job when it is done with one. All are ended before it resolves. */
export function runInWorkers(needs: {
  readonly count: number;
  readonly start: () => Worker;
  readonly signal: AbortSignal;
}): RunJobs {
  return async (jobs, told) => {
    const waiting = jobs.values();
    const workers: Worker[] = [];
    const end = async (): Promise<void> => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    };
    try {
      const runs = Array.from({ length: Math.min(needs.count, jobs.length) }, () => {
        const worker = needs.start();
        workers.push(worker);
        return runInWorker(worker, waiting, told);
      });
      await Promise.race([Promise.all(runs), rejectedBy(needs.signal)]);
    } finally {
      await end();
    }
  };
}

function runInWorker(
  worker: Worker,
  waiting: Iterator<VerifyJob, unknown>,
  told: Parameters<RunJobs>[1],
): Promise<void> {
  // Node 20, where the command line runs too, makes promises in no other way.
  return new Promise((resolve, reject) => {
    const next = (): void => {
      const job = waiting.next();
      if (job.done === true) resolve();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
      else worker.postMessage(job.value);
    };
    worker.on('message', (message: WorkerMessage) => {
      switch (message.kind) {
        case 'ready':
          next();
          return;
        case 'work':
          told.work(message.work);
          return;
        case 'result':
          told.result(message.result);
          next();
          return;
        case 'failed':
          reject(new Error(message.message));
      }
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('A worker ended before its work was done')));
  });
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(new Error('Interrupted', { cause: signal.reason }));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
