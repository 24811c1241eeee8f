import type { GoingOn, LeftTask } from './left-task.ts';

/** A task that its run can go on with. */
export type WaitingTask = LeftTask & { readonly going: GoingOn };

/**
 * Tasks of a gateway before this one that this process looks after until their client asks for them, by our ids. Whoever takes one out has it
 * alone, however many clients this process serves.
 */
export type WaitingTasks = {
  /** False where there is no room. */
  add(task: WaitingTask): boolean;
  take(id: string, target: string): WaitingTask | undefined;
  all(target: string): readonly WaitingTask[];
  /** Whoever can look after them; what is given back says whether it was the last. */
  join(): () => boolean;
};

const most = 64;

export function createWaitingTasks(): WaitingTasks {
  const waiting = new Map<string, WaitingTask>();
  let joined = 0;
  return {
    add(task) {
      if (waiting.size >= most) return false;
      waiting.set(task.id, task);
      return true;
    },
    take(id, target) {
      const task = waiting.get(id);
      if (task === undefined || task.target !== target) return undefined;
      waiting.delete(id);
      return task;
    },
    all: (target) => [...waiting.values()].filter((task) => task.target === target),
    join() {
      joined += 1;
      let isHere = true;
      return () => {
        if (isHere) joined -= 1;
        isHere = false;
        return joined === 0;
      };
    },
  };
}
