export { createAccessPolicy } from './access-policy.ts';
export type { AccessDecision, AccessPolicy, AccessRequest } from './access-policy.ts';
export { allActions, allRoles, deviceActions, isAction, isRole } from './actions.ts';
export type { Action, DeviceAction, Role } from './actions.ts';
export { AccessPolicyError } from './errors.ts';
export type { AccessPolicyErrorCode } from './errors.ts';
export type { RoleDescription } from './load-policies.ts';
export { readPolicyTexts } from './policy-texts.ts';
export type { PolicyTexts } from './policy-texts.ts';
