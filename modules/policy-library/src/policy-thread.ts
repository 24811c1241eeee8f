import type { PolicyTask, TaskMessage, Tried } from './policy-tasks.ts';
import type { Asked, RecordedTask } from './recorded-tasks.ts';
import { createTaskThread } from './task-thread.ts';
import type { TaskProgress, Watch } from './task-thread.ts';

export type { Watch } from './task-thread.ts';

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

export type ThreadTask =
  | { readonly kind: 'try'; readonly task: PolicyTask }
  | { readonly kind: 'ask'; readonly task: RecordedTask };

export function createPolicyThread(
  limits: { readonly readMs?: number; readonly compareMs?: number; readonly heapMb?: number } = {},
): PolicyThread {
  const { readMs = 15_000, compareMs = 120_000, heapMb = 512 } = limits;
  const thread = createTaskThread<ThreadTask, Exclude<TaskMessage, TaskProgress>>({
    worker: new URL('./policy-worker.ts', import.meta.url),
    heapMb,
  });

  return {
    async attempt(task, watch = {}) {
      const limitMs = task.compare === undefined ? readMs : compareMs;
      const last = await thread.run({ kind: 'try', task }, limitMs, watch);
      return last?.kind === 'done' ? last.tried : endless(task, limitMs);
    },
    async ask(task, watch = {}) {
      const last = await thread.run({ kind: 'ask', task }, compareMs, watch);
      if (last?.kind === 'answered') return last.asked;
      return {
        kind: 'unreadable',
        reason: `asking took over ${compareMs / 1000} seconds, or too much memory or depth`,
      };
    },
    close: () => thread.close(),
  };
}

function endless({ texts }: PolicyTask, limitMs: number): Tried {
  const file = texts.policies.find(({ own }) => own === true)?.file ?? 'the policies';
  const message = `reading and trying it took over ${limitMs / 1000} seconds, or too much memory or depth: make several policies of it`;
  return { faults: [{ file, line: 1, column: 1, message }], policies: [], results: [], standing: [] };
}
