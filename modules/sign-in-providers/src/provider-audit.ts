import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent, type Actor, type AuditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import type { Provider, ProviderSettings } from './provider.ts';

export type ProviderAction =
  | 'provider.create'
  | 'provider.change'
  | 'provider.delete'
  | 'provider.key'
  | 'provider.link'
  | 'provider.unlink'
  | 'provider.refuse'
  | 'provider.logout';

const activities: Readonly<Partial<Record<ProviderAction, number>>> = {
  'provider.create': 1,
  'provider.change': 3,
  'provider.key': 3,
  'provider.delete': 4,
};

/** What was done with a provider: Entity Management (3004). Never a secret. */
export function providerEvent(input: {
  readonly nowMs: number;
  readonly by: Principal | Actor;
  readonly action: ProviderAction;
  readonly provider: Pick<Provider, 'id' | 'settings'>;
  readonly outcome?: 'success' | 'failure';
  readonly details?: JsonObject;
}): AuditEvent {
  const { nowMs, by, action, provider, outcome = 'success', details } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.entityManagement,
    activityId: activities[action] ?? 99,
    outcome,
    target: { type: 'provider', id: provider.id, name: provider.settings.name },
    ...(details === undefined ? {} : { details }),
  });
}

/** The provider itself, where it has something done. */
export function actorOf({ id, settings }: Pick<Provider, 'id' | 'settings'>): Actor {
  return { kind: 'provider', id, name: settings.name };
}

/** What settings say, for the ledger: mappings in full, since they decide who may do what. */
export function settingsDetails(settings: ProviderSettings): JsonObject {
  return {
    kind: settings.kind,
    issuer: settings.issuer,
    client_id: settings.clientId,
    client_authentication: settings.clientAuthentication,
    enabled: settings.isEnabled,
    creates_people: settings.createsPeople,
    default_roles: [...settings.defaultRoles],
    groups_claim: settings.groupsClaim ?? null,
    groups: settings.groups.map(({ group, roles }) => ({ group, roles: [...roles] })),
    required_claims: settings.requiredClaims.map((one) => ({ ...one })),
    assurance: settings.assurance,
    trusted_methods: settings.trustedMethods.map((one) => ({ ...one })),
    private_addresses: settings.allowsPrivateAddresses,
  };
}
