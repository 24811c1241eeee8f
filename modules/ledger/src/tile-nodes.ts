import { hash } from 'node:crypto';
import { HASH_BYTES, TILE_WIDTH } from '@sallyport/merkle-log';

const tileBytes = TILE_WIDTH * HASH_BYTES;

/**
 * All nodes of a full tile: its 256 hashes, then the 128 above them, up to the root, which is the last (RFC 6962 section 2.1).
 * One buffer for all of it: half the time of one for each hash.
 */
export function tileNodes(hashes: Uint8Array): Buffer {
  const nodes = Buffer.allocUnsafe(2 * tileBytes - HASH_BYTES);
  nodes.set(hashes);
  const input = Buffer.alloc(1 + 2 * HASH_BYTES, 1);
  for (let from = 0, to = tileBytes; to < nodes.length; from += 2 * HASH_BYTES, to += HASH_BYTES) {
    nodes.copy(input, 1, from, from + 2 * HASH_BYTES);
    nodes.write(hash('sha256', input, 'binary'), to, HASH_BYTES, 'latin1');
  }
  return nodes;
}

/** A node of a tile by its level above the tile's hashes and its place in that level. */
export function tileNode(nodes: Buffer, level: number, place: number): Buffer {
  const at = (2 * TILE_WIDTH - TILE_WIDTH / 2 ** (level - 1) + place) * HASH_BYTES;
  return nodes.subarray(at, at + HASH_BYTES);
}

/** The root of a full tile. */
export function tileRoot(nodes: Buffer): Buffer {
  return nodes.subarray(nodes.length - HASH_BYTES);
}
