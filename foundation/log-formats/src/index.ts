export { namedZone } from './text/named-zone.ts';
export { fixedZone } from './text/timestamp.ts';
export type { LogTime, TimeReference, ZoneOffset } from './text/timestamp.ts';
export type { Parsed, Refusal } from './text/parsed.ts';
export { isRecordListHead, maxRecordListHead } from './record-list.ts';
export { recognise } from './recognise.ts';
export type { LogFormat, Recognition } from './recognise.ts';
export type { JsonObject } from './text/bounded-json.ts';
