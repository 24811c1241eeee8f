export { isJsonObject, parseJson, textOf, textsOf } from './json-value.ts';
export { comparePositions, formatPosition, origin, parsePosition } from './position.ts';
export type { Position } from './position.ts';
export { ocsfClass } from './ocsf.ts';
export type { JsonObject, JsonValue, OcsfEvent } from './ocsf.ts';
export { findingBody, findingLevels, findingLimits, parseFinding, severityOfLevel } from './finding.ts';
export type { Finding, FindingAttack, FindingLevel, MatchedField } from './finding.ts';
