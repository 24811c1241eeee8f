// c2sp.org/tlog-cosignature: a cosigner states that it saw the log only grow. Ed25519 (0x04) and ML-DSA-44 (0x06).
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { MerkleLogError } from './errors.ts';
import { ML_DSA_44_SIGNATURE_BYTES, verifyMlDsa44 } from './ml-dsa.ts';
import { refuse } from './subtree-proof.ts';
import { verifyEd25519 } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

const TIMESTAMP_BYTES = 8;
const ED25519_SIGNATURE_BYTES = 64;
const SUBTREE_LABEL = 'subtree/v1\n\0';
const MAX_SIGNED_NAME_BYTES = 255;

/** What follows the key ID in the signature line of a cosigner. */
export type Cosignature = {
  /** Seconds since 1970. The claim of the cosigner: whether it is plausible is for the caller to judge. */
  readonly timestampSeconds: number;
  readonly signature: Uint8Array;
};

export type CosignatureVerification =
  | { readonly ok: true; readonly timestampSeconds: number }
  | { readonly ok: false; readonly reason: string };

/**
 * @throws MerkleLogError `invalid_cosignature` unless it is 8 bytes of time, at most 2^53 - 1, and a signature: 64 bytes of
 *   Ed25519 or 2420 of ML-DSA-44
 */
export function parseCosignature(bytes: Uint8Array): Cosignature {
  const length = bytes.length - TIMESTAMP_BYTES;
  if (length !== ED25519_SIGNATURE_BYTES && length !== ML_DSA_44_SIGNATURE_BYTES) {
    const lengths = [ED25519_SIGNATURE_BYTES, ML_DSA_44_SIGNATURE_BYTES].map((one) => TIMESTAMP_BYTES + one);
    throw invalidCosignature(`it has ${bytes.length} bytes, must be ${lengths.join(' or ')}`);
  }
  const timestampSeconds = Number(Buffer.from(bytes.subarray(0, TIMESTAMP_BYTES)).readBigUInt64BE());
  if (!Number.isSafeInteger(timestampSeconds)) throw invalidCosignature('its time must be at most 2^53 - 1 seconds');
  return { timestampSeconds, signature: bytes.subarray(TIMESTAMP_BYTES) };
}

/** The inverse of {@link parseCosignature}. */
export function encodeCosignature({ timestampSeconds, signature }: Cosignature): Uint8Array {
  return Buffer.concat([encodeUint64(timestampSeconds), signature]);
}

/** The message an Ed25519 cosigner signs; `text` is the text of the checkpoint's note. */
export function formatCosignedMessage({ timestampSeconds, text }: { timestampSeconds: number; text: string }): string {
  return `cosignature/v1\ntime ${timestampSeconds}\n${text}`;
}

/**
 * The message an ML-DSA-44 cosigner signs for a checkpoint: the subtree from 0 to its size. Extension lines are no part of it.
 * @throws MerkleLogError `invalid_cosignature` when a name has more than 255 bytes, which the structure cannot hold
 */
export function encodeCosignedSubtree(statement: {
  cosignerName: string;
  timestampSeconds: number;
  checkpoint: Checkpoint;
}): Uint8Array {
  const { cosignerName, timestampSeconds, checkpoint } = statement;
  return Buffer.concat([
    Buffer.from(SUBTREE_LABEL),
    encodeName(cosignerName),
    encodeUint64(timestampSeconds),
    encodeName(checkpoint.origin),
    encodeUint64(0),
    encodeUint64(checkpoint.treeSize),
    checkpoint.root,
  ]);
}

function encodeName(name: string): Uint8Array {
  const bytes = Buffer.from(name);
  if (bytes.length === 0 || bytes.length > MAX_SIGNED_NAME_BYTES) {
    throw invalidCosignature(
      `a name in its statement has ${bytes.length} bytes, must be at least 1 and at most ${MAX_SIGNED_NAME_BYTES}`,
    );
  }
  return Buffer.concat([Uint8Array.of(bytes.length), bytes]);
}

function encodeUint64(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw invalidCosignature(`a number in its statement is ${value}, must be an integer from 0 to 2^53 - 1`);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Whether the key of a cosigner cosigned this checkpoint text. `bytes` is what {@link parseCosignature} reads. Never throws. */
export function verifyCosignature(claim: {
  text: string;
  key: VerifierKey;
  bytes: Uint8Array;
}): CosignatureVerification {
  const { text, key, bytes } = claim;
  if (key.kind === 'ed25519') return refuse(`The key "${key.name}" is not the key of a cosigner`);
  try {
    const checkpoint = parseCheckpoint(text);
    const { timestampSeconds, signature } = parseCosignature(bytes);
    const isRight =
      key.kind === 'cosignature/v1'
        ? verifyEd25519(key.publicKey, formatCosignedMessage({ timestampSeconds, text }), signature)
        : verifyMlDsa44(
            key.publicKey,
            encodeCosignedSubtree({ cosignerName: key.name, timestampSeconds, checkpoint }),
            signature,
          );
    return isRight ? { ok: true, timestampSeconds } : refuse(`The cosignature of "${key.name}" is wrong`);
  } catch (error) {
    if (error instanceof MerkleLogError) return refuse(error.message);
    throw error;
  }
}

function invalidCosignature(why: string): MerkleLogError {
  return new MerkleLogError('invalid_cosignature', `Cannot use the cosignature: ${why}`);
}
