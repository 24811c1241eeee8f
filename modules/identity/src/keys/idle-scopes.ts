import type { AccessPolicy, AccessResource } from '@sallyport/access-policy';
import type { Principal } from '@sallyport/platform/http';
import type { ApiKey } from './key-store.ts';

/**
 * Scopes of a key that are of no use, anywhere it is for: its maker may not do this by now, or a policy forbids it to the key. What
 * rests on the moment (from where, at which hour) is not said to be of no use.
 */
export function idleScopes(
  key: Pick<ApiKey, 'id' | 'name' | 'scopes' | 'sites'>,
  maker: Principal | undefined,
  policy: Pick<AccessPolicy, 'decide'>,
): string[] {
  const { id, name, scopes, sites } = key;
  const narrowed = { ...(sites === undefined ? {} : { sites }), ...(maker === undefined ? {} : { onBehalfOf: maker }) };
  const principal: Principal = { kind: 'key', id, name, scopes, ...narrowed };
  const places: readonly (AccessResource | undefined)[] = sites?.map((site) => ({ kind: 'site', id: site })) ?? [
    undefined,
    ...(maker?.siteRoles ?? []).map(({ site }) => ({ kind: 'site', id: site }) as const),
  ];
  const risk = { value: 0, isFresh: true };
  return scopes.filter((action) =>
    places.every((resource) => {
      const decision = policy.decide({ principal, action, resource, risk, context: { channel: 'network' } });
      return !decision.allowed && decision.isUnsure !== true;
    }),
  );
}
