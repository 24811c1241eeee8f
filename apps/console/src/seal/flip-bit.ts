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
  // A line for each witness stands behind the key.
  const witnesses = Math.max(
    0,
    lines.slice(2).findIndex((one) => !one.startsWith('witness ')),
  );
  if (line === 0) return 'the name of the format';
  if (line >= 2 && line < 2 + witnesses) return `the key of witness ${line - 1}`;
  const part = line < 2 ? line : line - witnesses;
  if (part <= 4) return ['the key', 'the leaf', 'the salt', 'the event itself'][part - 1] ?? '';
  if (blank === -1 || line < blank)
    return part <= 6 ? 'the place in the tree' : `hash ${part - 6} of the path to the root`;
  const inCheckpoint = [
    'the line that ends the proof',
    'the name of the log',
    'the size of the tree',
    'the root of the tree',
    'the line before the signatures',
    'the signature of the log',
  ];
  return inCheckpoint[line - blank] ?? `the signature of witness ${line - blank - inCheckpoint.length + 1}`;
}
