// The door for whoever checks range evidence offline: no ledger, no keys.
export { rangeFormat } from './range-format.ts';
export type { RangeClaim } from './range-format.ts';
export { stateRange } from './state-range.ts';
export type { RangeStatement } from './state-range.ts';
export { createRangeVerifier, verifyRangeText } from './verify-range.ts';
export type { RangeCounts, RangeEvent, RangeVerification, RangeVerifier, VerifiedRange } from './verify-range.ts';
