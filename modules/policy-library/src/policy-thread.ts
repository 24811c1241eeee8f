import { Worker } from 'node:worker_threads';
import { createTurns } from '@sallyport/platform/turns';
import { PolicyLibraryError } from './errors.ts';
import type { PolicyTask, TaskMessage, Tried } from './policy-tasks.ts';

/** Tries policies in a thread of their own, one after another, limited in time, memory and depth. */
export type PolicyThread = {
  /**
   * A text that does not come to an end is refused as a whole. Throws `policy_busy` when too many wait. `onProgress`: how much of the comparison is done, 0 to 1.
   */
  attempt(task: PolicyTask, onProgress?: (done: number) => void): Promise<Tried>;
  close(): Promise<void>;
};

const maxWaiting = 16;

export function createPolicyThread(
  limits: { readonly readMs?: number; readonly compareMs?: number; readonly heapMb?: number } = {},
): PolicyThread {
  const { readMs = 15_000, compareMs = 120_000, heapMb = 512 } = limits;
  const inTurn = createTurns();
  let running: Worker | undefined;
  let waiting = 0;
  let isClosed = false;

  /** Its stack is smaller than the server's own: what comes through here comes through there. */
  function open(): Worker {
    const worker = new Worker(new URL('./policy-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: heapMb, stackSizeMb: 0.6 },
      env: {},
    });
    // Its reason may quote the text; that it ended is what matters, and 'exit' says so.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (running === worker) running = undefined;
    });
    running = worker;
    return worker;
  }

  async function run(task: PolicyTask, onProgress: (done: number) => void): Promise<Tried> {
    if (isClosed) throw new PolicyLibraryError('policy_busy', 'Cannot try policies: the server is being stopped');
    const worker = running ?? open();
    const limitMs = task.compare === undefined ? readMs : compareMs;
    const { promise, resolve } = Promise.withResolvers<Tried | undefined>();
    const onMessage = (message: TaskMessage): void => {
      if (message.kind === 'done') resolve(message.tried);
      else onProgress(message.done / Math.max(1, message.of));
    };
    const onExit = (): void => resolve(undefined);
    const deadline = setTimeout(onExit, limitMs);
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.ref();
    worker.postMessage(task, []);
    try {
      const tried = await promise;
      if (tried !== undefined) return tried;
      await worker.terminate();
      return endless(task, limitMs);
    } finally {
      clearTimeout(deadline);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      worker.unref();
    }
  }

  return {
    async attempt(task, onProgress = () => undefined) {
      if (waiting >= maxWaiting)
        throw new PolicyLibraryError('policy_busy', `Cannot try policies: ${waiting} wait already`, {
          hint: 'try again in a few seconds',
        });
      waiting += 1;
      try {
        return await inTurn(() => run(task, onProgress));
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

function endless({ texts }: PolicyTask, limitMs: number): Tried {
  const file = texts.policies.find(({ own }) => own === true)?.file ?? 'the policies';
  const message = `reading and trying it took over ${limitMs / 1000} seconds, or too much memory or depth`;
  return { faults: [{ file, line: 1, column: 1, message }], policies: [], results: [], standing: [] };
}
