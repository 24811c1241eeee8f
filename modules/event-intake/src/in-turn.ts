/** Runs tasks of one name one after another, in the order in which they came; those of different names at once. */
export type InTurn = <Result>(name: string, task: () => Promise<Result>) => Promise<Result>;

export function createInTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (name, task) => {
    const before = last.get(name);
    const run = before === undefined ? task() : before.then(task, task);
    last.set(name, run);
    try {
      return await run;
    } finally {
      if (last.get(name) === run) last.delete(name);
    }
  };
}
