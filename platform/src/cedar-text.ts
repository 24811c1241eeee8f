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

/**
 * How deep the expressions of a policy, as Cedar's JSON has it, stand in one another. A chain of clauses is as deep as it is long, and so is one of
 * names that are asked for. Each `when` and `unless` but one is one more clause: Cedar joins them with &&. Without recursion.
 */
export function expressionDepth({ conditions }: { readonly conditions: unknown }): number {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: conditions, depth: 0 }];
  let deepest = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    deepest = Math.max(deepest, depth);
    if (typeof value !== 'object' || value === null) continue;
    // Cedar writes `a has b.c.d` as one list, and asks for one after the other.
    const chain = 'has' in value ? chainOf(value.has) : 0;
    for (const inner of Object.values<unknown>({ ...value })) open.push({ value: inner, depth: depth + 0.5 + chain });
  }
  const joined = Array.isArray(conditions) ? Math.max(0, conditions.length - 1) : 0;
  return Math.ceil(deepest) + joined;
}

function chainOf(asked: unknown): number {
  return typeof asked === 'object' && asked !== null && 'attr' in asked && Array.isArray(asked.attr)
    ? asked.attr.length
    : 0;
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
