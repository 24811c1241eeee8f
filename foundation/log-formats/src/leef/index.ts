export { defaultLeefLimits, findLeef, leefTime, parseLeef } from './parse-leef.ts';
export type { LeefEvent, LeefLimits, LeefRefusalCode } from './parse-leef.ts';
