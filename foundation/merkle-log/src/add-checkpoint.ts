// c2sp.org/tlog-witness: what a log asks of a witness, and what the witness answers.
import type { Checkpoint } from './checkpoint.ts';
import { MerkleLogError } from './errors.ts';
import { isHash } from './hashing.ts';
import { parseSignedCheckpoint } from './signed-checkpoint.ts';
import { MAX_NOTE_SIGNATURES, formatSignatureLine, parseSignatureLine } from './signed-note.ts';
import type { NoteSignature } from './signed-note.ts';
import { decodeBase64, encodeBase64, parseDecimal, readText } from './text-format.ts';

/** Enough for 63 hashes and a checkpoint with 16 signatures of 5 kB; the specification sets no bound. */
export const MAX_ADD_CHECKPOINT_BYTES = 128 * 1024;
/** The media type of a 409 answer: the size of the newest checkpoint the witness cosigned. */
export const TREE_SIZE_MEDIA_TYPE = 'text/x.tlog.size';

const MAX_PROOF_HASHES = 63;
const MAX_COSIGNATURES_BYTES = 1024 * 1024;
const MAX_TREE_SIZE_BYTES = 32;

export type AddCheckpointRequest = {
  /** What the client takes for the newest size the witness has cosigned. */
  readonly oldSize: number;
  /** Of consistency, from `oldSize` to the size of the checkpoint; empty from 0. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
};

/** @throws MerkleLogError `invalid_add_checkpoint` | `invalid_note` | `invalid_checkpoint` */
export function formatAddCheckpoint({ oldSize, proof, checkpoint }: AddCheckpointRequest): string {
  const text = `old ${oldSize}\n${proof.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint}`;
  parseAddCheckpoint(text);
  return text;
}

/**
 * Reads the body of a request without judging it (see `judgeAddCheckpoint`); `claimed` is what its checkpoint says, vouched
 * for by nobody yet. @throws MerkleLogError `invalid_add_checkpoint` | `invalid_note` | `invalid_checkpoint`
 */
export function parseAddCheckpoint(
  input: Uint8Array | string,
): AddCheckpointRequest & { readonly claimed: Checkpoint } {
  const read = readText(input, MAX_ADD_CHECKPOINT_BYTES);
  if ('fault' in read) throw invalidAddCheckpoint(read.fault);
  const { text } = read;
  const blankLine = text.indexOf('\n\n');
  if (blankLine < 0) throw invalidAddCheckpoint('it must have a blank line before the checkpoint');
  // One line more than allowed is enough to be refused below.
  const [oldLine = '', ...hashLines] = text.slice(0, blankLine).split('\n', 1 + MAX_PROOF_HASHES + 1);
  const oldSize = oldLine.startsWith('old ') ? parseDecimal(oldLine.slice('old '.length)) : undefined;
  if (oldSize === undefined) {
    throw invalidAddCheckpoint('its first line must be "old <decimal>", at most 2^53 - 1, without leading zeroes');
  }
  if (hashLines.length > MAX_PROOF_HASHES) {
    throw invalidAddCheckpoint(`it must have at most ${MAX_PROOF_HASHES} hashes`);
  }
  const proof = hashLines.map((line) => {
    const hash = decodeBase64(line);
    if (hash === undefined || !isHash(hash)) throw invalidAddCheckpoint('each hash must be 32 bytes in base64');
    return hash;
  });
  const checkpoint = text.slice(blankLine + 2);
  return { oldSize, proof, checkpoint, claimed: parseSignedCheckpoint(checkpoint).checkpoint };
}

/** The body of a 200 answer. @throws MerkleLogError `invalid_add_checkpoint` */
export function formatCosignatures(signatures: readonly NoteSignature[]): string {
  const text = signatures.map(formatSignatureLine).join('');
  parseCosignatures(text);
  return text;
}

/**
 * Reads the body of a 200 answer without verifying: put them behind the checkpoint (`formatNote`) and ask `verifyNote` with the
 * keys that are trusted. @throws MerkleLogError `invalid_add_checkpoint`
 */
export function parseCosignatures(input: Uint8Array | string): readonly NoteSignature[] {
  const read = readText(input, MAX_COSIGNATURES_BYTES);
  if ('fault' in read) throw invalidAnswer(read.fault);
  const { text } = read;
  if (!text.endsWith('\n')) throw invalidAnswer('it must end with a newline');
  const lines = text.slice(0, -1).split('\n', MAX_NOTE_SIGNATURES + 1);
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw invalidAnswer(`it must have at most ${MAX_NOTE_SIGNATURES} signatures`);
  }
  return lines.map((line) => {
    const signature = parseSignatureLine(line);
    if (signature === undefined) throw invalidAnswer('each line must be "— <name> <base64>"');
    return signature;
  });
}

/** The body of a 409 answer. */
export function formatTreeSize(treeSize: number): string {
  return `${treeSize}\n`;
}

/** Reads the body of a 409 answer. @throws MerkleLogError `invalid_add_checkpoint` */
export function parseTreeSize(input: Uint8Array | string): number {
  const read = readText(input, MAX_TREE_SIZE_BYTES);
  const line = 'text' in read && read.text.endsWith('\n') ? read.text.slice(0, -1) : '';
  const treeSize = parseDecimal(line);
  if (treeSize === undefined) throw invalidAnswer('it must be a decimal from 0 to 2^53 - 1 and a newline');
  return treeSize;
}

function invalidAddCheckpoint(why: string): MerkleLogError {
  return new MerkleLogError('invalid_add_checkpoint', `Cannot read the request: ${why}`);
}

function invalidAnswer(why: string): MerkleLogError {
  return new MerkleLogError('invalid_add_checkpoint', `Cannot read the answer of the witness: ${why}`);
}
