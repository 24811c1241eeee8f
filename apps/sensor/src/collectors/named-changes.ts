/**
 * Paths the kernel told of, until they are looked at. Whoever may write in one watched folder can name millions: of a folder only
 * so many wait, and of all folders together; what is left out is found by a walk.
 */
export type NamedChanges = {
  add(folder: string, path: string): void;
  /** The oldest ones, removed from here. */
  take(count: number): string[];
  /** Whether something was left out since this was asked last. */
  takeOverflow(): boolean;
};

const maxOfFolder = 500;
const maxOfAll = 10_000;

export function createNamedChanges(): NamedChanges {
  const waiting = new Map<string, string>();
  const perFolder = new Map<string, number>();
  let isOverfull = false;

  const count = (folder: string, by: number): void => {
    const now = (perFolder.get(folder) ?? 0) + by;
    if (now > 0) perFolder.set(folder, now);
    else perFolder.delete(folder);
  };

  return {
    add(folder, path) {
      if (waiting.has(path)) return;
      if (waiting.size >= maxOfAll || (perFolder.get(folder) ?? 0) >= maxOfFolder) {
        isOverfull = true;
        return;
      }
      waiting.set(path, folder);
      count(folder, 1);
    },
    take(most) {
      const taken = waiting.entries().take(most).toArray();
      for (const [path, folder] of taken) {
        waiting.delete(path);
        count(folder, -1);
      }
      return taken.map(([path]) => path);
    },
    takeOverflow() {
      const was = isOverfull;
      isOverfull = false;
      return was;
    },
  };
}
