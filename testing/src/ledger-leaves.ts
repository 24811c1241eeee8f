import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntryBundle, formatEntryBundlePath, parseSignedCheckpoint, tileWidth } from '@sallyport/merkle-log';

export type LedgerLeaf = { readonly index: number; readonly kind: 'event' | 'block'; readonly classUid: number };

/** A log's leaves, read from its tile files alone: whoever wrote them is not asked. */
export function readLedgerLeaves(logDirectory: string): LedgerLeaf[] {
  const { checkpoint } = parseSignedCheckpoint(readFileSync(join(logDirectory, 'checkpoint'), 'utf8'));
  const { treeSize } = checkpoint;
  const leaves: LedgerLeaf[] = [];
  for (let index = 0; index * 256 < treeSize; index += 1) {
    const width = tileWidth({ level: 0, index, treeSize });
    const bundle = readFileSync(join(logDirectory, formatEntryBundlePath({ index, width })));
    for (const entry of decodeEntryBundle(bundle, width)) {
      // Version, kind (1 event, 2 block), time in 6 bytes, class.
      const view = Buffer.from(entry);
      const kind = view[1] === 1 ? 'event' : 'block';
      leaves.push({ index: leaves.length, kind, classUid: kind === 'event' ? view.readUInt32BE(8) : 0 });
    }
  }
  return leaves;
}
