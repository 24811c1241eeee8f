// A log in memory, as an honest or a dishonest operator would keep it.
import {
  createEd25519Signer,
  createFrontier,
  formatAddCheckpoint,
  formatCheckpoint,
  formatVerifierKey,
  hashLeaf,
  proveConsistency,
  rootOfTree,
  signNote,
} from '@sallyport/merkle-log';
import type { NoteSigner } from '@sallyport/merkle-log';
import { createPrivateKey } from 'node:crypto';

export type GrowingLog = {
  readonly vkey: string;
  readonly signer: NoteSigner;
  append(count: number, word?: string): void;
  size(): number;
  /** The signed checkpoint of the first `size` entries. */
  checkpoint(size?: number): string;
  /** The body of a request from `oldSize` on. */
  request(oldSize: number, size?: number): string;
  /** Another log with the same entries, name and key. */
  copy(): GrowingLog;
};

export function createGrowingLog(origin = 'log.example/test', seed = 7, entries: readonly string[] = []): GrowingLog {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const signer = createEd25519Signer({ name: origin, privateKey });
  const nodes = new Map<string, Uint8Array>();
  const tree = createFrontier();
  const kept: string[] = [];
  const hashAt = (level: number, index: number): Uint8Array => {
    const hash = nodes.get(`${level}/${index}`);
    if (hash === undefined) throw new RangeError(`There is no node ${level}/${index}`);
    return hash;
  };
  const push = (entry: string): void => {
    kept.push(entry);
    tree.append(hashLeaf(Buffer.from(entry)), (level, index, hash) => nodes.set(`${level}/${index}`, hash));
  };
  const checkpoint = (size = tree.size): string => {
    const root = rootOfTree({ treeSize: size, hashAt });
    return signNote({ text: formatCheckpoint({ origin, treeSize: size, root }), signers: [signer] });
  };
  for (const entry of entries) push(entry);
  return {
    vkey: formatVerifierKey(signer.verifierKey),
    signer,
    append(count, word = 'entry') {
      for (let at = 0; at < count; at += 1) push(`${word} ${kept.length}`);
    },
    size: () => tree.size,
    checkpoint,
    request(oldSize, size = tree.size) {
      const proof = oldSize === 0 || oldSize > size ? [] : proveConsistency({ oldSize, newSize: size, hashAt });
      return formatAddCheckpoint({ oldSize, proof, checkpoint: checkpoint(size) });
    },
    copy: () => createGrowingLog(origin, seed, kept),
  };
}
