import { typedApp } from '@sallyport/platform/http';
import type { Client, Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { KeyVaultError } from '../errors.ts';
import type { DestructionCalls, EnrolledPerson, ListAsked } from './destruction-calls.ts';
import type { DestructionRoutesNeeds } from './destruction-routes.ts';
import { ApproverShape, IntentShape } from './destruction-shapes.ts';

const tags = ['vault'];
const closed = { additionalProperties: false };
const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept in the vault and the audit trail' });
const CredentialId = Type.String({ minLength: 1, maxLength: 8192 });
const Alone = Type.Boolean({
  description:
    'No two people are left who could agree: one signature and 15 days, or none and 30. On the operator’s socket',
});
const Proposed = Type.Object({
  proposal: Type.Optional(IntentShape),
});

/** `/v1/vault/approvers`: who may agree that something goes. */
export function createApproverRoutes(needs: DestructionRoutesNeeds): RoutePlugin {
  const { calls } = needs;
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/approvers',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'The passkeys whose signatures count, or will',
          tags,
          response: {
            200: Type.Object({
              items: Type.Array(ApproverShape),
              isListBound: Type.Boolean({ description: 'Whether two of them agree to every change' }),
            }),
          },
        },
      },
      async () => {
        const { approvers, isListBound } = await calls.overview();
        return { items: approvers, isListBound };
      },
    );
    app.post(
      '/v1/vault/approvers',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary:
            'Enrol somebody’s passkeys for this address: the first two people’s count at once, everybody later when two of those have signed the proposal',
          tags,
          body: Type.Object(
            {
              userId: Type.Optional(Type.String({ maxLength: 200, description: 'Whoever asks, unless given' })),
              reason: Type.Optional(Reason),
              alone: Type.Optional(Alone),
            },
            closed,
          ),
          response: { 201: Type.Object({ items: Type.Array(ApproverShape), proposal: Type.Optional(IntentShape) }) },
        },
      },
      async ({ body, principal, client }, reply) => {
        const userId = body.userId ?? principal.id;
        const person = await offered(needs, userId, principal, client);
        const proposal = await calls.enrol(person, askedOf(body, principal));
        const { approvers } = await calls.overview();
        const items = approvers.filter((one) => one.userId === userId);
        return reply.code(201).send({ items, ...(proposal === null ? {} : { proposal }) });
      },
    );
    app.post(
      '/v1/vault/approvers/offer',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'Offer your own passkeys for this address; two of those enrolled agree with theirs',
          tags,
          body: Type.Object({ reason: Type.Optional(Reason) }, closed),
          response: { 201: IntentShape },
        },
      },
      async ({ body, principal, client }, reply) => {
        const { isListBound } = await calls.overview();
        const person = await offered(needs, principal.id, principal, client);
        const proposal = isListBound ? await calls.enrol(person, askedOf(body, principal)) : null;
        if (proposal !== null) return reply.code(201).send(proposal);
        throw new KeyVaultError(
          'destruction_refused',
          'Cannot offer a passkey: nobody is there who could agree to it',
          {
            hint: 'the first two people are enrolled by an administrator, in the console under Retention',
          },
        );
      },
    );
    app.post(
      '/v1/vault/approvers/withdraw',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary:
            'A passkey signs no more, at once; what it signed and is not carried out is to be signed anew. Two others agree that it leaves the list',
          tags,
          body: Type.Object({ credentialId: CredentialId, reason: Reason, alone: Type.Optional(Alone) }, closed),
          response: { 200: Proposed },
        },
      },
      async ({ body, principal }) => proposedOf(await calls.withdraw(body.credentialId, askedOf(body, principal))),
    );
    app.post(
      '/v1/vault/approvers/reinstate',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Propose that a passkey that was stopped counts again; any two who are enrolled agree',
          tags,
          body: Type.Object({ credentialId: CredentialId, reason: Reason, alone: Type.Optional(Alone) }, closed),
          response: { 201: IntentShape },
        },
      },
      async ({ body, principal }, reply) =>
        reply.code(201).send(await calls.reinstate(body.credentialId, askedOf(body, principal))),
    );
  };
}

function proposedOf(proposal: Awaited<ReturnType<DestructionCalls['withdraw']>>) {
  return proposal === null ? {} : { proposal };
}

function askedOf(
  { reason = 'not said', alone = false }: { readonly reason?: string; readonly alone?: boolean },
  principal: Principal,
): ListAsked {
  // Not by the address: of a connection that is closed already there is none.
  if (alone && principal.kind !== 'operator')
    throw new KeyVaultError('destruction_refused', 'Cannot do without a second person from here', {
      hint: 'on the machine itself: sallyport vault enrol USER --alone, or sallyport vault withdraw ID --alone',
    });
  return { by: principal.id, reason, isAlone: alone };
}

async function offered(
  { passkeysOf, nameOf }: DestructionRoutesNeeds,
  userId: string,
  principal: Principal,
  client: Client,
): Promise<EnrolledPerson> {
  const name = userId === principal.id ? principal.name : await nameOf(userId);
  if (name === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot enrol "${userId}": there is no such person`);
  const passkeys = await passkeysOf(userId);
  return {
    userId,
    name,
    passkeys: passkeys
      // On the operator's socket there is no host name to go by.
      .filter(({ hostName }) => principal.kind === 'operator' || hostName === client.hostName)
      .map(({ id, hostName, publicKey, counter }) => ({
        credentialId: id,
        hostName,
        publicKey: Buffer.from(publicKey).toString('base64url'),
        counter,
      })),
  };
}
