// The bytes of a spool file: a header with a random id, then frames, each sealed with AES-256-GCM.
import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

const headerMagic = Buffer.from('SPS1');
const frameMagic = Buffer.from('SPF1');
const idBytes = 16;
const tagBytes = 16;
const frameHeadBytes = frameMagic.length + 4;
/** Longer frames are not written, so a damaged length is recognised before anything is allocated. */
const maxFrameBytes = 16 * 1024 * 1024;
export const segmentHeaderBytes = headerMagic.length + idBytes;

/**
 * Seals and opens the frames of one file. Its key is derived from the spool key and the random id of the file, the nonce is
 * the place of the frame in the file: a file is only ever appended to by the process that made it, so no nonce is used twice,
 * and a frame moved to another place or file does not open.
 */
export type SegmentCipher = {
  readonly header: Buffer;
  seal(plain: Uint8Array, offset: number): Buffer;
  /** The frame at `offset` and where it ends; undefined when there is none that is whole and genuine. */
  open(bytes: Buffer, offset: number): { readonly plain: Buffer; readonly end: number } | undefined;
};

/** For a new file; `id` are 16 random bytes. */
export function newSegment(spoolKey: Uint8Array, id: Uint8Array): SegmentCipher {
  if (id.length !== idBytes) throw new TypeError(`Cannot name a segment with ${id.length} bytes: must be ${idBytes}`);
  return cipherOf(spoolKey, Buffer.concat([headerMagic, id]));
}

/** For a file that is there; undefined when it does not begin as one. */
export function knownSegment(spoolKey: Uint8Array, bytes: Buffer): SegmentCipher | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, headerMagic.length).equals(headerMagic)) return undefined;
  return cipherOf(spoolKey, Buffer.from(bytes.subarray(0, segmentHeaderBytes)));
}

function cipherOf(spoolKey: Uint8Array, header: Buffer): SegmentCipher {
  const id = header.subarray(headerMagic.length);
  const key = Buffer.from(hkdfSync('sha256', spoolKey, id, 'sallyport sensor spool segment', 32));
  return {
    header,
    seal(plain, offset) {
      if (plain.length > maxFrameBytes)
        throw new RangeError(`Cannot seal ${plain.length} bytes: must be at most ${maxFrameBytes}`);
      const cipher = createCipheriv('aes-256-gcm', key, nonceOf(offset));
      cipher.setAAD(header);
      const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      const head = Buffer.alloc(frameHeadBytes);
      frameMagic.copy(head);
      head.writeUInt32BE(sealed.length, frameMagic.length);
      return Buffer.concat([head, sealed]);
    },
    open(bytes, offset) {
      const start = offset + frameHeadBytes;
      if (start > bytes.length || !bytes.subarray(offset, offset + frameMagic.length).equals(frameMagic))
        return undefined;
      const length = bytes.readUInt32BE(offset + frameMagic.length);
      const end = start + length;
      if (length < tagBytes || length > maxFrameBytes + tagBytes || end > bytes.length) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(offset), { authTagLength: tagBytes });
      decipher.setAAD(header);
      decipher.setAuthTag(bytes.subarray(end - tagBytes, end));
      try {
        return {
          plain: Buffer.concat([decipher.update(bytes.subarray(start, end - tagBytes)), decipher.final()]),
          end,
        };
      } catch {
        return undefined;
      }
    },
  };
}

function nonceOf(offset: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(offset), 4);
  return nonce;
}

/**
 * Every genuine frame of a file from `offset` on. Where bytes are damaged it goes on at the next place a frame opens:
 * a fault costs the frames it touches and no others.
 */
export function* openFrames(
  cipher: SegmentCipher,
  bytes: Buffer,
  offset: number = segmentHeaderBytes,
): Generator<{ readonly plain: Buffer; readonly offset: number; readonly end: number }> {
  let at = offset;
  while (at < bytes.length) {
    const frame = cipher.open(bytes, at);
    if (frame === undefined) {
      const next = bytes.indexOf(frameMagic, at + 1);
      if (next === -1) return;
      at = next;
      continue;
    }
    yield { plain: frame.plain, offset: at, end: frame.end };
    at = frame.end;
  }
}
