export { parseWebAccess } from './parse-access.ts';
export type { WebAccess, WebAccessRefusalCode } from './parse-access.ts';
