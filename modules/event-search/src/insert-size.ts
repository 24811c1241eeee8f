const mb = 1024 * 1024;

/** What a store of the size it has by default takes in one insert; half of what a frame may hold. */
const largestInsert = 32 * mb;
/** What the engine needs whatever it does, and for each byte of events made of words it never saw. */
const idleBytes = 288 * mb;
const memoryPerByte = 55;

export const defaultStoreMemory = 2048 * mb;

/** How much may go into one insert. More than the engine has memory for would fail however often it is repeated. */
export function insertBytes(memoryLimitBytes = defaultStoreMemory): number {
  return Math.max(mb, Math.min(largestInsert, Math.floor((memoryLimitBytes - idleBytes) / memoryPerByte)));
}

/** About how much is worth putting together into one range: one insert, or what is read at once. */
export function rangeBytes(memoryLimitBytes?: number): number {
  return Math.max(8 * mb, 0.75 * insertBytes(memoryLimitBytes));
}
