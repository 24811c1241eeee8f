/** So many at once, the others in the order they came. */
export type Places = {
  /** Whether there was one; then it is taken. */
  tryEnter(): boolean;
  /** Resolves when there is one; then it is taken. */
  enter(): Promise<void>;
  leave(): void;
};

export function createPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  const tryEnter = (): boolean => {
    if (free === 0) return false;
    free -= 1;
    return true;
  };
  return {
    tryEnter,
    async enter() {
      if (!tryEnter()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
