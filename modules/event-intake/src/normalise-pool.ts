import { Worker } from 'node:worker_threads';
import { EventIntakeError } from './errors.ts';
import type { MappingFile } from './needs.ts';
import type { NormaliseReply, NormaliseRequest } from './normalise-protocol.ts';

/** The thread did not live to answer; `suspect` is the ordinal of the event it was looking at. */
export type ThreadEnd = { readonly kind: 'ended'; readonly suspect: number };

/** Threads that read what strangers send, so that hostile input can cost a thread but neither the server nor other batches. */
export type ThreadPool<Request, Reply> = {
  /** Throws `intake_closed`. */
  run(request: Request): Promise<Reply | ThreadEnd>;
  close(): Promise<void>;
};

/** Threads that parse and normalise. */
export type NormalisePool = ThreadPool<NormaliseRequest, NormaliseReply>;

type Job<Request, Reply> = {
  readonly request: Request;
  readonly resolve: (answer: Reply | ThreadEnd) => void;
  readonly reject: (error: EventIntakeError) => void;
};

const leastInputBytes = 1_048_576;
const notBegun = -1;
/** Time limits a whole batch may take, the start of its thread included. */
const mostTimeLimits = 10;

type Slot<Request, Reply> = {
  worker: Worker | undefined;
  job: Job<Request, Reply> | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Where the thread writes which event it looks at. */
  progress: Int32Array;
  /** Memory shared with the thread, through which all its batches go: one made for each would be garbage by the megabyte. */
  input: SharedArrayBuffer;
};

type PoolOptions = {
  readonly threads: number;
  readonly timeLimitMs: number;
  readonly createWorker: () => Worker;
};

export function createNormalisePool(options: PoolOptions): NormalisePool {
  return createThreadPool<NormaliseRequest, NormaliseReply>(options);
}

/** The thread is given the request with its bytes in shared memory and with `progress`, and answers with the reply. */
export function createThreadPool<Request extends { readonly bytes: Uint8Array }, Reply extends object>(
  options: PoolOptions,
): ThreadPool<Request, Reply> {
  type OwnSlot = Slot<Request, Reply>;
  type OwnJob = Job<Request, Reply>;
  const slots = Array.from({ length: options.threads }, (): OwnSlot => ({
    worker: undefined,
    job: undefined,
    timer: undefined,
    progress: newProgress(),
    input: new SharedArrayBuffer(0),
  }));
  const waiting: OwnJob[] = [];
  let isClosed = false;

  function settle(slot: OwnSlot, finish: (job: OwnJob) => void): void {
    clearTimeout(slot.timer);
    const { job } = slot;
    slot.job = undefined;
    if (job !== undefined) finish(job);
    next();
  }

  /** The thread is gone or has to go; the next job starts another, with memory of its own. */
  function replace(slot: OwnSlot, finish: (job: OwnJob, suspect: number) => void): void {
    const { worker, progress } = slot;
    slot.worker = undefined;
    slot.progress = newProgress();
    slot.input = new SharedArrayBuffer(0);
    void worker?.terminate();
    settle(slot, (job) => finish(job, Atomics.load(progress, 0)));
  }

  function endThread(slot: OwnSlot): void {
    replace(slot, (job, suspect) => job.resolve({ kind: 'ended', suspect }));
  }

  /** A thread that stands at one event for the limit has to go; one that is only slow, or slow to start, gets several. */
  function watch(slot: OwnSlot, seen: number, times: number): void {
    slot.timer = setTimeout(() => {
      const now = Atomics.load(slot.progress, 0);
      if ((now !== notBegun && now === seen) || times + 1 >= mostTimeLimits) endThread(slot);
      else watch(slot, now, times + 1);
    }, options.timeLimitMs);
  }

  function start(slot: OwnSlot): Worker {
    const worker = options.createWorker();
    const fail = (): void => {
      if (slot.worker === worker) endThread(slot);
    };
    worker.on('message', (reply: Reply) => {
      if (slot.worker === worker) settle(slot, (job) => job.resolve(reply));
    });
    worker.on('error', fail);
    worker.on('exit', fail);
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
      Atomics.store(slot.progress, 0, notBegun);
      watch(slot, notBegun, 0);
      const { bytes } = job.request;
      if (slot.input.byteLength < bytes.byteLength)
        slot.input = new SharedArrayBuffer(Math.max(bytes.byteLength, leastInputBytes));
      const shared = new Uint8Array(slot.input, 0, bytes.byteLength);
      shared.set(bytes);
      slot.worker.postMessage({ ...job.request, bytes: shared, progress: slot.progress }, []);
    }
  }

  return {
    run(request) {
      const { promise, resolve, reject } = Promise.withResolvers<Reply | ThreadEnd>();
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
      for (const slot of slots) replace(slot, (job) => job.reject(closed()));
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function newProgress(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

function closed(): EventIntakeError {
  return new EventIntakeError('intake_closed', 'Cannot take in events: the server is stopping');
}

/** The thread of `normalise-worker.ts`, bounded in memory. */
export function startNormaliseWorker(mappings: readonly MappingFile[]): Worker {
  return new Worker(new URL('normalise-worker.ts', import.meta.url), {
    workerData: { mappings },
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
  });
}
