import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PeopleServices } from '../people/create-people.ts';
import { isoTime } from '../sessions/session-format.ts';
import { certifications, maxBlobCharacters } from './fido-metadata.ts';
import { refusalWords, type PasskeyPolicy } from './passkey-policy.ts';
import type { ShownPasskey } from './passkey-rules.ts';

const Time = Type.String({ format: 'date-time' });
const Maybe = <T extends Parameters<typeof Type.Array>[0]>(one: T) => Type.Union([one, Type.Null()]);
const Aaguids = Type.Array(
  Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$', description: 'AAGUID' }),
  { maxItems: 500, uniqueItems: true },
);
const Policy = Type.Object(
  {
    attestation: Type.Enum(['none', 'direct'], {
      description: '`direct`: only authenticators that prove their make by the imported FIDO metadata',
    }),
    allowed: Aaguids,
    denied: Aaguids,
    least_certification: Type.Enum([...certifications]),
    hardware_bound_roles: Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
      maxItems: 200,
      uniqueItems: true,
      description: 'They use no passkey that can be copied to other devices',
    }),
  },
  { additionalProperties: false },
);
const Metadata = Type.Object({
  no: Type.Integer(),
  next_update: Type.String({ description: 'Day by which the FIDO Alliance publishes the next' }),
  stale: Type.Boolean(),
  root_sha256: Type.String(),
  imported_at: Time,
  models: Type.Integer(),
  compromised: Type.Integer(),
});
const Shown = Type.Object({ policy: Policy, metadata: Maybe(Metadata) });
const Why = Type.String({ description: 'denied, not-allowed, compromised, not-attested, not-certified, synced' });

/** What people are told about one passkey. */
export const PasskeyFacts = Type.Object({
  model: Maybe(Type.String()),
  aaguid: Maybe(Type.String()),
  attested: Type.Boolean({ description: 'Its make is proved; otherwise it is what it says of itself' }),
  synced: Maybe(Type.Boolean({ description: 'It can be copied to other devices; null before it is used' })),
  last_used_at: Maybe(Time),
  refused: Maybe(Why),
  refused_because: Maybe(Type.String()),
});

/** `/v1/authentication/passkeys`: which passkeys may be added and used. */
export function createPasskeyRulesRoutes({ passkeyRules }: Pick<PeopleServices, 'passkeyRules'>): RoutePlugin {
  const shown = async (): Promise<Static<typeof Shown>> => {
    const { policy, metadata, importedAtMs } = await passkeyRules.read();
    return {
      policy: {
        attestation: policy.attestation,
        allowed: [...policy.allowed],
        denied: [...policy.denied],
        least_certification: policy.leastCertification,
        hardware_bound_roles: [...policy.hardwareBoundRoles],
      },
      metadata:
        metadata === undefined || importedAtMs === undefined
          ? null
          : {
              no: metadata.no,
              next_update: metadata.nextUpdate,
              stale: passkeyRules.isStale(metadata),
              root_sha256: metadata.root,
              imported_at: isoTime(importedAtMs),
              models: metadata.models.length,
              compromised: metadata.models.filter((model) => model.compromised !== undefined).length,
            },
    };
  };
  return async (fastify) => {
    const app = typedApp(fastify);
    const tags = ['authentication'];

    app.get(
      '/v1/authentication/passkeys',
      {
        config: { scope: 'settings:read' },
        schema: {
          summary: 'Which passkeys may be used, and the FIDO metadata that was imported',
          tags,
          response: { 200: Shown },
        },
      },
      shown,
    );

    app.post(
      '/v1/authentication/passkeys/preview',
      {
        config: { scope: 'settings:manage' },
        schema: {
          summary: 'Whose passkeys another policy would refuse; changes nothing',
          tags,
          body: Policy,
          response: {
            200: Type.Object({
              passkeys: Type.Integer(),
              refused: Type.Array(
                Type.Object({
                  user_id: Type.String(),
                  name: Type.String(),
                  label: Type.String(),
                  model: Maybe(Type.String()),
                  why: Why,
                }),
              ),
              without_factor: Type.Array(Type.Object({ user_id: Type.String(), name: Type.String() }), {
                description: 'They would need a recovery code, or a reset by somebody else',
              }),
              locks_out: Type.Boolean({ description: 'No administrator would keep a factor: it will be refused' }),
            }),
          },
        },
      },
      async (request) => {
        const preview = await passkeyRules.preview(readPolicy(request.body));
        return {
          passkeys: preview.passkeys,
          refused: preview.refused.map(({ userId, name, label, model = null, why }) => ({
            user_id: userId,
            name,
            label,
            model,
            why,
          })),
          without_factor: preview.withoutFactor.map(({ userId, name }) => ({ user_id: userId, name })),
          locks_out: preview.isLockingOut,
        };
      },
    );

    app.put(
      '/v1/authentication/passkeys',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Change which passkeys may be added and used, from the next use on',
          tags,
          body: Policy,
          response: { 200: Shown },
        },
      },
      async (request) => {
        await passkeyRules.change({ policy: readPolicy(request.body), by: request.principal });
        return shown();
      },
    );

    app.post(
      '/v1/authentication/passkeys/metadata',
      {
        config: { scope: 'settings:manage', stepUp: true, bodyLimitBytes: maxBlobCharacters + 64 * 1024 },
        schema: {
          summary: 'Take a file of the FIDO Metadata Service, once its signature is found right',
          tags,
          body: Type.Object(
            {
              blob: Type.String({ minLength: 1, maxLength: maxBlobCharacters, description: 'JWS in compact form' }),
              root: Type.Optional(
                Type.String({
                  maxLength: 16_384,
                  description: 'PEM of the root certificate it is signed under; left out: those of the FIDO Alliance',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          response: { 200: Shown },
        },
      },
      async (request) => {
        await passkeyRules.importMetadata({ ...request.body, by: request.principal });
        return shown();
      },
    );

    app.get(
      '/v1/users/:id/passkeys',
      {
        config: { scope: 'users:read' },
        schema: {
          summary: 'Somebody’s passkeys: their make, and whether they may be used',
          tags: ['people'],
          params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }),
          response: {
            200: Type.Object({
              passkeys: Type.Array(Type.Interface([PasskeyFacts], { id: Type.String(), label: Type.String() })),
            }),
          },
        },
      },
      async (request) => ({
        passkeys: (await passkeyRules.passkeysOf(request.params.id)).map((one) => ({
          id: one.id,
          label: one.label,
          ...passkeyFacts(one),
        })),
      }),
    );
  };
}

export function passkeyFacts(passkey: ShownPasskey): Static<typeof PasskeyFacts> {
  const { model = null, aaguid = null, isAttested, isSynced = null, lastUsedAtMs, refusal } = passkey;
  return {
    model,
    aaguid,
    attested: isAttested,
    synced: isSynced,
    last_used_at: lastUsedAtMs === undefined ? null : isoTime(lastUsedAtMs),
    refused: refusal ?? null,
    refused_because: refusal === undefined ? null : refusalWords[refusal],
  };
}

function readPolicy(policy: Static<typeof Policy>): PasskeyPolicy {
  const lower = (aaguids: readonly string[]): string[] => aaguids.map((aaguid) => aaguid.toLowerCase());
  return {
    attestation: policy.attestation,
    allowed: lower(policy.allowed),
    denied: lower(policy.denied),
    leastCertification: policy.least_certification,
    hardwareBoundRoles: policy.hardware_bound_roles,
  };
}
