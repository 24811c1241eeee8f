// What journalctl writes: for tests and benches of the reading side.
import { Buffer } from 'node:buffer';
import type { JournalValue } from './entry.ts';

export function encodeJournalExport(fields: readonly (readonly [name: string, value: JournalValue])[]): Buffer {
  const lines = fields.map(([name, value]) => {
    const bytes = Buffer.from(value);
    const isPlain = typeof value === 'string' && [...bytes].every((byte) => byte === 9 || byte >= 32);
    if (isPlain) return Buffer.concat([Buffer.from(`${name}=`), bytes, Buffer.from('\n')]);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes.length));
    return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
  });
  return Buffer.concat([...lines, Buffer.from('\n')]);
}
