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
  /** Its place is kept until it is put back, or goes on there or nowhere. */
  take(id: string, target: string): WaitingTask | undefined;
  /** It cannot be had now. False where nobody is here who looks after it. */
  putBack(task: WaitingTask): boolean;
  /** One that was taken waits no more. */
  goesOn(id: string): void;
  all(target: string): readonly WaitingTask[];
  /**
   * Whoever can look after them: `wake` is called when somebody left who may have done so alone, or one was put back. What is given back
   * says whether it was the last.
   */
  join(wake: () => void): () => boolean;
  /** Something else is to be looked after by whoever is here. */
  wake(): void;
};

const most = 64;

export function createWaitingTasks(): WaitingTasks {
  const waiting = new Map<string, WaitingTask>();
  const taken = new Set<string>();
  const joined = new Set<() => void>();
  const wakeAll = (): void => joined.forEach((wake) => wake());
  return {
    add(task) {
      if (waiting.size + taken.size >= most) return false;
      waiting.set(task.id, task);
      return true;
    },
    take(id, target) {
      const task = waiting.get(id);
      if (task === undefined || task.target !== target) return undefined;
      waiting.delete(id);
      taken.add(id);
      return task;
    },
    putBack(task) {
      taken.delete(task.id);
      waiting.set(task.id, task);
      wakeAll();
      return joined.size > 0;
    },
    goesOn: (id) => void taken.delete(id),
    all: (target) => [...waiting.values()].filter((task) => task.target === target),
    join(wake) {
      // One who joins twice is two.
      const one = (): void => wake();
      joined.add(one);
      return () => {
        if (joined.delete(one)) wakeAll();
        return joined.size === 0;
      };
    },
    wake: wakeAll,
  };
}
