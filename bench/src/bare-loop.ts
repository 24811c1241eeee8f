import { createCipheriv, hash, randomBytes } from 'node:crypto';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';

/** Bytes of a leaf: the ledger's own size, so that both hash the same amount. */
const leafBytes = 76;
const saltBytes = 32;

/**
 * The least that a durable, sealed, provable append can be: commitment (SHA-256 of salt and body), leaf, RFC 6962 tree,
 * zstd, AES-256-GCM, one write and one fdatasync a batch. No index, no duplicates, no tiles, no proof, no other process.
 * The ledger is measured as a share of its speed.
 */
export function openBareLoop(file: string): {
  append(bodies: readonly Buffer[]): void;
  root(): Buffer;
  close(): void;
} {
  const descriptor = openSync(file, 'wx', 0o600);
  const key = randomBytes(32);
  // One complete subtree a level, as in binary counting.
  const subtrees: Buffer[] = [];
  const filled: boolean[] = [];
  const leafInput = Buffer.alloc(1 + leafBytes);
  const nodeInput = Buffer.alloc(1 + 64, 1);
  const digest = Buffer.alloc(32);

  const addLeaf = (leaf: Buffer): void => {
    leaf.copy(leafInput, 1);
    sha256(leafInput, digest, 0);
    let level = 0;
    for (; filled[level] === true; level += 1) {
      subtrees[level]?.copy(nodeInput, 1);
      digest.copy(nodeInput, 33);
      sha256(nodeInput, digest, 0);
      filled[level] = false;
    }
    filled[level] = true;
    digest.copy((subtrees[level] ??= Buffer.alloc(32)));
  };

  return {
    append(bodies) {
      const plain = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + 4 + saltBytes + body.length, 0));
      const salts = randomBytes(bodies.length * saltBytes);
      const leaves = Buffer.alloc(bodies.length * leafBytes, 7);
      let at = 0;
      for (let order = 0; order < bodies.length; order += 1) {
        const body = bodies[order];
        if (body === undefined) continue;
        const start = plain.writeUInt32BE(body.length, at);
        salts.copy(plain, start, order * saltBytes, (order + 1) * saltBytes);
        at = start + saltBytes + body.copy(plain, start + saltBytes);
        sha256(plain.subarray(start, at), leaves, order * leafBytes + leafBytes - 32);
        addLeaf(leaves.subarray(order * leafBytes, (order + 1) * leafBytes));
      }
      const compressed = zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = Buffer.concat([nonce, leaves, cipher.update(compressed), cipher.final(), cipher.getAuthTag()]);
      writeSync(descriptor, sealed);
      fdatasyncSync(descriptor);
    },
    root: () => Buffer.concat(subtrees.filter((_, level) => filled[level])),
    close: () => closeSync(descriptor),
  };
}

// A digest as text of one character a byte costs half of one as a Buffer with an ArrayBuffer of its own.
function sha256(input: Uint8Array, into: Buffer, offset: number): void {
  into.write(hash('sha256', input, 'binary'), offset, 32, 'latin1');
}
