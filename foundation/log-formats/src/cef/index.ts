export { cefLabelled, cefTime, defaultCefLimits, findCef, parseCef } from './parse-cef.ts';
export type { CefEvent, CefLimits, CefRefusalCode } from './parse-cef.ts';
