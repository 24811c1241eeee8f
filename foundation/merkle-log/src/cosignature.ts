// c2sp.org/tlog-cosignature, Ed25519 (signature type 0x04): a witness states that it saw the log only grow.
import { parseCheckpoint } from './checkpoint.ts';
import { MerkleLogError } from './errors.ts';
import { refuse } from './subtree-proof.ts';
import { verifyEd25519 } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

const TIMESTAMP_BYTES = 8;
const SIGNATURE_BYTES = 64;

/** What follows the key ID in the signature line of a witness. */
export type Cosignature = {
  /** Seconds since 1970. The claim of the witness: whether it is plausible is for the caller to judge. */
  readonly timestampSeconds: number;
  readonly signature: Uint8Array;
};

export type CosignatureVerification =
  | { readonly ok: true; readonly timestampSeconds: number }
  | { readonly ok: false; readonly reason: string };

/** @throws MerkleLogError `invalid_cosignature` unless it is 8 bytes of time, at most 2^53 - 1, and 64 of signature */
export function parseCosignature(bytes: Uint8Array): Cosignature {
  if (bytes.length !== TIMESTAMP_BYTES + SIGNATURE_BYTES) {
    throw invalidCosignature(`it has ${bytes.length} bytes, must be ${TIMESTAMP_BYTES + SIGNATURE_BYTES}`);
  }
  const timestampSeconds = Number(Buffer.from(bytes.subarray(0, TIMESTAMP_BYTES)).readBigUInt64BE());
  if (!Number.isSafeInteger(timestampSeconds)) throw invalidCosignature('its time must be at most 2^53 - 1 seconds');
  return { timestampSeconds, signature: bytes.subarray(TIMESTAMP_BYTES) };
}

/** The message a witness signs; `text` is the text of the checkpoint's note. */
export function formatCosignedMessage({ timestampSeconds, text }: { timestampSeconds: number; text: string }): string {
  return `cosignature/v1\ntime ${timestampSeconds}\n${text}`;
}

/** Whether the key of a witness cosigned this checkpoint text. `bytes` is what {@link parseCosignature} reads. Never throws. */
export function verifyCosignature(claim: {
  text: string;
  key: VerifierKey;
  bytes: Uint8Array;
}): CosignatureVerification {
  const { text, key, bytes } = claim;
  if (key.kind !== 'cosignature/v1') return refuse(`The key "${key.name}" is not the key of a witness`);
  try {
    parseCheckpoint(text);
    const { timestampSeconds, signature } = parseCosignature(bytes);
    const message = formatCosignedMessage({ timestampSeconds, text });
    if (!verifyEd25519(key.publicKey, message, signature)) return refuse(`The cosignature of "${key.name}" is wrong`);
    return { ok: true, timestampSeconds };
  } catch (error) {
    if (error instanceof MerkleLogError) return refuse(error.message);
    throw error;
  }
}

function invalidCosignature(why: string): MerkleLogError {
  return new MerkleLogError('invalid_cosignature', `Cannot read the cosignature: ${why}`);
}
