export { createZeekReader, defaultZeekLimits, parseZeekJson } from './zeek-log.ts';
export type { ZeekLimits, ZeekReader, ZeekRecord, ZeekRefusalCode, ZeekValue } from './zeek-log.ts';
