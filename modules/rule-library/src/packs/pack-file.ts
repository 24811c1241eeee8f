import { createHash } from 'node:crypto';
import { parseNote, signNote, verifyNote } from '@sallyport/merkle-log';
import type { NoteSigner, VerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { RulePackError } from './errors.ts';
import { formatManifest, invalid, packHeading, packLimits, readManifest } from './pack-manifest.ts';
import type { PackManifest } from './pack-manifest.ts';
import { comparePaths, objectionToPath, sameOnSomeSystem } from './pack-path.ts';

/** One file of a pack. `bytes` may be a view into the pack. */
export type PackFile = { readonly path: string; readonly bytes: Uint8Array };

/** A pack as it was read: every hash fits. Who signed it is another question: see `verifyPack`. */
export type ReadPack = {
  readonly manifest: PackManifest;
  readonly files: readonly (PackFile & { readonly sha256: string })[];
  /** The signed note at its head. */
  readonly note: string;
  /** Names of the keys that claim to have signed it, and their ids. */
  readonly claimedSigners: readonly { readonly name: string; readonly keyId: number }[];
};

const signatureStart = '— ';
const maxNoteBytes = 64 * 1024;

/**
 * One file: a signed note (c2sp.org/signed-note) whose text is the manifest, an empty line, an index with a line
 * `SHA-256 SIZE PATH` for each file in the order of their paths, and the files themselves one after another, nothing between them and nothing
 * compressed: the same input gives the same bytes for ever, and reading it cannot take more memory than it has bytes.
 * Throws `RulePackError` `pack_invalid`.
 */
export function buildPack(input: {
  readonly manifest: Pick<PackManifest, 'name' | 'version' | 'createdMs' | 'licence' | 'source'>;
  readonly files: readonly PackFile[];
  readonly signer: NoteSigner;
}): Buffer {
  const files = input.files.toSorted((a, b) => comparePaths(a.path, b.path));
  const lines = files.map(({ path, bytes }) => `${sha256(bytes)} ${bytes.byteLength} ${path}\n`);
  const index = Buffer.from(lines.join(''));
  const text = formatManifest({
    ...input.manifest,
    files: files.length,
    indexBytes: index.byteLength,
    indexSha256: sha256(index),
  });
  const note = signNote({ text, signers: [input.signer] });
  const pack = Buffer.concat([Buffer.from(`${note}\n`), index, ...files.map(({ bytes }) => bytes)]);
  // What was built must be what a reader takes.
  readPack(pack);
  return pack;
}

/** Reads a pack and checks each hash and each name in it. Throws `RulePackError` `pack_invalid`. */
export function readPack(pack: Uint8Array): ReadPack {
  if (pack.byteLength > packLimits.packBytes)
    throw invalid(`it has ${pack.byteLength} bytes, must have at most ${packLimits.packBytes}`);
  const buffer = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength);
  if (!buffer.subarray(0, packHeading.length + 1).equals(Buffer.from(`${packHeading}\n`)))
    throw invalid(`it must begin with "${packHeading}"`);
  const textEnd = buffer.subarray(0, maxNoteBytes).indexOf(`\n\n${signatureStart}`);
  const noteEnd = textEnd < 0 ? -1 : buffer.subarray(0, maxNoteBytes).indexOf('\n\n', textEnd + 2);
  if (noteEnd < 0) throw invalid('it must have a signature and an empty line behind its manifest');
  const noteBytes = buffer.subarray(0, noteEnd + 1);
  const { text, signatures } = parsedNote(noteBytes);
  // With more of them a byte could be changed that nobody looks at.
  if (signatures.length !== 1) throw invalid(`it has ${signatures.length} signatures, must have one`);
  const manifest = readManifest(text);
  const indexStart = noteEnd + 2;
  const index = buffer.subarray(indexStart, indexStart + manifest.indexBytes);
  if (index.byteLength !== manifest.indexBytes || sha256(index) !== manifest.indexSha256)
    throw invalid('its index is not the one the manifest names');
  return {
    manifest,
    files: readFiles(buffer.subarray(indexStart + manifest.indexBytes), index, manifest.files),
    note: noteBytes.toString('utf8'),
    claimedSigners: signatures.map(({ name, keyId }) => ({ name, keyId })),
  };
}

function readFiles(contents: Buffer, index: Buffer, count: number): ReadPack['files'] {
  const lines = index.toString('latin1').split('\n');
  if (lines.pop() !== '' || lines.length !== count) throw invalid(`its index must have ${count} lines`);
  const seen = new Set<string>();
  let before = '';
  let at = 0;
  const files = lines.map((line, place) => {
    const found = /^(?<hash>[0-9a-f]{64}) (?<size>0|[1-9]\d{0,8}) (?<path>[\x20-\x7e]+)$/.exec(line)?.groups ?? {};
    const { hash = '', path = '' } = found;
    const size = Number(found['size'] ?? Infinity);
    const objection = objectionToPath(path);
    if (objection !== undefined) throw invalid(`line ${place + 1} of its index: ${objection}`);
    if (comparePaths(before, path) >= 0) throw invalid(`"${path}" is twice in its index, or out of order`);
    if (seen.has(sameOnSomeSystem(path)))
      throw invalid(`"${path}" differs from another path by upper and lower case only`);
    if (size > packLimits.fileBytes)
      throw invalid(`"${path}" has ${size} bytes, must have at most ${packLimits.fileBytes}`);
    before = path;
    seen.add(sameOnSomeSystem(path));
    const bytes = contents.subarray(at, at + size);
    at += size;
    if (bytes.byteLength !== size || sha256(bytes) !== hash) throw invalid(`"${path}" is not the file its index names`);
    return { path, bytes, sha256: hash };
  });
  if (at !== contents.byteLength) throw invalid(`${contents.byteLength - at} bytes follow its last file`);
  return files;
}

/**
 * The one of `keys` that signed the pack. Throws `RulePackError` `pack_unsigned` where none did, or a signature of one of them is wrong: the manifest
 * is signed, the manifest names the index, the index names every file.
 */
export function verifyPack({ note, claimedSigners }: ReadPack, keys: readonly VerifierKey[]): VerifierKey {
  const verified = verifyNote({ note, verifierKeys: keys.filter(({ kind }) => kind === 'ed25519') });
  const [signature] = verified.ok ? verified.signatures : [];
  const key = keys.find(({ name, keyId }) => name === signature?.name && keyId === signature.keyId);
  if (verified.ok && key !== undefined) return key;
  const signers = claimedSigners.map(({ name, keyId }) => `${name}+${keyId.toString(16).padStart(8, '0')}`).join(', ');
  throw new RulePackError(
    'pack_unsigned',
    `Cannot trust the rule pack: ${verified.ok ? 'No signature is of a known key' : verified.reason}; it says "${signers}" signed it`,
    {
      hint: 'ask its publisher for the verifier key on another way than this file came, and trust it first: sallyport rules pack trust add KEY --note WHOSE',
    },
  );
}

function parsedNote(note: Uint8Array) {
  try {
    return parseNote(note);
  } catch (error) {
    throw invalid(messageOf(error), error);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
