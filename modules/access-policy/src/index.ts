export { createAccessPolicy } from './access-policy.ts';
export type {
  AccessDecision,
  AccessPolicy,
  AccessRequest,
  AccessResource,
  PrincipalRisk,
  ResourceFacts,
} from './access-policy.ts';
export { allActions, allRoles, deviceActions, isAction, isRole, siteActions } from './actions.ts';
export type { Action, DeviceAction, Role } from './actions.ts';
export { AccessPolicyError } from './errors.ts';
export type { AccessPolicyErrorCode } from './errors.ts';
export type { RoleDescription } from './load-policies.ts';
export type { Explanation, FactSeen } from './explain-question.ts';
export { createLivePolicy } from './live-policy.ts';
export type { LivePolicy } from './live-policy.ts';
export { ownPolicyLimits } from './own-policy-rules.ts';
export { readPolicies } from './read-policies.ts';
export type { PolicyFault, ReadPolicy } from './read-policies.ts';
export { readPolicyTexts } from './policy-texts.ts';
export type { PolicyTexts } from './policy-texts.ts';
export { createRiskFacts } from './risk-facts.ts';
export type { RiskFacts, RiskFactsNeeds } from './risk-facts.ts';
