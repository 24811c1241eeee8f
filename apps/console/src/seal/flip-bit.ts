/** The file with one bit of one byte turned over. Bit 7 is the highest. */
export function flipBit(bytes: Uint8Array, flip: { readonly byte: number; readonly bit: number }): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const before = changed[flip.byte];
  if (before !== undefined) changed[flip.byte] = before ^ (1 << flip.bit);
  return changed;
}

/** What stands at a byte of an evidence file, in words. */
export function describePlace(text: string, at: number): string {
  const line = text.slice(0, at).split('\n').length - 1;
  const lines = text.split('\n');
  const blank = lines.indexOf('');
  if (line === 0) return 'the name of the format';
  if (line >= 1 && line <= 4) return ['the key', 'the leaf', 'the salt', 'the event itself'][line - 1] ?? '';
  if (blank === -1 || line < blank)
    return line <= 6 ? 'the place in the tree' : `hash ${line - 6} of the path to the root`;
  return (
    ['the line that ends the proof', 'the name of the log', 'the size of the tree', 'the root of the tree'][
      line - blank
    ] ?? 'the signature of the log'
  );
}
