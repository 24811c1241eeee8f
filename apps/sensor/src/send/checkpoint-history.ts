import { createTileReader, formatTilePath, MerkleLogError, parseSignedCheckpoint } from '@sallyport/merkle-log';

/**
 * Why a log that once signed `kept` cannot be the one that signed `shown`; undefined when it only grew in between. Both are
 * verified under the key of the log already. `readTile` reads the log's files from the server: they are checked against the root
 * that `shown` signs, so whoever serves them cannot make two histories look like one. Rejects when a tile cannot be had.
 */
export async function whyNotOneHistory(
  kept: string,
  shown: string,
  readTile: (path: string) => Promise<Uint8Array>,
): Promise<string | undefined> {
  const before = parseSignedCheckpoint(kept).checkpoint;
  const now = parseSignedCheckpoint(shown).checkpoint;
  if (before.origin !== now.origin) return `the checkpoint is of log "${now.origin}", it was "${before.origin}"`;
  if (now.treeSize < before.treeSize) return `the log has ${now.treeSize} entries, it had ${before.treeSize}`;
  const { treeSize, root } = now;
  if (treeSize === before.treeSize)
    return Buffer.from(root).equals(before.root)
      ? undefined
      : `two checkpoints of ${treeSize} entries have different roots`;
  if (before.treeSize === 0) return undefined;
  const reader = createTileReader({
    treeSize,
    root,
    readTile: (level, index, width) => readTile(formatTilePath({ level, index, width })),
  });
  try {
    const { oldRoot } = await reader.proveConsistency(before.treeSize);
    return Buffer.from(oldRoot).equals(before.root)
      ? undefined
      : `the first ${before.treeSize} entries of the log are others than it had signed before`;
  } catch (error) {
    // The tiles are the server's own; ones that do not lead to its root prove nothing in its favour.
    if (error instanceof MerkleLogError) return `the log cannot show that it only grew: ${error.message}`;
    throw error;
  }
}
