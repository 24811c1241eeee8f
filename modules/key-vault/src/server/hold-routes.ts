import { typedApp } from '@sallyport/platform/http';
import type { Client, Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { KeyVaultError } from '../errors.ts';
import type { DestructionCalls } from './destruction-calls.ts';
import type { DestructionRoutesNeeds } from './destruction-routes.ts';
import { ApproverShape, HoldShape, IntentShape } from './destruction-shapes.ts';

const tags = ['vault'];
const closed = { additionalProperties: false };
const Id = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Params = Type.Object({ id: Id });
const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept in the vault and the audit trail' });
const CredentialId = Type.String({ minLength: 1, maxLength: 8192 });

/** `/v1/vault/holds` and `/v1/vault/approvers`: what must stay, and who may agree that something goes. */
export function createHoldRoutes(needs: DestructionRoutesNeeds): RoutePlugin {
  const { calls } = needs;
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/holds',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'Legal holds', tags, response: { 200: Type.Object({ items: Type.Array(HoldShape) }) } },
      },
      async () => ({ items: (await calls.overview()).holds }),
    );
    app.post(
      '/v1/vault/holds',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary: 'Place a legal hold, at once: keys named, or classes and days, keys made later included',
          tags,
          body: Type.Object(
            {
              name: Type.String({ minLength: 1, maxLength: 200 }),
              reason: Reason,
              keyIds: Type.Optional(Type.Array(Id, { maxItems: 10_000, uniqueItems: true })),
              selector: Type.Optional(
                Type.Object(
                  {
                    classes: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), {
                      minItems: 1,
                      maxItems: 100,
                    }),
                    fromDay: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
                    toDay: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' })),
                  },
                  closed,
                ),
              ),
            },
            closed,
          ),
          response: { 201: HoldShape },
        },
      },
      async ({ body, principal }, reply) => reply.code(201).send(await calls.hold(body, principal.id)),
    );
    app.post(
      '/v1/vault/holds/:id/release',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Propose to release a hold; two people sign it like a destruction, without a waiting time',
          tags,
          params: Params,
          body: Type.Object({ reason: Reason }, closed),
          response: { 201: IntentShape },
        },
      },
      async ({ body, params, principal }, reply) => {
        const intent = await calls.propose({ kind: 'release', holdId: params.id, reason: body.reason }, principal.id);
        return reply.code(201).send(intent);
      },
    );
    app.get(
      '/v1/vault/approvers',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'The passkeys whose signatures count, now or after the waiting time',
          tags,
          response: { 200: Type.Object({ items: Type.Array(ApproverShape) }) },
        },
      },
      async () => ({ items: (await calls.overview()).approvers }),
    );
    app.post(
      '/v1/vault/approvers',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary:
            'Enrol somebody’s passkeys for this address to sign destructions; the first two people’s count at once',
          tags,
          body: Type.Object(
            { userId: Type.Optional(Type.String({ maxLength: 200, description: 'Whoever asks, unless given' })) },
            closed,
          ),
          response: { 201: Type.Object({ items: Type.Array(ApproverShape) }) },
        },
      },
      async ({ body, principal, client }, reply) => {
        const userId = body.userId ?? principal.id;
        await calls.enrol(await offered(needs, userId, principal, client), principal.id);
        const { approvers } = await calls.overview();
        return reply.code(201).send({ items: approvers.filter((one) => one.userId === userId) });
      },
    );
    app.post(
      '/v1/vault/approvers/withdraw',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary: 'A passkey signs no more, at once; what it signed and is not carried out is to be signed anew',
          tags,
          body: Type.Object({ credentialId: CredentialId, reason: Reason }, closed),
          response: { 204: Type.Null() },
        },
      },
      async ({ body, principal }, reply) => {
        await calls.withdraw(body.credentialId, { by: principal.id, reason: body.reason });
        return reply.code(204).send(null);
      },
    );
  };
}

async function offered(
  { passkeysOf, nameOf }: DestructionRoutesNeeds,
  userId: string,
  principal: Principal,
  client: Client,
): Promise<Parameters<DestructionCalls['enrol']>[0]> {
  const name = userId === principal.id ? principal.name : await nameOf(userId);
  if (name === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot enrol "${userId}": there is no such person`);
  const passkeys = await passkeysOf(userId);
  return {
    userId,
    name,
    passkeys: passkeys
      .filter(({ hostName }) => hostName === client.hostName)
      .map(({ id, hostName, publicKey, counter }) => ({
        credentialId: id,
        hostName,
        publicKey: Buffer.from(publicKey).toString('base64url'),
        counter,
      })),
  };
}
