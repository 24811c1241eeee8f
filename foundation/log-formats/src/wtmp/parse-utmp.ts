// utmp(5): the fixed records of utmp, wtmp and btmp as glibc on Linux writes them, little-endian.
import { Buffer } from 'node:buffer';
import { accept, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { addressOf } from './address.ts';

const typeNames = [
  'EMPTY',
  'RUN_LVL',
  'BOOT_TIME',
  'NEW_TIME',
  'OLD_TIME',
  'INIT_PROCESS',
  'LOGIN_PROCESS',
  'USER_PROCESS',
  'DEAD_PROCESS',
  'ACCOUNTING',
] as const;
export type UtmpType = (typeof typeNames)[number];

/** 384 bytes with times of 32 bits (x86-64 and the compatible), 400 with times of 64 bits (aarch64). */
export type UtmpLayout = '384' | '400';

export type UtmpRecord = {
  readonly type: UtmpType;
  readonly processId: number;
  readonly line: string;
  readonly id: string;
  readonly user: string;
  readonly host: string;
  readonly terminationStatus: number;
  readonly exitStatus: number;
  readonly session: number;
  readonly unixMs: number;
  readonly address: string | undefined;
};

export type UtmpRecords = {
  readonly layout: UtmpLayout;
  readonly records: readonly UtmpRecord[];
  /** Records whose type or time cannot be: counted, not given. */
  readonly damaged: number;
  /** Bytes that were read; what is behind them is not a whole record yet, or over the limit. */
  readonly usedBytes: number;
};

export type UtmpRefusalCode = 'utmp_layout';

const sizes = { '384': 384, '400': 400 } as const;

/** The records at the beginning of the bytes. Call again from `usedBytes` when the file has grown. */
export function parseUtmp(
  bytes: Uint8Array,
  options: { readonly layout?: UtmpLayout; readonly maxRecords?: number } = {},
): Parsed<UtmpRecords, UtmpRefusalCode> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = options.layout ?? detectUtmpLayout(buffer);
  if (layout === undefined) return refuse('utmp_layout', 0, 'Bytes are records of neither 384 nor 400 bytes');
  const size = sizes[layout];
  const count = Math.min(Math.floor(buffer.length / size), options.maxRecords ?? 100_000);
  const records: UtmpRecord[] = [];
  for (let index = 0; index < count; index += 1) {
    const record = readRecord(buffer, index * size, layout);
    if (record !== undefined) records.push(record);
  }
  return accept({ layout, records, damaged: count - records.length, usedBytes: count * size });
}

/** The layout in which the first records make sense; undefined when neither does. The current layout of most machines wins a tie. */
export function detectUtmpLayout(bytes: Uint8Array): UtmpLayout | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const score = (layout: UtmpLayout): number => {
    const whole = Math.min(8, Math.floor(buffer.length / sizes[layout]));
    let sound = 0;
    for (let index = 0; index < whole; index += 1)
      sound += readRecord(buffer, index * sizes[layout], layout) === undefined ? 0 : 1;
    return whole === 0 ? 0 : sound / whole;
  };
  const narrow = score('384');
  const wide = score('400');
  if (narrow < 0.5 && wide < 0.5) return undefined;
  return wide > narrow || (wide === narrow && buffer.length % 384 !== 0 && buffer.length % 400 === 0) ? '400' : '384';
}

function readRecord(buffer: Buffer, at: number, layout: UtmpLayout): UtmpRecord | undefined {
  const type = typeNames[buffer.readInt16LE(at)];
  const isWide = layout === '400';
  const seconds = isWide ? Number(buffer.readBigInt64LE(at + 344)) : buffer.readUInt32LE(at + 340);
  const micros = isWide ? Number(buffer.readBigInt64LE(at + 352)) : buffer.readInt32LE(at + 344);
  const paddingIsZero = buffer.readInt16LE(at + 2) === 0;
  if (
    type === undefined ||
    !paddingIsZero ||
    micros < 0 ||
    micros >= 1_000_000 ||
    seconds < 0 ||
    seconds > 253_402_300_799
  )
    return undefined;
  const addressAt = at + (isWide ? 360 : 348);
  return {
    type,
    processId: buffer.readInt32LE(at + 4),
    line: textIn(buffer, at + 8, 32),
    id: textIn(buffer, at + 40, 4),
    user: textIn(buffer, at + 44, 32),
    host: textIn(buffer, at + 76, 256),
    terminationStatus: buffer.readInt16LE(at + 332),
    exitStatus: buffer.readInt16LE(at + 334),
    session: isWide ? Number(buffer.readBigInt64LE(at + 336)) : buffer.readInt32LE(at + 336),
    unixMs: seconds * 1000 + Math.floor(micros / 1000),
    address: addressOf(buffer.subarray(addressAt, addressAt + 16)),
  };
}

/** Up to the first NUL; a field that is full has none. */
function textIn(buffer: Buffer, at: number, length: number): string {
  const field = buffer.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}
