export { isJsonObject, itemsOf, parseJson, textOf, textsOf } from './json-value.ts';
export { agentEvent, agentEventLimits, agentLogName } from './agent-event.ts';
export type { AgentEventInput } from './agent-event.ts';
export {
  agentActions,
  agentOrigins,
  agentRates,
  agentSignInChanges,
  agentTaskChanges,
  isLiveTask,
} from './agent-happening.ts';
export type {
  AgentAction,
  AgentCall,
  AgentContent,
  AgentHappening,
  AgentKindCount,
  AgentMachine,
  AgentOrigin,
  AgentSession,
  AgentSignInChange,
  AgentRate,
  AgentTaskChange,
  AgentTool,
  AgentVerdict,
} from './agent-happening.ts';
export { canonicalJson } from './canonical-json.ts';
export { deviceFingerprint, deviceKeyText, deviceProofText } from './device-proof.ts';
export type { DeviceProofPurpose } from './device-proof.ts';
export { eventKind, eventLine, roleChange } from './event-line.ts';
export type { EventLine } from './event-line.ts';
export { levelMarks } from './level-mark.ts';
export { comparePositions, formatPosition, origin, parsePosition } from './position.ts';
export type { Position } from './position.ts';
export { ocsfClass } from './ocsf.ts';
export type { JsonObject, JsonValue, OcsfEvent } from './ocsf.ts';
export { findingBody, findingLevels, findingLimits, parseFinding, severityOfLevel } from './finding.ts';
export type { Finding, FindingAttack, FindingEntities, FindingLevel, MatchedField } from './finding.ts';
export {
  escapeLiteral,
  erasedText,
  formatToken,
  isSealedBody,
  looksSealed,
  lostText,
  maxTokenKeys,
  openSealedText,
  sealedBodyMark,
  sealedSaltBytes,
  tokensOf,
} from './sealed-strings.ts';
export type { SealedToken } from './sealed-strings.ts';
export { isSystemAccount } from './system-account.ts';
