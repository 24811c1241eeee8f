export { createAccessPolicy } from './access-policy.ts';
export type { AccessPolicy } from './access-policy.ts';
export type { AccessDecision, AccessRequest, AccessResource, PrincipalRisk, ResourceFacts } from './access-request.ts';
export {
  agentActions,
  allActions,
  allRoles,
  deviceActions,
  isAction,
  isRole,
  kindActions,
  siteActions,
} from './actions.ts';
export type { Action, Role } from './actions.ts';
export { accessPolicyProblems, AccessPolicyError } from './errors.ts';
export type { AccessPolicyErrorCode } from './errors.ts';
export { heldRights } from './held-rights.ts';
export type { RoleDescription } from './load-policies.ts';
export type { Explanation, FactSeen } from './explain-question.ts';
export type { EngineCondition } from './engine.ts';
export { engine } from './thread-engine.ts';
export { createLocalTime } from './local-time.ts';
export { createLivePolicy } from './live-policy.ts';
export type { LivePolicy } from './live-policy.ts';
export { ownPolicyLimits } from './own-policy-rules.ts';
export { readPolicies } from './read-policies.ts';
export type { PolicyFault, ReadPolicy } from './read-policies.ts';
export { readRecordedQuestion, recordQuestion } from './recorded-question.ts';
export type { RecordedCircumstances } from './recorded-question.ts';
export { readPolicyTexts } from './policy-texts.ts';
export type { PolicyTexts } from './policy-texts.ts';
export { createRiskFacts } from './risk-facts.ts';
export type { RiskFacts, RiskFactsNeeds } from './risk-facts.ts';
export { formatSites, holdsAt, readSiteName, readSites } from './site-names.ts';
export type { HeldScopes } from './site-names.ts';
