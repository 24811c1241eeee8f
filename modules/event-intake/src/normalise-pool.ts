import { Worker } from 'node:worker_threads';
import { messageOf } from '@sallyport/platform/errors';
import { EventIntakeError } from './errors.ts';
import type { NormaliseReply, NormaliseRequest } from './normalise-protocol.ts';

/** Threads that parse and normalise, so that hostile input can cost a thread but neither the server nor other batches. */
export type NormalisePool = {
  /** Throws `normalise_timeout`, `normalise_failed` (the thread died of this batch), `intake_closed`. */
  run(request: NormaliseRequest): Promise<NormaliseReply>;
  close(): Promise<void>;
};

type Job = {
  readonly request: NormaliseRequest;
  readonly resolve: (reply: NormaliseReply) => void;
  readonly reject: (error: EventIntakeError) => void;
};

type Slot = { worker: Worker | undefined; job: Job | undefined; timer: NodeJS.Timeout | undefined };

export function createNormalisePool(options: {
  readonly threads: number;
  readonly timeLimitMs: number;
  readonly createWorker: () => Worker;
}): NormalisePool {
  const slots = Array.from({ length: options.threads }, (): Slot => ({
    worker: undefined,
    job: undefined,
    timer: undefined,
  }));
  const waiting: Job[] = [];
  let isClosed = false;

  function settle(slot: Slot, finish: (job: Job) => void): void {
    clearTimeout(slot.timer);
    const { job } = slot;
    slot.job = undefined;
    if (job !== undefined) finish(job);
    next();
  }

  /** The thread is gone or has to go; the next job starts another. */
  function replace(slot: Slot, error: EventIntakeError): void {
    const { worker } = slot;
    slot.worker = undefined;
    void worker?.terminate();
    settle(slot, (job) => job.reject(error));
  }

  function start(slot: Slot): Worker {
    const worker = options.createWorker();
    const fail = (reason: string): void => {
      if (slot.worker !== worker) return;
      replace(slot, new EventIntakeError('normalise_failed', `Cannot process the batch: its thread ended (${reason})`));
    };
    worker.on('message', (reply: NormaliseReply) => {
      if (slot.worker === worker) settle(slot, (job) => job.resolve(reply));
    });
    worker.on('error', (error) => fail(messageOf(error)));
    worker.on('exit', (code) => fail(`exit code ${code}`));
    worker.unref();
    return worker;
  }

  function next(): void {
    for (const slot of slots) {
      if (slot.job !== undefined) continue;
      const job = waiting.shift();
      if (job === undefined) return;
      slot.job = job;
      slot.worker ??= start(slot);
      slot.timer = setTimeout(() => {
        const message = `Cannot process the batch: it took longer than ${options.timeLimitMs} ms`;
        replace(slot, new EventIntakeError('normalise_timeout', message));
      }, options.timeLimitMs);
      slot.worker.postMessage(job.request, [job.request.bytes]);
    }
  }

  return {
    run(request) {
      const { promise, resolve, reject } = Promise.withResolvers<NormaliseReply>();
      if (isClosed) reject(closed());
      else {
        waiting.push({ request, resolve, reject });
        next();
      }
      return promise;
    },
    async close() {
      isClosed = true;
      for (const job of waiting.splice(0)) job.reject(closed());
      const workers = slots.flatMap(({ worker }) => worker ?? []);
      for (const slot of slots) replace(slot, closed());
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function closed(): EventIntakeError {
  return new EventIntakeError('intake_closed', 'Cannot take in events: the server is stopping');
}

/** The thread of `normalise-worker.ts`, bounded in memory. */
export function startNormaliseWorker(): Worker {
  return new Worker(new URL('normalise-worker.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
  });
}
