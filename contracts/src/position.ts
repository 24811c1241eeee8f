/** Where an entry stands: the number of the log (1 for the first; every restore opens the next) and its index in that log's Merkle tree. */
export type Position = { readonly log: number; readonly index: number };

/** The position before the first entry of the first log. */
export const origin: Position = { log: 1, index: 0 };

/** Negative when `a` comes before `b`, zero when equal. */
export function comparePositions(a: Position, b: Position): number {
  return a.log - b.log || a.index - b.index;
}

/** `1/42`: how a position is written in addresses, events and messages. */
export function formatPosition(position: Position): string {
  return `${position.log}/${position.index}`;
}

/** The position written as `1/42`, or undefined when `text` is not one. */
export function parsePosition(text: string): Position | undefined {
  const match = /^([1-9]\d{0,8})\/(0|[1-9]\d{0,14})$/.exec(text);
  if (match === null) return undefined;
  return { log: Number(match[1]), index: Number(match[2]) };
}
