/** What went wrong, stable across versions. Every parser and builder of this package throws these and nothing else. */
export type MerkleLogErrorCode =
  | 'invalid_add_checkpoint'
  | 'invalid_checkpoint'
  | 'invalid_cosignature'
  | 'invalid_entry_bundle'
  | 'invalid_frontier'
  | 'invalid_hash'
  | 'invalid_hash_tile'
  | 'invalid_note'
  | 'invalid_policy'
  | 'invalid_tile_path'
  | 'invalid_tlog_proof'
  | 'invalid_verifier_key'
  | 'out_of_range'
  | 'tile_mismatch';

/** Numbers and short strings safe to log; `offset`, when present, is the byte offset of the fault in the input. */
export type MerkleLogErrorDetails = Readonly<Record<string, string | number>>;

export class MerkleLogError extends Error {
  readonly code: MerkleLogErrorCode;
  readonly details: MerkleLogErrorDetails;

  constructor(code: MerkleLogErrorCode, message: string, details: MerkleLogErrorDetails = {}) {
    super(message);
    this.name = 'MerkleLogError';
    this.code = code;
    this.details = details;
  }
}
