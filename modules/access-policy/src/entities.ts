import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import type { Principal } from '@sallyport/platform/http';
import type { AccessRequest, AccessResource, PrincipalRisk } from './access-request.ts';
import type { Spoken } from './spoken.ts';

/** What Cedar is asked, with everything it may know. */
export type CedarQuestion = {
  readonly principal: TypeAndId;
  readonly action: TypeAndId;
  readonly resource: TypeAndId;
  readonly context: Record<string, CedarValueJson>;
  readonly entities: EntityJson[];
};

/** The whole question, with the facts that the policies speak of and no others. */
export function questionOf(request: AccessRequest, spoken: Spoken): CedarQuestion {
  const { principal, action, risk, resource } = request;
  const roles = effectiveRoles(principal, action, siteOf(resource));
  const entity = principalEntity(principal, { roles, risk, spoken });
  const [about, ...around] = resourceEntities(request, spoken);
  return {
    principal: entity.uid,
    action: { type: 'Sallyport::Action', id: action },
    resource: about.uid,
    context: contextRecord(action, request.context, spoken),
    entities: [entity, about, ...around],
  };
}

type Entity = EntityJson & { uid: TypeAndId };

/** The roles that count for a question: those held everywhere, about what stands at a site those held there, and those held for this action. */
function effectiveRoles(
  { roles = [], siteRoles = [], grantedRoles = [] }: Principal,
  action: string,
  site: string | undefined,
): readonly string[] {
  const here = [
    ...siteRoles.filter((held) => held.site === site),
    ...grantedRoles.filter(
      (held) => (held.site === undefined || held.site === site) && held.actions?.includes(action) !== false,
    ),
  ];
  return here.length === 0 ? roles : [...new Set([...roles, ...here.map(({ role }) => role)])];
}

export function siteOf(resource: AccessResource | undefined): string | undefined {
  if (resource === undefined || resource.kind === 'server') return undefined;
  const site = resource.kind === 'site' ? resource.id : resource.site;
  return site === '' ? undefined : site;
}

/**
 * All of a principal that an answer can rest on, besides its risk: whom this does not tell apart are answered alike. What no question holds is
 * left out by name; whatever else a principal comes to have is in it.
 */
export function seenOf(principal: Principal, spoken: Spoken): object {
  const { id: _id, name: _name, sessionId: _session, authenticatedAtMs: _proved, ...held } = principal;
  const { tokenId: _token, grantIds: _grants, browserKey, onBehalfOf, ...seen } = held;
  const behind = onBehalfOf === undefined ? undefined : seenOf(onBehalfOf, spoken);
  return { ...seen, id: idSeen(principal, spoken), bound: browserKey !== undefined, behind };
}

/** Who it is counts where policies name somebody. */
function idSeen({ kind, id }: Principal, { namesPrincipals }: Spoken): string {
  return namesPrincipals || kind === 'device' ? id : '';
}

/** `roles` are those that count here. */
function principalEntity(
  principal: Principal,
  {
    roles,
    risk,
    spoken,
  }: { readonly roles: readonly string[]; readonly risk: PrincipalRisk | undefined; readonly spoken: Spoken },
): Entity {
  const { kind, assurance = 0, sites } = principal;
  const id = idSeen(principal, spoken);
  const { roles: held = [], siteRoles = [], grantedRoles = [], scopes, madeFor = scopes } = principal;
  const riskAttributes = { risk: knownRisk(risk), riskFresh: risk?.isFresh === true };
  const narrowed = sites === undefined ? {} : { sites: sites.map((site) => ({ __entity: siteUid(site) })) };
  switch (kind) {
    case 'user':
      return {
        uid: { type: 'Sallyport::User', id },
        attrs: {
          assurance,
          weakFactor: principal.weakFactor === true,
          methods: [...(principal.methods ?? [])],
          bound: principal.browserKey !== undefined,
          provider: principal.provider ?? 'local',
          holdsRole: held.length + siteRoles.length + grantedRoles.length > 0,
          ...riskAttributes,
        },
        parents: roles.map((role) => ({ type: 'Sallyport::Role', id: role })),
      };
    case 'key':
    case 'service':
      return {
        uid: { type: kind === 'key' ? 'Sallyport::Key' : 'Sallyport::Service', id },
        attrs: { scopes: [...madeFor], ...narrowed, ...riskAttributes },
        parents: [],
      };
    case 'operator':
      return { uid: { type: 'Sallyport::Operator', id }, attrs: {}, parents: [] };
    case 'device':
      return { uid: { type: 'Sallyport::Device', id }, attrs: {}, parents: [] };
    case 'agent':
      return { uid: { type: 'Sallyport::Agent', id }, attrs: {}, parents: [] };
  }
}

/** What is asked about, and where it stands. Two cameras of a site are one to policies that tell no camera from another. */
function resourceEntities(request: Pick<AccessRequest, 'resource' | 'factsOf'>, spoken: Spoken): [Entity, ...Entity[]] {
  const { resource = { kind: 'server' }, factsOf } = request;
  const server: TypeAndId = { type: 'Sallyport::Server', id: 'this' };
  if (resource.kind === 'server') return [{ uid: server, attrs: {}, parents: [] }];
  if (resource.kind === 'site') return [{ uid: siteUid(resource.id), attrs: {}, parents: [server] }];
  const site = siteOf(resource);
  const type = resource.kind === 'camera' ? 'Sallyport::Camera' : 'Sallyport::Device';
  const wanted = ['kind', 'approved', 'quietSeconds'].some((fact) => spoken.attributes.has(fact));
  const { kind, approved, quietSeconds } = (wanted ? factsOf?.(resource) : undefined) ?? {};
  const attrs: Record<string, CedarValueJson> = {};
  if (kind !== undefined && spoken.attributes.has('kind')) attrs['kind'] = kind;
  if (approved !== undefined && spoken.attributes.has('approved')) attrs['approved'] = approved;
  // Upwards, so that nothing seems fresher than it is, and in steps, so that an answer is good for a while.
  if (quietSeconds !== undefined && spoken.attributes.has('quietSeconds'))
    attrs['quietSeconds'] = quietSeconds >= 0 ? Math.min(Math.ceil(quietSeconds / 10) * 10, maxSeconds) : maxSeconds;
  const entity = {
    uid: { type, id: spoken.namesResources ? resource.id : '' },
    attrs,
    parents: site === undefined ? [server] : [siteUid(site)],
  };
  return site === undefined ? [entity] : [entity, { uid: siteUid(site), attrs: {}, parents: [server] }];
}

/** What the policies may ask about the moment, as far as they do. */
export function contextRecord(
  action: string,
  context: AccessRequest['context'],
  { attributes }: Spoken,
): Record<string, CedarValueJson> {
  const { channel, proofAgeSeconds, address } = context;
  const wantsTime = attributes.has('hour') || attributes.has('weekday');
  const time = wantsTime ? context.localTime?.() : undefined;
  return {
    action,
    channel,
    ...(proofAgeSeconds === undefined ? {} : { proofAgeSeconds }),
    ...(address === undefined || !attributes.has('address') ? {} : { address: { __extn: { fn: 'ip', arg: address } } }),
    ...(time === undefined ? {} : { hour: time.hour, weekday: time.weekday }),
  };
}

/** Who may be anybody is held to be at the greatest risk: a policy that asks never allows because nobody could tell. */
export function knownRisk(risk: PrincipalRisk | undefined): number {
  if (risk === undefined || !risk.isFresh || !(risk.value >= 0 && risk.value <= 100)) return 100;
  return Math.round(risk.value);
}

const maxSeconds = Number.MAX_SAFE_INTEGER;

function siteUid(id: string): TypeAndId {
  return { type: 'Sallyport::Site', id };
}
