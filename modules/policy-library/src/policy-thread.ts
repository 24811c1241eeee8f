import { Worker } from 'node:worker_threads';
import { createTurns } from '@sallyport/platform/turns';
import { PolicyLibraryError } from './errors.ts';
import type { PolicyTask, TaskMessage, Tried } from './policy-tasks.ts';
import type { Asked, RecordedTask } from './recorded-tasks.ts';

/** Tries policies in a thread of their own, one after another, limited in time, memory and depth. */
export type PolicyThread = {
  /**
   * A text that does not come to an end is refused as a whole. Throws `policy_busy` when too many wait, and the reason of `signal` when it is aborted.
   * `onProgress`: how much of the comparison is done, 0 to 1.
   */
  attempt(task: PolicyTask, watch?: Watch): Promise<Tried>;
  /** Asks what was asked once again; bounded and refused as `attempt`. */
  ask(task: RecordedTask, watch?: Pick<Watch, 'signal'>): Promise<Asked>;
  close(): Promise<void>;
};

export type Watch = { readonly onProgress?: (done: number) => void; readonly signal?: AbortSignal };

export type ThreadTask =
  | { readonly kind: 'try'; readonly task: PolicyTask }
  | { readonly kind: 'ask'; readonly task: RecordedTask };

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

  /** The last message of a task; undefined when the thread ended, or was ended since it took too long. */
  async function run(
    task: ThreadTask,
    limitMs: number,
    watch: Watch,
  ): Promise<Exclude<TaskMessage, Progress> | undefined> {
    if (isClosed) throw new PolicyLibraryError('policy_busy', 'Cannot try policies: the server is being stopped');
    watch.signal?.throwIfAborted();
    const worker = running ?? open();
    const { promise, resolve } = Promise.withResolvers<Exclude<TaskMessage, Progress> | undefined>();
    const onMessage = (message: TaskMessage): void => {
      if (message.kind === 'progress') watch.onProgress?.(message.done / Math.max(1, message.of));
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

  async function waitFor(task: ThreadTask, limitMs: number, watch: Watch) {
    if (waiting >= maxWaiting)
      throw new PolicyLibraryError('policy_busy', `Cannot try policies: ${waiting} wait already`, {
        hint: 'try again in a few seconds',
      });
    waiting += 1;
    try {
      return await inTurn(() => run(task, limitMs, watch));
    } finally {
      waiting -= 1;
    }
  }

  return {
    async attempt(task, watch = {}) {
      const limitMs = task.compare === undefined ? readMs : compareMs;
      const last = await waitFor({ kind: 'try', task }, limitMs, watch);
      return last?.kind === 'done' ? last.tried : endless(task, limitMs);
    },
    async ask(task, watch = {}) {
      const last = await waitFor({ kind: 'ask', task }, compareMs, watch);
      if (last?.kind === 'answered') return last.asked;
      return {
        kind: 'unreadable',
        reason: `asking took over ${compareMs / 1000} seconds, or too much memory or depth`,
      };
    },
    async close() {
      isClosed = true;
      await running?.terminate();
    },
  };
}

type Progress = { readonly kind: 'progress' };

function endless({ texts }: PolicyTask, limitMs: number): Tried {
  const file = texts.policies.find(({ own }) => own === true)?.file ?? 'the policies';
  const message = `reading and trying it took over ${limitMs / 1000} seconds, or too much memory or depth`;
  return { faults: [{ file, line: 1, column: 1, message }], policies: [], results: [], standing: [] };
}
