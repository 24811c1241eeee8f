import type { Buffer } from 'node:buffer';
import type { Cursor } from './binxml-cursor.ts';
import { parseBinXml } from './binxml-parse.ts';
import type { ChunkContext } from './binxml-parse.ts';
import { renderBinXml } from './binxml-render.ts';
import type { GuidStyle } from './binxml-value.ts';
import { EvtxFault } from './damage.ts';
import type { Damage } from './damage.ts';
import { eventJson } from './event-json.ts';
import { eventXml } from './event-xml.ts';
import type { JsonObject } from './json.ts';
import { fileTimeText } from './windows-time.ts';

export type EvtxOptions = {
  /** How GUIDs are written in JSON and XML; bare unless told otherwise. */
  readonly guids?: GuidStyle;
  /** Give each record's XML text too. */
  readonly withXml?: boolean;
};

export type EvtxRecord = {
  readonly kind: 'record';
  /** Decimal; the number the log gave the record, which an export counts anew (`EventRecordID` in the event stays). */
  readonly recordId: string;
  /** When the log service wrote it: ISO, UTC, with the seven digits of 100 ns. */
  readonly writtenAt: string;
  /** Bytes from the beginning of the input. */
  readonly offset: number;
  /** Both checksums of its chunk hold and cover it. */
  readonly isVerified: boolean;
  readonly event: JsonObject;
  readonly xml?: string;
};

/** Signature, size, number, time, and after the event the size again. */
export const recordHeadBytes = 24;
export const recordMagic = 0x0000_2a2a;
const smallestRecord = recordHeadBytes + 1 + 4;

/** The size of the record at `start`, or undefined when none that ends by `end` begins there. */
export function recordSizeAt(bytes: Buffer, start: number, end: number): number | undefined {
  if (end - start < smallestRecord || bytes.readUInt32LE(start) !== recordMagic) return undefined;
  return plausibleSize(bytes, start, end);
}

/** The same without a look at the signature. */
export function plausibleSize(bytes: Buffer, start: number, end: number): number | undefined {
  if (end - start < smallestRecord) return undefined;
  const size = bytes.readUInt32LE(start + 4);
  return size >= smallestRecord && size <= end - start ? size : undefined;
}

export function closesWith(bytes: Buffer, start: number, size: number): boolean {
  return bytes.readUInt32LE(start + size - 4) === size;
}

export function recordIdAt(bytes: Buffer, start: number): bigint {
  return bytes.readBigUInt64LE(start + 8);
}

/** Where a record lies in the chunk, and the chunk in the input. */
export type RecordPlace = {
  readonly start: number;
  readonly size: number;
  readonly chunkOffset: number;
  readonly isVerified: boolean;
};

/** Reads one record. `bodyEnd` is where its BinXML ended, undefined when that could not be told. */
export function readRecord(
  context: ChunkContext,
  place: RecordPlace,
  options: EvtxOptions,
): { readonly item: EvtxRecord | Damage; readonly bodyEnd: number | undefined } {
  const { bytes } = context;
  const recordId = String(recordIdAt(bytes, place.start));
  const offset = place.chunkOffset + place.start;
  const cursor: Cursor = { bytes, position: place.start + recordHeadBytes, end: place.start + place.size - 4 };
  try {
    context.budget.startRecord();
    const nodes = parseBinXml({ context, cursor, isTemplate: false }, 0);
    const roots = renderBinXml(context, nodes, options.guids ?? 'bare');
    if (roots.length === 0) throw new EvtxFault('binxml_empty', cursor.position, 'The record holds no element');
    const item = {
      kind: 'record' as const,
      recordId,
      writtenAt: fileTimeText(bytes.readBigUInt64LE(place.start + 16)),
      offset,
      isVerified: place.isVerified,
      event: eventJson(roots),
    };
    return {
      item: options.withXml === true ? { ...item, xml: eventXml(roots) } : item,
      bodyEnd: cursor.position,
    };
  } catch (error) {
    if (!(error instanceof EvtxFault)) throw error;
    const why = `Record ${recordId}: ${error.message} (at ${error.position} of its chunk)`;
    return { item: { kind: 'damaged', code: error.code, offset, why, recordId }, bodyEnd: undefined };
  }
}
