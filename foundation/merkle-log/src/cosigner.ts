// c2sp.org/tlog-cosignature: makes cosignatures. That the log only grew is for the caller to have verified.
import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { parseCheckpoint } from './checkpoint.ts';
import { encodeCosignature, encodeCosignedSubtree, formatCosignedMessage } from './cosignature.ts';
import { MerkleLogError } from './errors.ts';
import type { NoteSignature } from './signed-note.ts';
import { createVerifierKey } from './verifier-key.ts';
import type { VerifierKey } from './verifier-key.ts';

export type Cosigner = {
  readonly verifierKey: VerifierKey;
  /**
   * The signature line of the statement that, at this time, this is the largest consistent tree the cosigner has seen of the
   * log. `text` is the text of the checkpoint's note.
   * @throws MerkleLogError `invalid_checkpoint` | `invalid_cosignature`: no integer from 1 to 2^53 - 1 as time, or (ML-DSA-44) an
   *   origin of more than 255 bytes
   */
  cosign(statement: { text: string; timestampSeconds: number }): NoteSignature;
};

/**
 * Kind `cosignature/v1` of an Ed25519 key, `subtree/v1` of an ML-DSA-44 key. An Ed25519 key serves one cosigner only: its
 * statements do not hold the name. @throws MerkleLogError `invalid_verifier_key`
 */
export function createCosigner({ name, privateKey }: { name: string; privateKey: KeyObject }): Cosigner {
  const verifierKey = verifierKeyOf(name, privateKey);
  const { kind, keyId } = verifierKey;
  return {
    verifierKey,
    cosign({ text, timestampSeconds }) {
      const checkpoint = parseCheckpoint(text);
      if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 1) {
        throw new MerkleLogError(
          'invalid_cosignature',
          `Cannot cosign at time ${timestampSeconds}: must be seconds since 1970, from 1 to 2^53 - 1`,
        );
      }
      const message =
        kind === 'cosignature/v1'
          ? Buffer.from(formatCosignedMessage({ timestampSeconds, text }))
          : encodeCosignedSubtree({ cosignerName: name, timestampSeconds, checkpoint });
      const signature = sign(null, message, privateKey);
      return { name, keyId, signature: encodeCosignature({ timestampSeconds, signature }) };
    },
  };
}

function verifierKeyOf(name: string, privateKey: KeyObject): VerifierKey {
  const algorithm = privateKey.type === 'private' ? privateKey.asymmetricKeyType : undefined;
  if (algorithm !== 'ed25519' && algorithm !== 'ml-dsa-44') {
    throw new MerkleLogError(
      'invalid_verifier_key',
      `Cannot cosign as "${name}": the key must be an Ed25519 or ML-DSA-44 private key`,
    );
  }
  // In both, the SubjectPublicKeyInfo ends with the raw key.
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return algorithm === 'ed25519'
    ? createVerifierKey({ kind: 'cosignature/v1', name, publicKey: spki.subarray(-32) })
    : createVerifierKey({ kind: 'subtree/v1', name, publicKey: spki.subarray(-1312) });
}
