export { comparePositions, formatPosition, origin, parsePosition } from './position.ts';
export type { Position } from './position.ts';
export { ocsfClass } from './ocsf.ts';
export type { JsonObject, JsonValue, OcsfEvent } from './ocsf.ts';
