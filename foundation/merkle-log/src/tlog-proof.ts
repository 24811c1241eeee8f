// c2sp.org/tlog-proof: a proof of inclusion as one text that verifies offline.
import type { Checkpoint } from './checkpoint.ts';
import { MerkleLogError } from './errors.ts';
import { isHash } from './hashing.ts';
import { verifyInclusion } from './inclusion.ts';
import { evaluateQuorum, maySpeakFor } from './quorum.ts';
import type { WitnessedBy } from './quorum.ts';
import { MAX_NOTE_BYTES, verifyNote } from './signed-note.ts';
import type { VerifiedSignature } from './signed-note.ts';
import { parseSignedCheckpoint } from './signed-checkpoint.ts';
import { refuse } from './subtree-proof.ts';
import { decodeBase64, encodeBase64, parseDecimal, readText } from './text-format.ts';
import type { TlogPolicy } from './tlog-policy.ts';
import type { VerifierKey } from './verifier-key.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const MAX_PROOF_HASHES = 63;
const MAX_EXTRA_BYTES = 1024 * 1024;
const MAX_TLOG_PROOF_BYTES = MAX_NOTE_BYTES + 2 * MAX_EXTRA_BYTES;

export type TlogProof = {
  readonly index: number;
  /** From the leaf's sibling up to the child of the root. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Authenticated by nothing. */
  readonly extra?: Uint8Array | undefined;
};

/** @throws MerkleLogError `invalid_tlog_proof` | `invalid_note` | `invalid_checkpoint` */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  if (!proof.every(isHash)) throw invalidTlogProof('each hash must be 32 bytes');
  const extraLine = extra === undefined ? '' : `extra ${encodeBase64(extra)}\n`;
  const hashLines = proof.map((hash) => `${encodeBase64(hash)}\n`).join('');
  const text = `${HEADER}\n${extraLine}index ${index}\n${hashLines}\n${checkpoint}`;
  parseTlogProof(text);
  return text;
}

/** Reads without verifying. @throws MerkleLogError `invalid_tlog_proof` | `invalid_note` | `invalid_checkpoint` */
export function parseTlogProof(input: Uint8Array | string): TlogProof {
  const read = readText(input, MAX_TLOG_PROOF_BYTES);
  if ('fault' in read) throw invalidTlogProof(read.fault);
  const { text } = read;
  const blankLine = text.indexOf('\n\n');
  if (blankLine < 0) throw invalidTlogProof('it must have a blank line before the checkpoint');
  // A header, an extra line and an index line come before the hashes; one line more is enough to be refused below.
  const lines = text.slice(0, blankLine).split('\n', 3 + MAX_PROOF_HASHES + 1);
  if (lines.shift() !== HEADER) throw invalidTlogProof(`its first line must be "${HEADER}"`);
  const extra = lines[0]?.startsWith('extra ') === true ? parseExtra(lines.shift() ?? '') : undefined;
  const indexLine = lines.shift() ?? '';
  const index = indexLine.startsWith('index ') ? parseDecimal(indexLine.slice('index '.length)) : undefined;
  if (index === undefined) throw invalidTlogProof('it must have the line "index <decimal>" without leading zeroes');
  if (lines.length > MAX_PROOF_HASHES) throw invalidTlogProof(`it must have at most ${MAX_PROOF_HASHES} hashes`);
  const proof = lines.map((line) => {
    const hash = decodeBase64(line);
    if (hash === undefined || !isHash(hash)) throw invalidTlogProof('each hash must be 32 bytes in base64');
    return hash;
  });
  const checkpoint = text.slice(blankLine + 2);
  const { treeSize } = parseSignedCheckpoint(checkpoint).checkpoint;
  if (index >= treeSize) throw invalidTlogProof(`its index is ${index}, must be below the tree size ${treeSize}`);
  return extra === undefined ? { index, proof, checkpoint } : { index, proof, checkpoint, extra };
}

function parseExtra(line: string): Uint8Array {
  const extra = decodeBase64(line.slice('extra '.length));
  if (extra === undefined) throw invalidTlogProof('its extra data must be base64');
  if (extra.length === 0) throw invalidTlogProof('its extra line must be left out when there is no extra data');
  if (extra.length > MAX_EXTRA_BYTES) throw invalidTlogProof(`its extra data must be at most ${MAX_EXTRA_BYTES} bytes`);
  return extra;
}

export type TlogProofVerification =
  | {
      readonly ok: true;
      readonly index: number;
      readonly checkpoint: Checkpoint;
      readonly signatures: readonly VerifiedSignature[];
      /** Only under a policy: who cosigned, and which witnesses that could count did not. */
      readonly quorum?: { readonly by: readonly WitnessedBy[]; readonly missing: readonly string[] };
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Whether the log called `origin` contains the leaf: the checkpoint is signed by one of its keys and the proof leads to
 * the checkpoint's root. Witnesses may be among the keys, but do not stand in for the log: at least one good signature
 * is of kind `ed25519`, or of `subtree/v1` under the name of the log. With a `policy` the checkpoint must satisfy it too:
 * the keys of its logs then take the place of `verifierKeys`, which count only for a policy without logs (see
 * `evaluateQuorum`). Never throws on any proof.
 */
export function verifyTlogProof(claim: {
  tlogProof: Uint8Array | string;
  leafHash: Uint8Array;
  origin: string;
  verifierKeys: readonly VerifierKey[];
  policy?: TlogPolicy;
}): TlogProofVerification {
  try {
    const { index, proof, checkpoint: note } = parseTlogProof(claim.tlogProof);
    const { checkpoint } = parseSignedCheckpoint(note);
    if (checkpoint.origin !== claim.origin) {
      return refuse(`The checkpoint is of "${checkpoint.origin}", must be of "${claim.origin}"`);
    }
    const signed = verifySignatures(note, claim);
    if (!signed.ok) return signed;
    const { treeSize, root } = checkpoint;
    const included = verifyInclusion({ index, treeSize, leafHash: claim.leafHash, proof, root });
    if (!included.ok) return included;
    const { signatures, quorum } = signed;
    return { ok: true, index, checkpoint, signatures, ...(quorum === undefined ? {} : { quorum }) };
  } catch (error) {
    if (error instanceof MerkleLogError) return refuse(error.message);
    throw error;
  }
}

type Signatures = Pick<Extract<TlogProofVerification, { ok: true }>, 'ok' | 'signatures' | 'quorum'>;

function verifySignatures(
  note: string,
  { origin, verifierKeys, policy }: { origin: string; verifierKeys: readonly VerifierKey[]; policy?: TlogPolicy },
): Signatures | { readonly ok: false; readonly reason: string } {
  if (policy !== undefined) {
    const judged = evaluateQuorum({ policy, checkpoint: note, logKeys: verifierKeys });
    if (!judged.ok) return refuse(judged.reason);
    const { signatures, by, missing } = judged;
    return { ok: true, signatures, quorum: { by, missing } };
  }
  const signed = verifyNote({ note, verifierKeys });
  if (!signed.ok) return signed;
  if (!signed.signatures.some((one) => maySpeakFor(one, origin))) return refuse('The log itself did not sign');
  return { ok: true, signatures: signed.signatures };
}

function invalidTlogProof(why: string): MerkleLogError {
  return new MerkleLogError('invalid_tlog_proof', `Cannot use the proof: ${why}`);
}
