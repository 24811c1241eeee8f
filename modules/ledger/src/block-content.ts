import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
// As a whole: a Node that lacks zstd can still read headers and leaves.
import zlib from 'node:zlib';
import { corruptBlock } from './block-header.ts';
import type { BlockHeader } from './block-header.ts';

// Plain, per event: u32 body length · 32 bytes salt · body
export const saltBytes = 32;
export const tagBytes = 16;
const nonce = Buffer.alloc(12);
const noSalt = Buffer.alloc(0);

/** A block takes at most one body past 8 MiB; the decoder refuses more, so a forged header cannot exhaust memory. */
export const maxPlainBytes = 16 * 1024 * 1024;

/** The events of a block under their order in it. */
export type OpenedEvents = {
  readonly count: number;
  at(order: number): { readonly salt: Buffer; readonly body: Buffer } | undefined;
  /** Everything given out is zeros afterwards. */
  wipe(): void;
};

/** Ciphertext and tag of what was compressed. */
export function sealCompressed(
  compressed: Buffer,
  block: {
    readonly dataKey: Uint8Array;
    readonly logId: string;
    readonly firstIndex: number;
    readonly blockId: Uint8Array;
    readonly compressedHash: Uint8Array;
  },
): Buffer {
  const cipher = createCipheriv('aes-256-gcm', blockKey(block.dataKey, block, block.compressedHash), nonce);
  cipher.setAAD(block.blockId);
  return Buffer.concat([cipher.update(compressed), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `ledger_corrupt` when they do not authenticate under the key. */
export function openBlock(
  block: { header: BlockHeader; ciphertext: Buffer | undefined },
  key: { logId: string; dataKey: Uint8Array },
): OpenedEvents {
  const { header, ciphertext } = block;
  if (ciphertext === undefined) throw corruptBlock('its content was let go of');
  let plain: Buffer;
  try {
    const place = { logId: key.logId, firstIndex: header.firstIndex };
    const decipher = createDecipheriv('aes-256-gcm', blockKey(key.dataKey, place, header.compressedHash), nonce);
    decipher.setAAD(header.blockId);
    decipher.setAuthTag(ciphertext.subarray(ciphertext.length - tagBytes));
    const compressed = Buffer.concat([
      decipher.update(ciphertext.subarray(0, ciphertext.length - tagBytes)),
      decipher.final(),
    ]);
    // In one piece, where the header says how long it is; nobody has to believe it.
    const chunkSize = Math.min(Math.max(header.plainBytes, 1024), maxPlainBytes);
    plain = zlib.zstdDecompressSync(compressed, { maxOutputLength: maxPlainBytes, chunkSize });
  } catch (cause) {
    throw corruptBlock('it does not open under its key', cause);
  }
  // Where each event begins; a Buffer for each would take longer than all the rest.
  const starts = new Uint32Array(header.eventCount);
  let count = 0;
  for (let at = 0; at < plain.length; count += 1) {
    const bodyStart = at + 4 + saltBytes;
    if (bodyStart > plain.length) throw corruptBlock('an event is cut short');
    const end = bodyStart + plain.readUInt32BE(at);
    if (end > plain.length) throw corruptBlock('an event is cut short');
    if (count < starts.length) starts[count] = at;
    at = end;
  }
  if (count !== header.eventCount) throw corruptBlock(`it holds ${count} events, must be ${header.eventCount}`);
  return {
    count,
    at(order) {
      const start = starts[order];
      if (start === undefined) return undefined;
      const bodyStart = start + 4 + saltBytes;
      return {
        salt: plain.subarray(start + 4, bodyStart),
        body: plain.subarray(bodyStart, bodyStart + plain.readUInt32BE(start)),
      };
    },
    wipe: () => void plain.fill(0),
  };
}

/**
 * The key of one block, used once: it depends on the place and the content, so that a machine restored to an
 * earlier state, with its random generator, cannot encrypt two contents under one key. The nonce may be constant.
 */
function blockKey(
  dataKey: Uint8Array,
  place: { logId: string; firstIndex: number },
  compressedHash: Uint8Array,
): KeyObject {
  const position = Buffer.alloc(8);
  position.writeBigUInt64BE(BigInt(place.firstIndex));
  const info = Buffer.concat([Buffer.from(`sallyport-block@v1\n${place.logId}\n`), position, compressedHash]);
  // Key objects: from bare bytes, Node.js takes 5 to 10 µs longer for each use.
  return createSecretKey(Buffer.from(hkdfSync('sha256', createSecretKey(dataKey), noSalt, info, 32)));
}
