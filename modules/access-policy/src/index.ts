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
export { readPolicyTexts } from './policy-texts.ts';
export type { PolicyTexts } from './policy-texts.ts';
export { createRiskFacts } from './risk-facts.ts';
export type { RiskFacts, RiskFactsNeeds } from './risk-facts.ts';
