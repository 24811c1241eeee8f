import { hash } from 'node:crypto';
import {
  createFrontier,
  formatTilePath,
  hashLeaf,
  parseSignedCheckpoint,
  TILE_WIDTH,
  verifyNote,
} from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { blockStartBytes, decodeBlock, decodeLeaf, leafBytes, readBlockStart } from '@sallyport/ledger/blocks';
import { messageOf } from '@sallyport/platform/errors';
import { ArchiveError } from '../errors.ts';
import { tilesName } from '../names.ts';
import { encodeTar } from '../tar.ts';
import { packEntries } from '../tile-packs.ts';
import type { ArchiveDirectory } from './archive-directory.ts';
import type { ChainedSpan } from './span-chain.ts';

export type ArchivedCheckpoint = { readonly size: number; readonly name: string; readonly signatures: number };
export type ProvenCheckpoint = ArchivedCheckpoint & { readonly note: string };
export type LogVerification = {
  readonly log: number;
  readonly origin: string;
  /** Whether the key was given by the caller, or only lies in the archive. */
  readonly isKeyGiven: boolean;
  /** Of the first block; above 0 when earlier ones are not in the archive. */
  readonly firstIndex: number;
  readonly entries: number;
  readonly blocks: number;
  readonly bytes: number;
  /** The newest checkpoint whose root the archived blocks have; entries past it are proven by nothing. */
  readonly proven: ProvenCheckpoint | undefined;
  /** Signed for more entries than are archived. */
  readonly ahead: readonly ArchivedCheckpoint[];
  readonly tilePacks: number;
};

const mostNoteBytes = 1024 * 1024;

/**
 * Recomputes the tree of one log from archived blocks alone: each block by its sums, its leaves into the tree, the tree against
 * every checkpoint under the log's key. Throws `archive_invalid`, naming the first file that is wrong. No key opens anything.
 */
export async function verifyLog(
  archive: ArchiveDirectory,
  asked: {
    readonly log: number;
    readonly chain: readonly ChainedSpan[];
    readonly key: VerifierKey;
    readonly isKeyGiven: boolean;
    readonly signal: AbortSignal;
    readonly onBytes: (bytes: number) => void;
  },
): Promise<LogVerification> {
  const { log, chain, key, signal } = asked;
  const checkpoints = await checkpointsOf(archive, log, key);
  const first = chain[0]?.first ?? 0;
  // Without the beginning nothing can be rebuilt; the blocks still hold together by their own sums and places.
  const tree = first === 0 ? createFrontier() : undefined;
  const packs = packing(archive, log);
  let expected = first;
  let bytes = 0;
  let blocks = 0;
  let proven: Signed | undefined;
  let tilePacks = 0;
  const grow = async (leaves: Buffer): Promise<void> => {
    for (let at = 0; tree !== undefined && at < leaves.length; at += leafBytes) {
      tree.append(hashLeaf(leaves.subarray(at, at + leafBytes)), packs.visit);
      if (tree.size % packEntries === 0 && (await packs.compare(tree.size))) tilePacks += 1;
      for (const checkpoint of checkpoints.get(tree.size) ?? []) {
        if (!Buffer.from(checkpoint.root).equals(tree.root()))
          throw wrong(checkpoint.name, `the archived blocks do not have its root at ${tree.size} entries`);
        proven = checkpoint;
      }
    }
  };
  for (const span of chain) {
    const size = await archive.size(span.name);
    if (size !== span.bytes) throw wrong(span.name, `it has ${size} bytes, must have ${span.bytes}`);
    if (span.first !== expected) throw wrong(span.name, `it begins at entry ${span.first}, must at ${expected}`);
    const reader = await archive.openReader(span.name);
    try {
      for (let offset = 0; offset < size;) {
        signal.throwIfAborted();
        const start = readBlockStart(await reader.read(offset, blockStartBytes));
        if (start === undefined || offset + start.length > size)
          throw wrong(span.name, `at byte ${offset} stands no whole block`);
        const leaves = leavesIn(span.name, await reader.read(offset, start.length), { log, first: expected, offset });
        await grow(leaves);
        expected += leaves.length / leafBytes;
        blocks += 1;
        offset += start.length;
        bytes += start.length;
        asked.onBytes(bytes);
      }
    } finally {
      await reader.close();
    }
    if (expected !== span.end) throw wrong(span.name, `it ends at entry ${expected}, must at ${span.end}`);
  }
  return {
    log,
    origin: key.name,
    isKeyGiven: asked.isKeyGiven,
    firstIndex: first,
    entries: expected,
    blocks,
    bytes,
    proven: proven === undefined ? undefined : { ...told(proven), note: await textOf(archive, proven) },
    ahead: [...checkpoints].flatMap(([size, notes]) => (size > expected ? notes.map(told) : [])),
    tilePacks,
  };
}

function leavesIn(name: string, record: Buffer, at: { log: number; first: number; offset: number }): Buffer {
  try {
    const { header } = decodeBlock(record);
    if (header.log !== at.log || header.firstIndex !== at.first)
      throw new TypeError(`it is block ${header.log}/${header.firstIndex}, must be ${at.log}/${at.first}`);
    // What the tree commits to is the leaf; the header's word for the ciphertext must be the same.
    const own = decodeLeaf(header.leaves.subarray(-leafBytes));
    if (
      own.kind !== 'block' ||
      own.eventCount !== header.eventCount ||
      !Buffer.from(own.hash).equals(header.ciphertextHash)
    )
      throw new TypeError('its own leaf commits to another ciphertext');
    return header.leaves;
  } catch (error) {
    throw wrong(name, `the block at byte ${at.offset}: ${messageOf(error)}`);
  }
}

/** Without its text: of a year there are thousands, and whoever owns the bucket makes each as long as may be. */
type Signed = ArchivedCheckpoint & { readonly root: Uint8Array; readonly sum: Buffer };

async function checkpointsOf(archive: ArchiveDirectory, log: number, key: VerifierKey): Promise<Map<number, Signed[]>> {
  const found = new Map<number, Signed[]>();
  for (const name of archive.names.filter((one) => one.startsWith(`ledger/logs/${log}/checkpoints/`))) {
    const note = (await archive.read(name, mostNoteBytes)).toString('utf8');
    const verified = verifyNote({ note, verifierKeys: [key] });
    if (!verified.ok) throw wrong(name, verified.reason);
    const { checkpoint, note: signed } = parseSignedCheckpoint(note);
    if (checkpoint.origin !== key.name) throw wrong(name, `it is of log "${checkpoint.origin}"`);
    const { treeSize: size, root } = checkpoint;
    const one = { size, root: Buffer.from(root), name, signatures: signed.signatures.length, sum: sumOf(note) };
    const others = found.get(size);
    if (others === undefined) found.set(size, [one]);
    else others.push(one);
  }
  return found;
}

function told({ size, name, signatures }: Signed): ArchivedCheckpoint {
  return { size, name, signatures };
}

function sumOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}

/** The text that was verified, or none. */
async function textOf(archive: ArchiveDirectory, { name, sum }: Signed): Promise<string> {
  const note = (await archive.read(name, mostNoteBytes)).toString('utf8');
  if (!sumOf(note).equals(sum)) throw wrong(name, 'it changed while the archive was read');
  return note;
}

/** Gathers the tiles the blocks give and holds them against those that were archived. */
function packing(archive: ArchiveDirectory, log: number) {
  /** By level; each is emptied when the pack it ends in was compared. */
  const full: { name: string; bytes: Buffer; level: number; index: number }[] = [];
  const edges: Buffer[][] = [];
  const names = new Set(archive.names);
  return {
    visit(level: number, index: number, hash: Uint8Array): void {
      if (level % 8 !== 0) return;
      const edge = (edges[level / 8] ??= []);
      edge.push(Buffer.from(hash));
      if (edge.length < TILE_WIDTH) return;
      const coordinates = { level: level / 8, index: Math.floor(index / TILE_WIDTH) };
      full.push({
        ...coordinates,
        name: formatTilePath({ ...coordinates, width: TILE_WIDTH }),
        bytes: Buffer.concat(edge),
      });
      edges[level / 8] = [];
    },
    async compare(size: number): Promise<boolean> {
      const name = tilesName(log, size - packEntries, size);
      const expected = encodeTar(full.splice(0).toSorted((a, b) => a.level - b.level || a.index - b.index));
      if (!names.has(name)) return false;
      if (!(await archive.read(name, expected.length)).equals(expected))
        throw wrong(name, 'its tiles are not those of the blocks');
      return true;
    },
  };
}

function wrong(name: string, why: string): ArchiveError {
  return new ArchiveError('archive_invalid', `Cannot verify "${name}": ${why}`, { details: { file: name } });
}
