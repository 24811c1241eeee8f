// The newest checkpoint of one log that this witness cosigned. The file proves itself: the log and the witness have signed it.
import { MerkleLogError, formatNote, parseNote, parseSignedCheckpoint, verifyNote } from '@sallyport/merkle-log';
import type { NoteSignature, VerifierKey } from '@sallyport/merkle-log';
import { createHash } from 'node:crypto';
import { WitnessError } from '../errors.ts';
import type { KnownLog } from './known-logs.ts';

const header = 'sallyport-witness-newest@v1\n';
const nothingYet = 'nothing cosigned yet\n';

export type NewestCheckpoint = {
  readonly treeSize: number;
  readonly root: Uint8Array;
  /** The signed checkpoint with this witness's cosignatures. */
  readonly note: string;
  /** When it was cosigned, as the cosignatures say. */
  readonly timestampSeconds: number;
};

/** How a log is named in files and addresses: SHA-256 of its origin, in lower-case hexadecimal. */
export function hashOrigin(origin: string): string {
  return createHash('sha256').update(origin).digest('hex');
}

export function formatNewest(newest: { readonly note: string } | undefined): Buffer {
  return Buffer.from(`${header}${newest?.note ?? nothingYet}`);
}

/** Throws `state_damaged` unless the log and this witness have signed what it holds. */
export function parseNewest(
  file: Uint8Array,
  log: KnownLog,
  ownKeys: readonly VerifierKey[],
): NewestCheckpoint | undefined {
  const text = Buffer.from(file).toString('utf8');
  if (!text.startsWith(header)) throw damaged(log.origin, 'its first line is wrong');
  const note = text.slice(header.length);
  if (note === nothingYet) return undefined;
  try {
    const { origin, treeSize, root } = parseSignedCheckpoint(note).checkpoint;
    if (origin !== log.origin) throw damaged(log.origin, `it is of "${origin}"`);
    const byLog = verifyNote({ note, verifierKeys: log.verifierKeys });
    if (!byLog.ok) throw damaged(log.origin, byLog.reason);
    const byWitness = verifyNote({ note, verifierKeys: ownKeys });
    if (!byWitness.ok) throw damaged(log.origin, 'this witness has not cosigned it');
    const times = byWitness.signatures.map(({ timestampSeconds }) => timestampSeconds ?? 0);
    return { treeSize, root, note, timestampSeconds: Math.max(...times) };
  } catch (error) {
    if (error instanceof MerkleLogError) throw damaged(log.origin, error.message, error);
    throw error;
  }
}

/** The note as it is kept: the signatures of the log, and these; what others have signed is no affair of this witness. */
export function cosignedNote(note: string, log: KnownLog, cosignatures: readonly NoteSignature[]): string {
  const { text, signatures } = parseNote(note);
  const ofLog = signatures.filter((one) =>
    log.verifierKeys.some(({ name, keyId }) => name === one.name && keyId === one.keyId),
  );
  const first = ofLog.filter(
    (one, at) => ofLog.findIndex(({ name, keyId }) => name === one.name && keyId === one.keyId) === at,
  );
  return formatNote({ text, signatures: [...first, ...cosignatures] });
}

function damaged(origin: string, why: string, cause?: unknown): WitnessError {
  return new WitnessError('state_damaged', `Cannot use what was cosigned of "${origin}": ${why}`, {
    cause,
    hint: 'put the newest copy of the state back; a witness that forgets may cosign a second history',
  });
}
