import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { GrantedRole, Principal } from '@sallyport/platform/http';
import type { AccessRequest, AccessResource } from './access-request.ts';
import { knownRisk, siteOf } from './entities.ts';

/** Whom and what a record names besides the question itself. */
export type RecordedCircumstances = {
  readonly principal: Pick<Principal, 'kind' | 'id' | 'name'>;
  /** As the record has it: an address, a network, or a word where there was none. */
  readonly address?: string | undefined;
  readonly localTime?: AccessRequest['context']['localTime'];
};

const maxNames = 50;

/**
 * A question as it goes into the record of its answer: enough to ask it again, of the same policies or of others, without what the record says
 * anyway (who, from where, when). Rights at sites that have no part in the answer are left out; a browser's key is only said to be there.
 */
export function recordQuestion({ principal, action, resource, risk, context, factsOf }: AccessRequest): JsonObject {
  const { kind, roles = [], siteRoles = [], sites, limitedTo, assurance, onBehalfOf } = principal;
  const site = siteOf(resource);
  const granted = (principal.grantedRoles ?? []).filter((held) => held.site === undefined || held.site === site);
  const here = siteRoles.filter((held) => held.site === site);
  // That somebody holds a role somewhere is a fact of its own.
  const [somewhere] = siteRoles;
  const counted = here.length > 0 || somewhere === undefined ? here : [somewhere];
  const isMachine = kind === 'key' || kind === 'service';
  const about = resource?.kind === 'camera' || resource?.kind === 'device' ? factsOf?.(resource) : undefined;
  return {
    action,
    ...(kind === 'user' ? { roles: roles.slice(0, maxNames) } : {}),
    ...(counted.length === 0 ? {} : { site_roles: counted.map((held) => ({ role: held.role, site: held.site })) }),
    ...(assurance === undefined ? {} : { assurance }),
    ...(principal.weakFactor === true ? { weak_factor: true } : {}),
    ...(principal.methods === undefined ? {} : { methods: principal.methods.slice(0, maxNames) }),
    ...(principal.browserKey === undefined ? {} : { bound: true }),
    ...(principal.provider === undefined ? {} : { provider: principal.provider }),
    ...(granted.length === 0 ? {} : { granted_roles: granted.slice(0, maxNames).map(recordedGrant) }),
    ...(isMachine ? { scopes: (principal.madeFor ?? principal.scopes).slice(0, 100) } : {}),
    ...(onBehalfOf === undefined
      ? {}
      : {
          behind: {
            roles: (onBehalfOf.roles ?? []).slice(0, maxNames),
            site_roles: (onBehalfOf.siteRoles ?? [])
              .filter((held) => held.site === site)
              .map((held) => ({ role: held.role, site: held.site })),
          },
        }),
    ...(sites === undefined ? {} : { sites: nearestFirst(sites, site).slice(0, maxNames) }),
    ...(limitedTo === undefined ? {} : { limited_to: limitedTo.slice(0, 100) }),
    ...(resource === undefined || resource.kind === 'server' ? {} : { resource: recordedResource(resource) }),
    ...(risk === undefined ? {} : { risk: knownRisk({ ...risk, isFresh: true }), risk_fresh: risk.isFresh }),
    ...(context.proofAgeSeconds === undefined ? {} : { proof_age_seconds: context.proofAgeSeconds }),
    ...(context.channel === 'socket' ? { channel: 'socket' } : {}),
    ...(about === undefined
      ? {}
      : {
          facts: {
            ...(about.kind === undefined ? {} : { kind: about.kind }),
            ...(about.approved === undefined ? {} : { approved: about.approved }),
            ...(about.quietSeconds === undefined ? {} : { quiet_seconds: Math.ceil(about.quietSeconds) }),
          },
        }),
  };
}

/** The question of a record, to be asked again; undefined where the record holds none. */
export function readRecordedQuestion(
  recorded: JsonValue | undefined,
  about: RecordedCircumstances,
): AccessRequest | undefined {
  if (!isJsonObject(recorded)) return undefined;
  const { action, assurance, risk, facts } = recorded;
  if (typeof action !== 'string') return undefined;
  const { principal, address, localTime } = about;
  const channel = recorded['channel'] === 'socket' ? 'socket' : 'network';
  const proofAge = recorded['proof_age_seconds'];
  const limitedTo = recorded['limited_to'];
  const siteRoles = siteRolesIn(recorded['site_roles']);
  const grantedRoles = listOf(recorded['granted_roles']).flatMap(grantIn);
  const { behind } = recorded;
  const from = channel === 'socket' ? '127.0.0.1' : isAddress(address) ? address : undefined;
  return {
    principal: {
      ...principal,
      scopes: textsOf(recorded['scopes']),
      ...(principal.kind === 'user' ? { roles: textsOf(recorded['roles']) } : {}),
      ...(siteRoles.length === 0 ? {} : { siteRoles }),
      ...(grantedRoles.length === 0 ? {} : { grantedRoles }),
      ...(isJsonObject(behind) ? { onBehalfOf: personBehind(behind) } : {}),
      ...(assurance === 1 || assurance === 2 || assurance === 3 ? { assurance } : {}),
      ...(recorded['weak_factor'] === true ? { weakFactor: true } : {}),
      ...(recorded['methods'] === undefined ? {} : { methods: textsOf(recorded['methods']) }),
      ...(recorded['bound'] === true ? { browserKey: 'recorded' } : {}),
      ...(typeof recorded['provider'] === 'string' ? { provider: recorded['provider'] } : {}),
      ...(Array.isArray(recorded['sites']) ? { sites: textsOf(recorded['sites']) } : {}),
      ...(Array.isArray(limitedTo) ? { limitedTo: textsOf(limitedTo) } : {}),
    },
    action,
    ...resourceIn(recorded['resource']),
    ...(typeof risk === 'number' ? { risk: { value: risk, isFresh: recorded['risk_fresh'] === true } } : {}),
    context: {
      channel,
      ...(typeof proofAge === 'number' && Number.isSafeInteger(proofAge) ? { proofAgeSeconds: proofAge } : {}),
      ...(from === undefined ? {} : { address: from }),
      ...(localTime === undefined ? {} : { localTime }),
    },
    ...(isJsonObject(facts) ? { factsOf: () => factsIn(facts) } : {}),
  };
}

function recordedGrant({ role, site, actions }: GrantedRole): JsonObject {
  return { role, ...(site === undefined ? {} : { site }), ...(actions === undefined ? {} : { actions: [...actions] }) };
}

function grantIn(value: JsonValue): GrantedRole[] {
  if (!isJsonObject(value) || typeof value['role'] !== 'string') return [];
  const { role, site, actions } = value;
  return [
    {
      role,
      ...(typeof site === 'string' ? { site } : {}),
      ...(actions === undefined ? {} : { actions: textsOf(actions) }),
    },
  ];
}

function siteRolesIn(value: JsonValue | undefined): { readonly role: string; readonly site: string }[] {
  return listOf(value).flatMap((held) =>
    isJsonObject(held) && typeof held['role'] === 'string' && typeof held['site'] === 'string'
      ? [{ role: held['role'], site: held['site'] }]
      : [],
  );
}

/** Whoever answers for a key or service is asked about at their best, so their roles are all there is to keep. */
function personBehind(behind: JsonObject): Principal {
  const best = { kind: 'user', id: 'recorded', name: '', scopes: [], assurance: 3 } as const;
  const siteRoles = siteRolesIn(behind['site_roles']);
  return { ...best, methods: ['passkey'], browserKey: 'recorded', roles: textsOf(behind['roles']), siteRoles };
}

function recordedResource(resource: Exclude<AccessResource, { kind: 'server' }>): JsonObject {
  if (resource.kind === 'site') return { kind: 'site', id: resource.id };
  const { kind, id, site } = resource;
  return { kind, id, ...(site === undefined ? {} : { site }) };
}

function resourceIn(value: JsonValue | undefined): { readonly resource?: AccessResource } {
  if (!isJsonObject(value) || typeof value['id'] !== 'string') return {};
  const { kind, id, site } = value;
  if (kind === 'site') return { resource: { kind, id } };
  if (kind !== 'camera' && kind !== 'device') return {};
  return { resource: { kind, id, ...(typeof site === 'string' ? { site } : {}) } };
}

function factsIn({ kind, approved, quiet_seconds: quietSeconds }: JsonObject) {
  return {
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(typeof approved === 'boolean' ? { approved } : {}),
    ...(typeof quietSeconds === 'number' ? { quietSeconds } : {}),
  };
}

const nearestFirst = (sites: readonly string[], site: string | undefined): readonly string[] =>
  site !== undefined && sites.includes(site) ? [site, ...sites.filter((one) => one !== site)] : sites;

const isAddress = (text: string | undefined): text is string =>
  text !== undefined && /^[0-9A-Fa-f:.]+(?:\/\d{1,3})?$/.test(text);

const listOf = (value: JsonValue | undefined): readonly JsonValue[] => {
  const list: readonly JsonValue[] = Array.isArray(value) ? value : [];
  return list;
};

const textsOf = (value: JsonValue | undefined): readonly string[] =>
  listOf(value).filter((one): one is string => typeof one === 'string');
