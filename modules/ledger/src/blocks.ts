// Sealed blocks as they lie in segment files, for whoever copies or checks them without any key.
export { blockStartBytes, decodeBlock, maxBlockEvents, readBlockStart, recordLength } from './block.ts';
export type { BlockHeader } from './block-header.ts';
export { decodeLeaf, leafBytes } from './leaf.ts';
