export { breakHecRaw, defaultHecRawLimits } from './break-lines.ts';
export type { HecRawLimits, HecRawLine } from './break-lines.ts';
export { defaultHecLimits, parseHecEvents } from './parse-events.ts';
export type { HecEvent, HecEvents, HecLimits, HecRefusalCode, HecScalar } from './parse-events.ts';
export { hecReplies, hecReplyBody } from './reply.ts';
export type { HecReplyName } from './reply.ts';
