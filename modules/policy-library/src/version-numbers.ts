/** How many rows that do not open are stepped past. */
const mostAhead = 20;
/** Versions that are kept besides the one in force. */
const mostKept = 200;

/**
 * The number after `last`. A row that does not open may have had a number once: it is stepped past. Where somebody planted many, the first gives way to
 * whoever adds the version.
 */
export function nextNumber(standing: readonly number[], last: number): number {
  const taken = new Set(standing);
  for (let number = last + 1; number <= last + mostAhead; number += 1) if (!taken.has(number)) return number;
  return last + 1;
}

/** From which number on versions are kept, by how many open: a number that somebody wrote moves nothing. */
export function keptFrom(opening: readonly number[]): number {
  return opening.toSorted((a, b) => b - a)[mostKept - 1] ?? 0;
}
