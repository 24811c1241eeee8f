// c2sp.org/signed-note with signatures of Ed25519 (0x01) and of cosigners (0x04, 0x06).
import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { verifyCosignature } from './cosignature.ts';
import { MerkleLogError } from './errors.ts';
import { canVerifyMlDsa44 } from './ml-dsa.ts';
import { refuse } from './subtree-proof.ts';
import { byteOffset, decodeBase64, encodeBase64, findControlCharacter, readText } from './text-format.ts';
import { createVerifierKey, isKeyName, verifyEd25519 } from './verifier-key.ts';
import type { VerifierKey, VerifierKeyKind } from './verifier-key.ts';

export const MAX_NOTE_BYTES = 1024 * 1024;
export const MAX_NOTE_SIGNATURES = 100;
const SIGNATURE_LINE_START = '— ';

/** One signature line: `— <name> base64(key ID ‖ signature)`. */
export type NoteSignature = { readonly name: string; readonly keyId: number; readonly signature: Uint8Array };

/** `text` ends with a newline. It means nothing until {@link verifyNote} says so. */
export type SignedNote = { readonly text: string; readonly signatures: readonly NoteSignature[] };

/** @throws MerkleLogError `invalid_note` for anything but the one encoding of a note, up to 1 MiB and 100 signatures */
export function parseNote(input: Uint8Array | string): SignedNote {
  const read = readText(input, MAX_NOTE_BYTES);
  if ('fault' in read) throw invalidNote(read.fault, 0);
  const note = read.text;
  const control = findControlCharacter(note);
  if (control !== undefined) throw invalidNote('it must be without control characters', control);
  const blankLine = note.lastIndexOf('\n\n');
  if (blankLine <= 0) throw invalidNote('it must have a text, a blank line and signatures', 0);
  if (!note.endsWith('\n')) throw invalidNote('it must end with a newline', byteOffset(note, note.length));
  const lines = note.slice(blankLine + 2, -1).split('\n', MAX_NOTE_SIGNATURES + 1);
  if (lines.length > MAX_NOTE_SIGNATURES) {
    throw invalidNote(`it must have at most ${MAX_NOTE_SIGNATURES} signatures`, byteOffset(note, blankLine + 2));
  }
  let at = blankLine + 2;
  const signatures = lines.map((line) => {
    const signature = parseSignatureLine(line);
    if (signature === undefined) {
      throw invalidNote('each signature must be "— <name> <base64>"', byteOffset(note, at));
    }
    at += line.length + 1;
    return signature;
  });
  return { text: note.slice(0, blankLine + 1), signatures };
}

/** A line without its newline, or undefined. */
export function parseSignatureLine(line: string): NoteSignature | undefined {
  if (!line.startsWith(SIGNATURE_LINE_START)) return undefined;
  const [name = '', encoded = '', ...rest] = line.slice(SIGNATURE_LINE_START.length).split(' ');
  const bytes = decodeBase64(encoded);
  if (!isKeyName(name) || rest.length > 0 || bytes === undefined || bytes.length <= 4) return undefined;
  return { name, keyId: Buffer.from(bytes).readUInt32BE(0), signature: bytes.subarray(4) };
}

/** The one encoding of the note, for signatures made elsewhere. @throws MerkleLogError `invalid_note` */
export function formatNote({ text, signatures }: SignedNote): string {
  if (!text.endsWith('\n')) throw invalidNote('its text must end with a newline', byteOffset(text, text.length));
  const note = `${text}\n${signatures.map(formatSignatureLine).join('')}`;
  const parsed = parseNote(note);
  if (parsed.text !== text) throw invalidNote('its signatures must not be able to pass for text', 0);
  return note;
}

/** A line with its newline. */
export function formatSignatureLine({ name, keyId, signature }: NoteSignature): string {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(keyId >>> 0);
  return `${SIGNATURE_LINE_START}${name} ${encodeBase64(Buffer.concat([id, signature]))}\n`;
}

/** Signs the UTF-8 bytes of a note text; where the private key is, is its own affair. */
export type NoteSigner = { readonly verifierKey: VerifierKey; sign(message: Uint8Array): Uint8Array };

/** @throws MerkleLogError `invalid_verifier_key` unless the name is a key name and the key an Ed25519 private key */
export function createEd25519Signer({ name, privateKey }: { name: string; privateKey: KeyObject }): NoteSigner {
  if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
    throw new MerkleLogError(
      'invalid_verifier_key',
      `Cannot sign as "${name}": the key must be an Ed25519 private key`,
    );
  }
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  const publicKey = Buffer.from(x ?? '', 'base64url');
  const verifierKey = createVerifierKey({ kind: 'ed25519', name, publicKey });
  return { verifierKey, sign: (message) => sign(null, message, privateKey) };
}

/** The note with a signature line of each signer, in order. @throws MerkleLogError `invalid_note` */
export function signNote({ text, signers }: { text: string; signers: readonly NoteSigner[] }): string {
  const message = Buffer.from(text);
  const signatures = signers.map((signer) => ({
    name: signer.verifierKey.name,
    keyId: signer.verifierKey.keyId,
    signature: signer.sign(message),
  }));
  return formatNote({ text, signatures });
}

export type VerifiedSignature = {
  readonly kind: VerifierKeyKind;
  readonly name: string;
  readonly keyId: number;
  /** Only of a cosigner: the seconds since 1970 at which it says it signed; 0 of `subtree/v1` says no time. */
  readonly timestampSeconds?: number;
};

export type NoteVerification =
  | { readonly ok: true; readonly text: string; readonly signatures: readonly VerifiedSignature[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Verifies the signatures of known keys. Signatures of other keys are ignored; a wrong signature of a known key, or no
 * signature of any, refuses the whole note. A key whose algorithm this runtime lacks counts as unknown (ML-DSA-44 needs
 * Node 24). One good signature is enough: a caller who needs the log's own, or a
 * quorum of witnesses, counts in `signatures`, which has each key once. Never throws on any note.
 */
export function verifyNote(claim: {
  note: Uint8Array | string;
  verifierKeys: readonly VerifierKey[];
}): NoteVerification {
  const note = tryParseNote(claim.note);
  if (note instanceof MerkleLogError) return refuse(note.message);
  const verified = new Map<string, VerifiedSignature>();
  for (const signature of note.signatures) {
    const keys = claim.verifierKeys.filter((key) => isKeyOf(key, signature));
    if (keys.length === 0) continue;
    const found = keys.map((key) => verifySignature(note.text, signature, key)).find((result) => result !== undefined);
    if (found === undefined) return refuse(`The signature of "${signature.name}" is wrong`);
    // A key counts once however often it signed, with the newest time it stated.
    const key = `${found.name} ${found.keyId}`;
    const before = verified.get(key)?.timestampSeconds ?? -1;
    if (!verified.has(key) || (found.timestampSeconds ?? -1) > before) verified.set(key, found);
  }
  if (verified.size === 0) return refuse('No signature is of a known key');
  return { ok: true, text: note.text, signatures: [...verified.values()] };
}

function isKeyOf(key: VerifierKey, { name, keyId }: NoteSignature): boolean {
  return key.name === name && key.keyId === keyId && (key.kind !== 'subtree/v1' || canVerifyMlDsa44(key.publicKey));
}

function verifySignature(text: string, claimed: NoteSignature, key: VerifierKey): VerifiedSignature | undefined {
  const { kind, name, keyId, publicKey } = key;
  switch (kind) {
    case 'ed25519':
      return verifyEd25519(publicKey, text, claimed.signature) ? { kind, name, keyId } : undefined;
    case 'cosignature/v1':
    case 'subtree/v1': {
      const cosignature = verifyCosignature({ text, key, bytes: claimed.signature });
      return cosignature.ok ? { kind, name, keyId, timestampSeconds: cosignature.timestampSeconds } : undefined;
    }
  }
}

function tryParseNote(input: Uint8Array | string): SignedNote | MerkleLogError {
  try {
    return parseNote(input);
  } catch (error) {
    if (error instanceof MerkleLogError) return error;
    throw error;
  }
}

function invalidNote(why: string, offset: number): MerkleLogError {
  return new MerkleLogError('invalid_note', `Cannot use the note: ${why}`, { offset });
}
