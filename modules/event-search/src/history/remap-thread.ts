import { Worker } from 'node:worker_threads';
import type { RemapReply, RemapRequest } from './remap-batch.ts';

/** The thread did not live to answer; `suspect` is the ordinal of the event it was looking at, -1 before the first. */
export type ThreadEnd = { readonly kind: 'ended'; readonly suspect: number };

/** A thread of its own for what strangers sent and mappings make of it: it can be ended, the server cannot. */
export type RemapThread = {
  /** One at a time. The thread starts at the first and stays until `rest`. */
  run(request: Omit<RemapRequest, 'progress'>): Promise<RemapReply | ThreadEnd>;
  /** Ends the thread, and gives up what it is doing. */
  rest(): Promise<void>;
};

export type MappingFile = { readonly name: string; readonly text: string };

const notBegun = -1;
/** Time limits in which no event was begun: the thread only starts, or reads its mappings. */
const mostTimesToStart = 6;

export function createRemapThread(needs: { timeLimitMs: number; createWorker: () => Worker }): RemapThread {
  let worker: Worker | undefined;
  /** What is waited for. */
  let settle: ((answer: RemapReply | undefined) => void) | undefined;

  function start(): Worker {
    const made = needs.createWorker();
    const failed = (): void => {
      if (worker === made) void fail();
    };
    made.on('message', (reply: RemapReply) => {
      if (worker === made) settle?.(reply);
    });
    made.on('error', failed);
    made.on('exit', failed);
    made.unref();
    return made;
  }

  /** The thread is gone or has to go; the next run starts another. */
  function fail(): Promise<unknown> | undefined {
    const gone = worker;
    worker = undefined;
    settle?.(undefined);
    return gone?.terminate();
  }

  return {
    run({ bytes, ends }) {
      const progress = new Int32Array(new SharedArrayBuffer(4));
      Atomics.store(progress, 0, notBegun);
      worker ??= start();
      const { promise, resolve } = Promise.withResolvers<RemapReply | ThreadEnd>();
      let timer: NodeJS.Timeout | undefined;
      const watch = (seen: number, times: number): void => {
        timer = setTimeout(() => {
          const now = Atomics.load(progress, 0);
          if (now === seen && (now !== notBegun || times >= mostTimesToStart)) void fail();
          else watch(now, times + 1);
        }, needs.timeLimitMs);
      };
      settle = (answer) => {
        clearTimeout(timer);
        settle = undefined;
        resolve(answer ?? { kind: 'ended', suspect: Atomics.load(progress, 0) });
      };
      watch(notBegun, 1);
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
      shared.set(bytes);
      worker.postMessage({ bytes: shared, ends, progress }, []);
      return promise;
    },
    async rest() {
      await fail();
    },
  };
}

/** The thread of `remap-worker.ts`, bounded in memory. */
export function startRemapWorker(mappings: readonly MappingFile[]): Worker {
  return new Worker(new URL('remap-worker.ts', import.meta.url), {
    workerData: { mappings },
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64 },
  });
}
