// c2sp.org/tlog-witness, "add-checkpoint": the rules, without the network and the disk.
import type { AddCheckpointRequest } from './add-checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { verifyCosignature } from './cosignature.ts';
import { verifyConsistency } from './consistency.ts';
import { MerkleLogError } from './errors.ts';
import { emptyRoot, equalBytes } from './hashing.ts';
import { parseSignedCheckpoint } from './signed-checkpoint.ts';
import type { SignedCheckpoint } from './signed-checkpoint.ts';
import { verifyNote } from './signed-note.ts';
import type { SignedNote } from './signed-note.ts';
import type { VerifierKey } from './verifier-key.ts';

/** What a witness knows of the log that a checkpoint names. */
export type WitnessedLog = {
  readonly origin: string;
  /** Keys that may speak for the log. */
  readonly verifierKeys: readonly VerifierKey[];
  /** The newest checkpoint it cosigned, or undefined before the first. */
  readonly newest: { readonly treeSize: number; readonly root: Uint8Array } | undefined;
};

/**
 * What a request that the log itself signed shows beyond being refused. `other_history`: the log signed two different trees of
 * one size, which proves misbehaviour to anybody who sees both. `not_continued`: nobody could show that it continues what was
 * cosigned. `went_back`: it is smaller than what was cosigned, as after a restore (or anybody sends an old one again).
 */
export type Misbehaviour = 'other_history' | 'not_continued' | 'went_back';

export type AddCheckpointJudgement =
  /** Store the checkpoint as the newest, durably, then cosign `text`. */
  | { readonly kind: 'cosign'; readonly checkpoint: Checkpoint; readonly text: string }
  /**
   * The witness itself has cosigned this checkpoint, which is newer than what it knows: its own state was put back. Store it as
   * the newest, durably, say so, and judge the request again.
   */
  | { readonly kind: 'adopt'; readonly checkpoint: Checkpoint; readonly text: string }
  | {
      readonly kind: 'refuse';
      readonly status: 400 | 403 | 404 | 409 | 422;
      readonly reason: string;
      /**
       * Only of a 409 for another old size: the size of the newest cosigned checkpoint, which is the whole answer. A 409 without it
       * is another root at the size that was cosigned; clients take a size for an old one that was too old.
       */
      readonly treeSize?: number;
      readonly misbehaviour?: Misbehaviour;
    };

/**
 * Whether a witness that knows `known` cosigns. Between this and storing the answer, nothing else may be judged for that log.
 * `known` is the log that the request's checkpoint names, or undefined when there is no such log; `ownKeys` are the witness's own.
 * Never throws on any request.
 */
export function judgeAddCheckpoint(claim: {
  known: WitnessedLog | undefined;
  request: AddCheckpointRequest;
  ownKeys?: readonly VerifierKey[];
}): AddCheckpointJudgement {
  const { known, request } = claim;
  const parsed = tryParse(request.checkpoint);
  if (parsed instanceof MerkleLogError) return { kind: 'refuse', status: 400, reason: parsed.message };
  const { checkpoint, note } = parsed;
  if (known === undefined || known.origin !== checkpoint.origin) {
    return { kind: 'refuse', status: 404, reason: 'The log is not known here' };
  }
  const signed = verifyNote({ note: request.checkpoint, verifierKeys: known.verifierKeys });
  if (!signed.ok) return { kind: 'refuse', status: 403, reason: signed.reason };
  const { treeSize } = checkpoint;
  const newest = known.newest ?? { treeSize: 0, root: emptyRoot() };
  if (treeSize > newest.treeSize && isCosignedBy(claim.ownKeys ?? [], note)) {
    return { kind: 'adopt', checkpoint, text: signed.text };
  }
  const isOther = treeSize === newest.treeSize && !equalBytes(checkpoint.root, newest.root);
  if (request.oldSize > treeSize) {
    const reason = `The old size is ${request.oldSize}, must be at most the size ${treeSize} of the checkpoint`;
    return { kind: 'refuse', status: 400, reason, ...misbehaviourOf(isOther, treeSize < newest.treeSize) };
  }
  if (request.oldSize !== newest.treeSize) {
    const reason = `The old size is ${request.oldSize}, must be the size ${newest.treeSize} that was cosigned`;
    const behaviour = misbehaviourOf(isOther, treeSize < newest.treeSize);
    return { kind: 'refuse', status: 409, reason, treeSize: newest.treeSize, ...behaviour };
  }
  const unproven = proofFault(request, newest, checkpoint);
  if (unproven !== undefined) {
    const misbehaviour = isOther ? 'other_history' : 'not_continued';
    return { kind: 'refuse', status: 422, reason: unproven, misbehaviour };
  }
  if (isOther) {
    const reason = `The root is not the one that was cosigned at the size ${treeSize}`;
    return { kind: 'refuse', status: 409, reason, misbehaviour: 'other_history' };
  }
  return { kind: 'cosign', checkpoint, text: signed.text };
}

/** The proof of equal sizes is empty, as that of an empty old tree; their roots are compared by the caller. */
function proofFault(
  { oldSize, proof }: AddCheckpointRequest,
  newest: { readonly root: Uint8Array },
  { treeSize, root }: Checkpoint,
): string | undefined {
  if (oldSize === 0 || oldSize === treeSize) {
    return proof.length === 0 ? undefined : `The proof has ${proof.length} hashes, must be empty`;
  }
  const verified = verifyConsistency({ oldSize, newSize: treeSize, oldRoot: newest.root, newRoot: root, proof });
  return verified.ok ? undefined : verified.reason;
}

function misbehaviourOf(isOther: boolean, isSmaller: boolean): { readonly misbehaviour?: Misbehaviour } {
  return isOther ? { misbehaviour: 'other_history' } : isSmaller ? { misbehaviour: 'went_back' } : {};
}

function isCosignedBy(keys: readonly VerifierKey[], { text, signatures }: SignedNote): boolean {
  return signatures.some(({ name, keyId, signature }) =>
    keys.some(
      (key) => key.name === name && key.keyId === keyId && verifyCosignature({ text, key, bytes: signature }).ok,
    ),
  );
}

function tryParse(note: string): SignedCheckpoint | MerkleLogError {
  try {
    return parseSignedCheckpoint(note);
  } catch (error) {
    if (error instanceof MerkleLogError) return error;
    throw error;
  }
}
