// Reading the files of a c2sp.org/tlog-tiles log so that every fault has a place: a path and a byte offset.
import type { Checkpoint } from './checkpoint.ts';
import { MAX_ENTRY_BUNDLE_BYTES, locateEntries } from './entry-bundle.ts';
import type { BundledEntry } from './entry-bundle.ts';
import { MerkleLogError } from './errors.ts';
import { HASH_BYTES } from './hashing.ts';
import { parseSignedCheckpoint } from './signed-checkpoint.ts';
import { verifyNote } from './signed-note.ts';
import type { VerifiedSignature } from './signed-note.ts';
import { TILE_WIDTH, formatEntryBundlePath, formatTilePath, parseHashTile } from './tiles.ts';
import type { TileCoordinates } from './tiles.ts';
import type { VerifierKey } from './verifier-key.ts';

/** Undefined means that there is no such file; a rejection passes through to the caller. */
export type ReadLogFile = (path: string) => Promise<Uint8Array | undefined>;

/** The first wrong byte, as near as the hashes can tell. */
export type TileLogFault = {
  readonly ok: false;
  readonly path: string;
  readonly offset: number;
  readonly reason: string;
};

export type LogFile<Content> = { readonly ok: true; readonly path: string; readonly content: Content };

export const CHECKPOINT_PATH = 'checkpoint';

export function fault(path: string, offset: number, reason: string): TileLogFault {
  return { ok: false, path, offset, reason };
}

type CheckpointFile = {
  readonly checkpoint: Checkpoint;
  /** Undefined without keys: nothing vouches for the checkpoint. */
  readonly signatures: readonly VerifiedSignature[] | undefined;
};

export async function readCheckpoint(
  read: ReadLogFile,
  expected: { verifierKeys: readonly VerifierKey[] | undefined; origin: string | undefined },
): Promise<LogFile<CheckpointFile> | TileLogFault> {
  const bytes = await read(CHECKPOINT_PATH);
  if (bytes === undefined) return fault(CHECKPOINT_PATH, 0, 'The checkpoint is missing');
  return locateFault<CheckpointFile>(CHECKPOINT_PATH, () => {
    const { checkpoint, note } = parseSignedCheckpoint(bytes);
    if (expected.origin !== undefined && checkpoint.origin !== expected.origin) {
      return fault(CHECKPOINT_PATH, 0, `The origin is "${checkpoint.origin}", must be "${expected.origin}"`);
    }
    if (expected.verifierKeys === undefined) {
      return { ok: true, path: CHECKPOINT_PATH, content: { checkpoint, signatures: undefined } };
    }
    const signed = verifyNote({ note: bytes, verifierKeys: expected.verifierKeys });
    if (!signed.ok) return fault(CHECKPOINT_PATH, Buffer.byteLength(note.text) + 1, signed.reason);
    if (!signed.signatures.some(({ kind }) => kind === 'ed25519')) {
      return fault(CHECKPOINT_PATH, Buffer.byteLength(note.text) + 1, 'The log itself did not sign');
    }
    return { ok: true, path: CHECKPOINT_PATH, content: { checkpoint, signatures: signed.signatures } };
  });
}

export async function readHashTile(
  read: ReadLogFile,
  tile: TileCoordinates,
): Promise<LogFile<Uint8Array[]> | TileLogFault> {
  const found = await readPartialOrFull(read, tile, (width) => formatTilePath({ ...tile, width }));
  if (found === undefined) return fault(formatTilePath(tile), 0, 'The hash tile is missing');
  const { path, width, bytes } = found;
  if (bytes.length !== width * HASH_BYTES) {
    const offset = Math.min(bytes.length, width * HASH_BYTES);
    return fault(path, offset, `The hash tile has ${bytes.length} bytes, must be ${width * HASH_BYTES}`);
  }
  return { ok: true, path, content: parseHashTile(bytes, tile.width) };
}

/** Undefined when the bundle is missing. */
export async function readEntryBundle(
  read: ReadLogFile,
  bundle: { index: number; width: number },
): Promise<LogFile<BundledEntry[]> | TileLogFault | undefined> {
  const found = await readPartialOrFull(read, bundle, (width) => formatEntryBundlePath({ ...bundle, width }));
  if (found === undefined) return undefined;
  const { path, width, bytes } = found;
  if (bytes.length > MAX_ENTRY_BUNDLE_BYTES) {
    return fault(
      path,
      MAX_ENTRY_BUNDLE_BYTES,
      `The entry bundle has ${bytes.length} bytes, must be at most ${MAX_ENTRY_BUNDLE_BYTES}`,
    );
  }
  return locateFault(path, () => ({ ok: true, path, content: locateEntries(bytes, width).slice(0, bundle.width) }));
}

/** A log may delete a partial tile once the full one exists, so the full one stands in for it. */
async function readPartialOrFull(
  read: ReadLogFile,
  wanted: { width: number },
  pathOf: (width: number) => string,
): Promise<{ path: string; width: number; bytes: Uint8Array } | undefined> {
  const widths = wanted.width === TILE_WIDTH ? [TILE_WIDTH] : [wanted.width, TILE_WIDTH];
  for (const width of widths) {
    const path = pathOf(width);
    const bytes = await read(path);
    if (bytes !== undefined) return { path, width, bytes };
  }
  return undefined;
}

function locateFault<Content>(
  path: string,
  parse: () => LogFile<Content> | TileLogFault,
): LogFile<Content> | TileLogFault {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof MerkleLogError)) throw error;
    const { offset } = error.details;
    return fault(path, typeof offset === 'number' ? offset : 0, error.message);
  }
}
