import type { Reach } from '@sallyport/platform/http';
import type { AccessDecision, AccessRequest, AccessResource } from './access-request.ts';
import type { Spoken } from './spoken.ts';

/** How far somebody's right to an action goes: to everything, or to some sites. */
export function readReach(
  request: Omit<AccessRequest, 'resource'>,
  spoken: Spoken,
  decide: (request: AccessRequest) => AccessDecision,
): Reach {
  const { principal } = request;
  const { onBehalfOf } = principal;
  const may = (resource: AccessResource): boolean => decide({ ...request, resource }).allowed;
  const everywhere = may({ kind: 'server' });
  const named = new Set([
    ...[...(principal.siteRoles ?? []), ...(onBehalfOf?.siteRoles ?? [])].map(({ site }) => site),
    ...(principal.grantedRoles ?? []).map(({ site = '' }) => site),
    ...(principal.sites ?? []),
    ...spoken.sites,
  ]);
  const sites: string[] = [];
  const except: string[] = [];
  for (const id of [...named].filter((site) => site !== '').toSorted())
    (may({ kind: 'site', id }) ? sites : except).push(id);
  return {
    everywhere,
    sites: everywhere ? [] : sites,
    except: everywhere ? except : [],
    isNothing: !everywhere && sites.length === 0 && !spoken.namesResources,
    includes: (site = '') => (site === '' ? everywhere : everywhere ? !except.includes(site) : sites.includes(site)),
    covers: (resource) => may(resource),
  };
}
