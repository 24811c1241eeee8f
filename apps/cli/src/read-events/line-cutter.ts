/** A line without its end, or the size of one that is too long. */
export type CutLine =
  | { readonly kind: 'text'; readonly bytes: Buffer; /** The input ended without ending it. */ readonly atEnd: boolean }
  | { readonly kind: 'oversize'; readonly sizeBytes: number };

export type LineCutter = { push(chunk: Buffer): CutLine[]; end(): CutLine[] };

const newline = 0x0a;

/** Lines as the server counts them: those of white space only are none. Holds one line of at most `maxLineBytes`. */
export function createLineCutter(maxLineBytes: number): LineCutter {
  let held: Buffer[] = [];
  let heldBytes = 0;

  function take(piece: Buffer): void {
    heldBytes += piece.length;
    // What is too long is only counted.
    if (heldBytes <= maxLineBytes) held.push(piece);
    else held = [];
  }

  function finish(atEnd: boolean): CutLine[] {
    const sizeBytes = heldBytes;
    const whole = Buffer.concat(held);
    held = [];
    heldBytes = 0;
    if (sizeBytes > maxLineBytes) return [{ kind: 'oversize', sizeBytes }];
    const bytes = whole.at(-1) === 0x0d ? whole.subarray(0, -1) : whole;
    return isBlank(bytes) ? [] : [{ kind: 'text', bytes, atEnd }];
  }

  return {
    push(chunk) {
      const lines: CutLine[] = [];
      let from = 0;
      for (let at = chunk.indexOf(newline); at !== -1; at = chunk.indexOf(newline, from)) {
        take(chunk.subarray(from, at));
        from = at + 1;
        lines.push(...finish(false));
      }
      if (from < chunk.length) take(chunk.subarray(from));
      return lines;
    },
    end: () => (heldBytes === 0 ? [] : finish(true)),
  };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
