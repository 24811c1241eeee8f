import { fromBase64, fromUtf8, toBase64, toUtf8 } from './text-encodings.ts';

/**
 * What the verifier uses of Node's Buffer, for browsers: the same names and the same results (compared with Node's in
 * the test beside this file), nothing else. A class because it is a Uint8Array: what `subarray` gives must be one too.
 */
export class Bytes extends Uint8Array {
  static alloc(length: number): Bytes {
    return new Bytes(length);
  }

  static allocUnsafe(length: number): Bytes {
    return new Bytes(length);
  }

  static concat(parts: readonly Uint8Array[]): Bytes {
    const whole = new Bytes(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  static compare(left: Uint8Array, right: Uint8Array): number {
    const shorter = Math.min(left.length, right.length);
    for (let at = 0; at < shorter; at += 1) {
      const difference = (left[at] ?? 0) - (right[at] ?? 0);
      if (difference !== 0) return Math.sign(difference);
    }
    return Math.sign(left.length - right.length);
  }

  static byteLength(text: string): number {
    return fromUtf8(text).length;
  }

  override subarray(start?: number, end?: number): Bytes {
    const part = super.subarray(start, end);
    if (part instanceof Bytes) return part;
    throw new TypeError('Cannot take a part of these bytes');
  }

  equals(other: Uint8Array): boolean {
    return Bytes.compare(this, other) === 0;
  }

  override toString(encoding: 'utf8' | 'base64' | 'base64url' = 'utf8'): string {
    if (encoding === 'utf8') return toUtf8(this);
    const base64 = toBase64(this);
    return encoding === 'base64' ? base64 : base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  }

  /** Characters U+0000 to U+00FF, one a byte. */
  write(text: string, _encoding: 'latin1'): number {
    const length = Math.min(text.length, this.length);
    for (let at = 0; at < length; at += 1) this[at] = text.charCodeAt(at) & 0xff;
    return length;
  }

  readUInt8(offset: number): number {
    return this.readUIntBE(offset, 1);
  }

  readUInt32BE(offset: number): number {
    return this.readUIntBE(offset, 4);
  }

  /** Throws `RangeError` past the end, as Node's does. */
  readUIntBE(offset: number, byteLength: number): number {
    let value = 0;
    for (let at = offset; at < offset + byteLength; at += 1) {
      const byte = this[at];
      if (byte === undefined) throw new RangeError(`Cannot read ${byteLength} bytes at ${offset} of ${this.length}`);
      value = value * 256 + byte;
    }
    return value;
  }

  readBigUInt64BE(offset = 0): bigint {
    return (BigInt(this.readUInt32BE(offset)) << 32n) | BigInt(this.readUInt32BE(offset + 4));
  }

  writeUInt32BE(value: number, offset = 0): number {
    for (let at = 0; at < 4; at += 1) this[offset + at] = value >>> (24 - at * 8);
    return offset + 4;
  }

  writeBigUInt64BE(value: bigint, offset = 0): number {
    this.writeUInt32BE(Number(value >> 32n), offset);
    return this.writeUInt32BE(Number(value & 0xffffffffn), offset + 4);
  }
}

/** `Buffer.from`: text is decoded, bytes are copied, a part of an ArrayBuffer is looked into. */
function bytesFrom(
  source: string | ArrayLike<number> | ArrayBuffer,
  encodingOrOffset?: 'utf8' | 'base64' | 'base64url' | number,
  length?: number,
): Bytes {
  if (typeof source === 'string') {
    const decoded =
      encodingOrOffset === 'base64' || encodingOrOffset === 'base64url' ? fromBase64(source) : fromUtf8(source);
    return copyOf(decoded);
  }
  if ('length' in source) return copyOf(source);
  return new Bytes(source, typeof encodingOrOffset === 'number' ? encodingOrOffset : 0, length ?? source.byteLength);
}

function copyOf(source: ArrayLike<number>): Bytes {
  const copy = new Bytes(source.length);
  copy.set(source);
  return copy;
}

/** Stands in for the global `Buffer` in the modules the verifier is made of. */
export const Buffer = {
  alloc: (length: number) => Bytes.alloc(length),
  allocUnsafe: (length: number) => Bytes.allocUnsafe(length),
  concat: (parts: readonly Uint8Array[]) => Bytes.concat(parts),
  compare: (left: Uint8Array, right: Uint8Array) => Bytes.compare(left, right),
  byteLength: (text: string) => Bytes.byteLength(text),
  from: bytesFrom,
};
