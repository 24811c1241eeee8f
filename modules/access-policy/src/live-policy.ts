import type { AccessPolicy } from './access-policy.ts';

/**
 * The version in force, which can be replaced while it is asked. Whoever holds this asks whatever is in force at that moment. A decision is
 * synchronous and made wholly by one version, and each version remembers its own decisions: none is ever answered from another's.
 */
export type LivePolicy = AccessPolicy & {
  /** From the next decision on; the version before is released. */
  activate(next: AccessPolicy): void;
};

export function createLivePolicy(initial: AccessPolicy): LivePolicy {
  let current = initial;
  return {
    get version() {
      return current.version;
    },
    get asksForMoment() {
      return current.asksForMoment;
    },
    decide: (request) => current.decide(request),
    reach: (request) => current.reach(request),
    permissionsOf: (principal, where) => current.permissionsOf(principal, where),
    roles: () => current.roles(),
    explain: (request) => current.explain(request),
    release: () => current.release(),
    activate(next) {
      if (next === current) return;
      const before = current;
      current = next;
      before.release();
    },
  };
}
