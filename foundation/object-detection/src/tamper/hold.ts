/** Whether something has been so for long enough: in so many pictures in a row, and for so long. */
export function createHold({ pictures, forMs }: { readonly pictures: number; readonly forMs: number }): {
  see(holds: boolean, atMs: number): boolean;
} {
  let count = 0;
  let sinceMs = 0;
  return {
    see(holds, atMs) {
      if (!holds) {
        count = 0;
        return false;
      }
      if (count === 0) sinceMs = atMs;
      count += 1;
      return count >= pictures && atMs - sinceMs >= forMs;
    },
  };
}
