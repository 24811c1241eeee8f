// A checkpoint together with its signatures: c2sp.org/tlog-checkpoint inside c2sp.org/signed-note.
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { parseNote } from './signed-note.ts';
import type { SignedNote } from './signed-note.ts';

export type SignedCheckpoint = { readonly checkpoint: Checkpoint; readonly note: SignedNote };

/** Reads without verifying: see `verifyNote`. @throws MerkleLogError `invalid_note` | `invalid_checkpoint` */
export function parseSignedCheckpoint(input: Uint8Array | string): SignedCheckpoint {
  const note = parseNote(input);
  return { checkpoint: parseCheckpoint(note.text), note };
}
