// What glibc writes: for tests of the reading side.
import { Buffer } from 'node:buffer';
import type { UtmpLayout } from './parse-utmp.ts';

export type UtmpToWrite = {
  readonly type: number;
  readonly processId: number;
  readonly line: string;
  readonly id: string;
  readonly user: string;
  readonly host: string;
  readonly unixMs: number;
  readonly address: readonly number[];
};

export function encodeUtmp(record: UtmpToWrite, layout: UtmpLayout): Buffer {
  const buffer = Buffer.alloc(Number(layout));
  buffer.writeInt16LE(record.type, 0);
  buffer.writeInt32LE(record.processId, 4);
  buffer.write(record.line, 8, 32);
  buffer.write(record.id, 40, 4);
  buffer.write(record.user, 44, 32);
  buffer.write(record.host, 76, 256);
  const seconds = Math.floor(record.unixMs / 1000);
  const micros = (record.unixMs % 1000) * 1000;
  if (layout === '400') {
    buffer.writeBigInt64LE(BigInt(seconds), 344);
    buffer.writeBigInt64LE(BigInt(micros), 352);
  } else {
    buffer.writeUInt32LE(seconds, 340);
    buffer.writeInt32LE(micros, 344);
  }
  buffer.set(record.address, layout === '400' ? 360 : 348);
  return buffer;
}
