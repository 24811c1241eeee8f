import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import { createTurns } from '@sallyport/platform/turns';
import { PolicyLibraryError } from './errors.ts';

export type Watch = { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal };

export type TaskProgress = { readonly kind: 'progress'; readonly done: number; readonly of: number };

/** What may be hostile or endless is done in a thread of its own, one thing after another, limited in time, memory and depth. */
export type TaskThread<Task, Answer extends { readonly kind: string }> = {
  /**
   * Undefined when the thread ended, or was ended since it took too long. Throws `policy_busy` when too many wait, and the reason of `signal` when it is
   * aborted. `onProgress`: how much is done, 0 to 1.
   */
  run(task: Task, limitMs: number, watch: Watch): Promise<Answer | undefined>;
  close(): Promise<void>;
};

const maxWaiting = 16;

/** `worker`: answers each message with one that is no `TaskProgress`, after as many as it likes that are. */
export function createTaskThread<Task, Answer extends { readonly kind: string }>({
  worker: entry,
  heapMb = 512,
  data,
}: {
  readonly worker: URL;
  readonly heapMb?: number;
  /** Its `workerData`. */
  readonly data?: unknown;
}): TaskThread<Task, Answer> {
  const inTurn = createTurns();
  let running: Worker | undefined;
  let waiting = 0;
  let isClosed = false;

  /** Its stack is smaller than the server's own: what comes through here comes through there. */
  function open(): Worker {
    const worker = new Worker(entry, {
      resourceLimits: { maxOldGenerationSizeMb: heapMb, stackSizeMb: 0.6 },
      env: compileCacheEnvironment(),
      workerData: data,
    });
    // Its reason may quote the text; that it ended is what matters, and 'exit' says so.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (running === worker) running = undefined;
    });
    running = worker;
    return worker;
  }

  async function runNow(task: Task, limitMs: number, watch: Watch): Promise<Answer | undefined> {
    if (isClosed) throw new PolicyLibraryError('policy_busy', 'Cannot try policies: the server is being stopped');
    watch.signal?.throwIfAborted();
    const worker = running ?? open();
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const onMessage = (message: Answer | TaskProgress): void => {
      if (isProgress(message)) watch.onProgress?.(message.done / Math.max(1, message.of));
      else resolve(message);
    };
    const onExit = (): void => resolve(undefined);
    const deadline = setTimeout(onExit, limitMs);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    watch.signal?.addEventListener('abort', onExit);
    worker.ref();
    worker.postMessage(task, []);
    try {
      const last = await promise;
      if (last === undefined) await worker.terminate();
      watch.signal?.throwIfAborted();
      return last;
    } finally {
      clearTimeout(deadline);
      watch.signal?.removeEventListener('abort', onExit);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      worker.unref();
    }
  }

  return {
    async run(task, limitMs, watch) {
      if (waiting >= maxWaiting)
        throw new PolicyLibraryError('policy_busy', `Cannot try policies: ${waiting} wait already`, {
          hint: 'try again in a few seconds',
        });
      waiting += 1;
      try {
        return await inTurn(() => runNow(task, limitMs, watch));
      } finally {
        waiting -= 1;
      }
    },
    async close() {
      isClosed = true;
      await running?.terminate();
    },
  };
}

function isProgress(message: { readonly kind: string }): message is TaskProgress {
  return message.kind === 'progress';
}
