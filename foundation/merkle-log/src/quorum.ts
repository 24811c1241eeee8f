// c2sp.org/tlog-policy: whether a checkpoint is valid under a policy.
import { parseSignedCheckpoint } from './signed-checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { MerkleLogError } from './errors.ts';
import { verifyNote } from './signed-note.ts';
import type { VerifiedSignature } from './signed-note.ts';
import type { TlogPolicy } from './tlog-policy.ts';
import type { VerifierKey, VerifierKeyKind } from './verifier-key.ts';

/** A witness by its name in the policy, with the time at which it says it cosigned (0: it says none). */
export type WitnessedBy = { readonly name: string; readonly timestampSeconds: number };

/** `missing` are the witnesses that could count for the quorum and did not cosign. */
export type QuorumVerification =
  | {
      readonly ok: true;
      readonly checkpoint: Checkpoint;
      readonly signatures: readonly VerifiedSignature[];
      readonly by: readonly WitnessedBy[];
      readonly missing: readonly string[];
    }
  | {
      readonly ok: false;
      readonly reason: string;
      readonly by: readonly WitnessedBy[];
      readonly missing: readonly string[];
    };

/**
 * Whether the checkpoint is signed by a log of the policy, under the name in its key, and cosigned by a quorum. A policy without
 * logs is for callers who know the log: its keys are then `logKeys`, which count for nothing when the policy has logs. How old
 * the times may be is for the caller to say. Never throws on any checkpoint.
 */
export function evaluateQuorum(claim: {
  policy: TlogPolicy;
  /** The signed checkpoint with its cosignatures. */
  checkpoint: Uint8Array | string;
  logKeys?: readonly VerifierKey[];
}): QuorumVerification {
  const { policy } = claim;
  const counting = countingWitnesses(policy);
  const refuse = (reason: string, by: readonly WitnessedBy[] = []): QuorumVerification => {
    const missing = counting.filter((name) => !by.some((witness) => witness.name === name));
    return { ok: false, reason, by, missing };
  };
  const checkpoint = tryParse(claim.checkpoint);
  if (checkpoint instanceof MerkleLogError) return refuse(checkpoint.message);
  const { origin } = checkpoint;
  const logKeys =
    policy.logs.length === 0
      ? (claim.logKeys ?? []).filter((key) => maySpeakFor(key, origin))
      : policy.logs.map(({ verifierKey }) => verifierKey).filter(({ name }) => name === origin);
  const verifierKeys = [...logKeys, ...policy.witnesses.map(({ verifierKey }) => verifierKey)];
  const signed = verifyNote({ note: claim.checkpoint, verifierKeys });
  if (!signed.ok) return refuse(signed.reason);
  const { signatures } = signed;
  const signatureOf = (key: VerifierKey): VerifiedSignature | undefined =>
    signatures.find(({ kind, name, keyId }) => kind === key.kind && name === key.name && keyId === key.keyId);

  const by = policy.witnesses.flatMap(({ name, verifierKey }) => {
    const signature = signatureOf(verifierKey);
    return signature === undefined ? [] : [{ name, timestampSeconds: signature.timestampSeconds ?? 0 }];
  });
  if (!logKeys.some((key) => signatureOf(key) !== undefined)) {
    return refuse(`No log of the policy signed the checkpoint of "${origin}"`, by);
  }
  const witnessed = new Set(by.map(({ name }) => name));
  // A group names earlier ones only, so one pass in order settles all of them.
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => witnessed.has(member)).length >= threshold) witnessed.add(name);
  }
  if (policy.quorum !== undefined && !witnessed.has(policy.quorum)) {
    return refuse(`The witnesses that cosigned are not enough for "${policy.quorum}"`, by);
  }
  return { ok: true, checkpoint, signatures, by, missing: counting.filter((name) => !witnessed.has(name)) };
}

/** Whether a trusted key may be that of the log: a witness does not stand in for it. */
export function maySpeakFor({ kind, name }: { kind: VerifierKeyKind; name: string }, origin: string): boolean {
  return kind === 'ed25519' || (kind === 'subtree/v1' && name === origin);
}

/** Names of the witnesses below the quorum, in the order of the policy. */
function countingWitnesses({ quorum, groups, witnesses }: TlogPolicy): readonly string[] {
  const counting = new Set(quorum === undefined ? [] : [quorum]);
  for (const { name, members } of groups.toReversed()) {
    if (counting.has(name)) for (const member of members) counting.add(member);
  }
  return witnesses.map(({ name }) => name).filter((name) => counting.has(name));
}

function tryParse(note: Uint8Array | string): Checkpoint | MerkleLogError {
  try {
    return parseSignedCheckpoint(note).checkpoint;
  } catch (error) {
    if (error instanceof MerkleLogError) return error;
    throw error;
  }
}
