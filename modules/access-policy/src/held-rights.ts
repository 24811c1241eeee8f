import type { AccessPolicy } from './access-policy.ts';
import { AccessPolicyError } from './errors.ts';

/**
 * What somebody is let in with, or keeps: none while it cannot be told. Never for what is given away, nor for whose account may be touched: there,
 * none is too few.
 */
export function heldRights(
  policy: Pick<AccessPolicy, 'permissionsOf'>,
  ...asked: Parameters<AccessPolicy['permissionsOf']>
): ReturnType<AccessPolicy['permissionsOf']> {
  try {
    return policy.permissionsOf(...asked);
  } catch (error) {
    if (error instanceof AccessPolicyError && error.code === 'policy_engine_broken') return [];
    throw error;
  }
}
