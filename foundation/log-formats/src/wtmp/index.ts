export { detectUtmpLayout, parseUtmp } from './parse-utmp.ts';
export type { UtmpLayout, UtmpRecord, UtmpRecords, UtmpRefusalCode, UtmpType } from './parse-utmp.ts';
