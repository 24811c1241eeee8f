/** As Cedar tells of it. */
type CedarError = {
  readonly message: string;
  readonly help?: string | null;
  readonly sourceLocations?: readonly { readonly label?: string | null }[];
};

/** What Cedar found wrong, in one sentence. */
export function sayError({ message, help, sourceLocations }: CedarError): string {
  const label = sourceLocations?.[0]?.label ?? undefined;
  return [message, label, help ?? undefined]
    .filter((part) => part !== undefined && part !== '')
    .join('; ')
    .slice(0, 500);
}

/** Where a byte of Cedar's stands: it counts those of UTF-8. */
export function indexOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString('utf8').length;
}

/** Both begin at 1. */
export function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** How deep brackets and conditions of a text stand in one another, strings and comments left out. Cedar's reader goes as deep, in a thread that has a bound. */
export function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let conditions = 0;
  for (const [token] of text.matchAll(/"(?:\\.|[^"\\])*"|\/\/[^\n]*|[()[\]{};]|\bif\b/g)) {
    if (token === 'if') conditions += 1;
    else if (token === '(' || token === '[' || token === '{') depth += 1;
    else if (token === ')' || token === ']' || token === '}') depth -= 1;
    else if (token === ';') conditions = 0;
    deepest = Math.max(deepest, depth + conditions);
  }
  return deepest;
}
