export { MerkleLogError } from './errors.ts';
export type { MerkleLogErrorCode, MerkleLogErrorDetails } from './errors.ts';
export { HASH_BYTES, computeRoot, emptyRoot, hashChildren, hashLeaf } from './hashing.ts';
export { MAX_TREE_SIZE, rootOfTree } from './tree-shape.ts';
export type { HashAt, TreeNode } from './tree-shape.ts';
export { createFrontier, decodeFrontier, encodeFrontier } from './frontier.ts';
export type { Frontier, FrontierState, VisitNode } from './frontier.ts';
export type { Verification } from './subtree-proof.ts';
export { proveInclusion, verifyInclusion, verifySubtreeInclusion } from './inclusion.ts';
export {
  proveConsistency,
  proveSubtreeConsistency,
  verifyConsistency,
  verifySubtreeConsistency,
} from './consistency.ts';
export {
  TILE_WIDTH,
  formatEntryBundlePath,
  formatTilePath,
  parseHashTile,
  parseTilePath,
  tileWidth,
  tilesForConsistency,
  tilesForInclusion,
  tilesOfTree,
} from './tiles.ts';
export type { EntryBundleCoordinates, TileCoordinates, TilePath } from './tiles.ts';
export { createTileHashAt, createTileReader } from './tile-reader.ts';
export type { TileReader } from './tile-reader.ts';
export { MAX_ENTRY_BYTES, decodeEntryBundle, encodeEntryBundle } from './entry-bundle.ts';
export { computeKeyId, createVerifierKey, formatVerifierKey, parseVerifierKey } from './verifier-key.ts';
export type { VerifierKey, VerifierKeyKind } from './verifier-key.ts';
export { createEd25519Signer, formatNote, parseNote, signNote, verifyNote } from './signed-note.ts';
export type { NoteSignature, NoteSigner, NoteVerification, SignedNote, VerifiedSignature } from './signed-note.ts';
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export { parseSignedCheckpoint } from './signed-checkpoint.ts';
export type { SignedCheckpoint } from './signed-checkpoint.ts';
export {
  encodeCosignature,
  encodeCosignedSubtree,
  formatCosignedMessage,
  parseCosignature,
  verifyCosignature,
} from './cosignature.ts';
export type { Cosignature, CosignatureVerification } from './cosignature.ts';
export { createCosigner } from './cosigner.ts';
export type { Cosigner } from './cosigner.ts';
export {
  MAX_ADD_CHECKPOINT_BYTES,
  TREE_SIZE_MEDIA_TYPE,
  formatAddCheckpoint,
  formatCosignatures,
  formatTreeSize,
  parseAddCheckpoint,
  parseCosignatures,
  parseTreeSize,
} from './add-checkpoint.ts';
export type { AddCheckpointRequest } from './add-checkpoint.ts';
export { judgeAddCheckpoint } from './judge-add-checkpoint.ts';
export type { AddCheckpointJudgement, Misbehaviour, WitnessedLog } from './judge-add-checkpoint.ts';
export { formatPolicy, parsePolicy } from './tlog-policy.ts';
export type { PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy } from './tlog-policy.ts';
export { evaluateQuorum } from './quorum.ts';
export type { QuorumVerification, WitnessedBy } from './quorum.ts';
export { formatTlogProof, parseTlogProof, verifyTlogProof } from './tlog-proof.ts';
export type { TlogProof, TlogProofVerification } from './tlog-proof.ts';
export { verifyTileLog } from './verify-tile-log.ts';
export type { TileLogProgress, TileLogVerification } from './verify-tile-log.ts';
