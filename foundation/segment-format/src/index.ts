export { decodeSegment, encodeSegment, readSegmentHeader } from './segment.ts';
export type { Segment, SegmentHeader, SegmentRecord } from './segment.ts';
export { SegmentFormatError, segmentLimits } from './limits.ts';
export { segmentStatement } from './segment-statement.ts';
