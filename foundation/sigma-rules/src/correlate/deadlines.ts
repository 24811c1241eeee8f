export type DeadlineOrder = {
  /** Which of two slots of the same time comes first. */
  readonly before: (left: number, right: number) => boolean;
  /** Whether the slot still waits for that time. */
  readonly isDue: (slot: number, timeMs: number) => boolean;
};

/**
 * Slots in the order of their times: a binary heap. A slot may be in it more than once; whoever takes it looks whether it is still due. What is not
 * is let go when it makes up half: groups that come and go, as in a flood of keys, leave no more behind than there are.
 */
export type Deadlines = {
  add(timeMs: number, slot: number): void;
  /** The next slot whose time is `nowMs` or before. */
  take(nowMs: number): { readonly timeMs: number; readonly slot: number } | undefined;
  /** The least time there is, be it due to anybody or not. */
  nextMs(): number | undefined;
  clear(): void;
  size(): number;
};

const leastSwept = 4_096;

export function createDeadlines({ before, isDue }: DeadlineOrder): Deadlines {
  let times: number[] = [];
  let slots: number[] = [];
  let sweptAbove = leastSwept;

  function isBefore(left: number, right: number): boolean {
    const [a = 0, b = 0] = [times[left], times[right]];
    return a === b ? before(slots[left] ?? 0, slots[right] ?? 0) : a < b;
  }

  function swap(left: number, right: number): void {
    const [time = 0, slot = 0] = [times[left], slots[left]];
    times[left] = times[right] ?? 0;
    slots[left] = slots[right] ?? 0;
    times[right] = time;
    slots[right] = slot;
  }

  function add(timeMs: number, slot: number): void {
    times.push(timeMs);
    slots.push(slot);
    let at = times.length - 1;
    while (at > 0 && isBefore(at, (at - 1) >> 1)) {
      swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  function sweep(): void {
    const [oldTimes, oldSlots] = [times, slots];
    const seen = new Set<number>();
    times = [];
    slots = [];
    for (const [at, slot] of oldSlots.entries()) {
      const timeMs = oldTimes[at] ?? 0;
      if (seen.has(slot) || !isDue(slot, timeMs)) continue;
      seen.add(slot);
      add(timeMs, slot);
    }
    sweptAbove = Math.max(leastSwept, 2 * times.length);
  }

  return {
    add(timeMs, slot) {
      add(timeMs, slot);
      if (times.length > sweptAbove) sweep();
    },
    take(nowMs) {
      const [timeMs, slot] = [times[0], slots[0]];
      if (timeMs === undefined || slot === undefined || timeMs > nowMs) return undefined;
      swap(0, times.length - 1);
      times.pop();
      slots.pop();
      let at = 0;
      for (;;) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) if (child < times.length && isBefore(child, least)) least = child;
        if (least === at) return { timeMs, slot };
        swap(at, least);
        at = least;
      }
    },
    nextMs: () => times[0],
    clear() {
      times = [];
      slots = [];
    },
    size: () => times.length,
  };
}
