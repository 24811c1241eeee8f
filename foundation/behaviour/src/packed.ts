/** As they lie in memory then: nothing has to be written one by one. */
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Numbers as text, exactly: base64 of their bytes, little-endian, in single or double precision. */
export function packNumbers(numbers: Float32Array | Float64Array): string {
  if (isLittleEndian) return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString('base64');
  const size = numbers.BYTES_PER_ELEMENT;
  const bytes = Buffer.alloc(numbers.length * size);
  for (const [order, number] of numbers.entries()) {
    if (size === 4) bytes.writeFloatLE(number, order * size);
    else bytes.writeDoubleLE(number, order * size);
  }
  return bytes.toString('base64');
}

/** Undefined for text that does not hold exactly `count` finite numbers of single precision. */
export function unpackNumbers(text: string, count: number): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== count * 4 || bytes.toString('base64') !== text) return undefined;
  const numbers = Float32Array.from({ length: count }, (_, order) => bytes.readFloatLE(order * 4));
  return numbers.every((number) => Number.isFinite(number)) ? numbers : undefined;
}

/** Undefined for text that does not hold finite numbers of double precision, at most `most`. */
export function unpackDoubles(text: string, most: number): Float64Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  const count = bytes.length / 8;
  if (!Number.isInteger(count) || count > most || bytes.toString('base64') !== text) return undefined;
  const numbers = Float64Array.from({ length: count }, (_, order) => bytes.readDoubleLE(order * 8));
  return numbers.every((number) => Number.isFinite(number)) ? numbers : undefined;
}
