// c2sp.org/tlog-checkpoint: the text of the note in which a log commits to its tree.
import { MerkleLogError } from './errors.ts';
import { isHash } from './hashing.ts';
import { decodeBase64, encodeBase64, findControlCharacter, parseDecimal, readText } from './text-format.ts';
import { isTreeSize } from './tree-shape.ts';

const MAX_CHECKPOINT_BYTES = 64 * 1024;

export type Checkpoint = {
  /** Names the log. */
  readonly origin: string;
  readonly treeSize: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Opaque lines after the root; no monitor can audit them. */
  readonly extensions: readonly string[];
};

/** The note text of a checkpoint, without extension lines. @throws MerkleLogError `invalid_checkpoint` */
export function formatCheckpoint(checkpoint: { origin: string; treeSize: number; root: Uint8Array }): string {
  const { origin, treeSize, root } = checkpoint;
  if (!isTreeSize(treeSize)) throw invalidCheckpoint(`its size is ${treeSize}, must be an integer from 0`, 0);
  if (!isHash(root)) throw invalidCheckpoint(`its root has ${root.length} bytes, must be 32`, 0);
  const text = `${origin}\n${treeSize}\n${encodeBase64(root)}\n`;
  if (origin.includes('\n')) throw invalidCheckpoint('its origin must be one line', 0);
  parseCheckpoint(text);
  return text;
}

/** Reads the text of a note, that is, without its signatures. @throws MerkleLogError `invalid_checkpoint` */
export function parseCheckpoint(input: string): Checkpoint {
  const read = readText(input, MAX_CHECKPOINT_BYTES);
  if ('fault' in read) throw invalidCheckpoint(read.fault, 0);
  const { text } = read;
  const control = findControlCharacter(text);
  if (control !== undefined) throw invalidCheckpoint('it must be without control characters', control);
  if (!text.endsWith('\n')) throw invalidCheckpoint('it must end with a newline', Buffer.byteLength(text));
  const [origin = '', size = '', encodedRoot = '', ...extensions] = text.slice(0, -1).split('\n');
  if (origin === '') throw invalidCheckpoint('its origin must not be empty', 0);
  const sizeOffset = Buffer.byteLength(origin) + 1;
  const treeSize = parseDecimal(size);
  if (treeSize === undefined) {
    throw invalidCheckpoint('its size must be a decimal from 0 to 2^53 - 1 without leading zeroes', sizeOffset);
  }
  const rootOffset = sizeOffset + size.length + 1;
  const root = decodeBase64(encodedRoot);
  if (root === undefined || !isHash(root)) throw invalidCheckpoint('its root must be 32 bytes in base64', rootOffset);
  if (extensions.includes('')) throw invalidCheckpoint('its extension lines must not be empty', rootOffset + 45);
  return { origin, treeSize, root, extensions };
}

function invalidCheckpoint(why: string, offset: number): MerkleLogError {
  return new MerkleLogError('invalid_checkpoint', `Cannot use the checkpoint: ${why}`, { offset });
}
