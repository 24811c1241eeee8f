// A small tile log for tests: the files a log of these entries has, in a map.
import { createPrivateKey } from 'node:crypto';
import {
  createEd25519Signer,
  createFrontier,
  encodeEntryBundle,
  formatCheckpoint,
  formatEntryBundlePath,
  formatTilePath,
  hashChildren,
  hashLeaf,
  signNote,
  tileWidth,
  tilesOfTree,
} from '../index.ts';
import type { HashAt, NoteSigner, TileCoordinates } from '../index.ts';

export const TEST_ORIGIN = 'log.example/test';

/** The Ed25519 key whose 32 secret bytes are all `seed`. */
export function testSigner(name: string = TEST_ORIGIN, seed = 7): NoteSigner {
  return createEd25519Signer({ name, privateKey: testPrivateKey(seed) });
}

export function testPrivateKey(seed: number): ReturnType<typeof createPrivateKey> {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
}

export function testEntries(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(`entry ${at}${' '.repeat(at % 7)}`));
}

/** The Merkle tree hash word for word as in RFC 6962 section 2.1: slow, and written without the code under test. */
export function rfcTreeHash(leafHashes: readonly Uint8Array[]): Uint8Array {
  const [only] = leafHashes;
  if (only === undefined) return Buffer.from('47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', 'base64');
  if (leafHashes.length === 1) return only;
  let split = 1;
  while (split * 2 < leafHashes.length) split *= 2;
  return hashChildren(rfcTreeHash(leafHashes.slice(0, split)), rfcTreeHash(leafHashes.slice(split)));
}

export function hashAtOf(leafHashes: readonly Uint8Array[]): HashAt {
  const known = new Map<string, Uint8Array>();
  return (level, index) => {
    const key = `${level}/${index}`;
    const hash = known.get(key) ?? rfcTreeHash(leafHashes.slice(index * 2 ** level, (index + 1) * 2 ** level));
    known.set(key, hash);
    return hash;
  };
}

export type InMemoryLog = {
  readonly files: Map<string, Uint8Array>;
  readonly treeSize: number;
  readonly root: Uint8Array;
  readonly checkpoint: string;
  readonly tileAt: (level: number, index: number, width: number) => Uint8Array;
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
};

export function createInMemoryLog(
  entries: readonly Uint8Array[],
  options: { withEntries?: boolean } = {},
): InMemoryLog {
  const treeSize = entries.length;
  const levels = new Map<number, Uint8Array[]>();
  const tree = createFrontier();
  for (const entry of entries) {
    tree.append(hashLeaf(entry), (level, _, hash) => {
      if (level % 8 !== 0) return;
      const hashes = levels.get(level / 8);
      if (hashes === undefined) levels.set(level / 8, [hash]);
      else hashes.push(hash);
    });
  }
  const tileAt = ({ level, index, width }: TileCoordinates): Uint8Array =>
    Buffer.concat(levels.get(level)?.slice(index * 256, index * 256 + width) ?? []);
  const files = new Map<string, Uint8Array>();
  for (const tile of tilesOfTree(treeSize)) files.set(formatTilePath(tile), tileAt(tile));
  for (let index = 0; options.withEntries !== false && index * 256 < treeSize; index += 1) {
    const width = tileWidth({ level: 0, index, treeSize });
    const bundle = encodeEntryBundle(entries.slice(index * 256, index * 256 + width));
    files.set(formatEntryBundlePath({ index, width }), bundle);
  }
  const root = tree.root();
  const text = formatCheckpoint({ origin: TEST_ORIGIN, treeSize, root });
  const checkpoint = signNote({ text, signers: [testSigner()] });
  files.set('checkpoint', Buffer.from(checkpoint));
  return {
    files,
    treeSize,
    root,
    checkpoint,
    tileAt: (level, index, width) => tileAt({ level, index, width }),
    read: (path) => Promise.resolve(files.get(path)),
  };
}

export function flipByte(bytes: Uint8Array, at: number, mask = 0xff): Uint8Array {
  return bytes.map((byte, position) => (position === at ? byte ^ mask : byte));
}
