import { typedApp } from '@sallyport/platform/http';
import type { Client, Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { KeyVaultError } from '../errors.ts';
import type { DestructionCalls } from './destruction-calls.ts';
import { ApproverShape, HoldShape, IntentShape, OverviewShape } from './destruction-shapes.ts';
import type { DestructionService } from './destructions.ts';

/** The public half of somebody's passkeys, as the records of people have it. */
export type PasskeysOf = (userId: string) => Promise<
  readonly {
    readonly id: string;
    readonly hostName: string;
    /** COSE. */
    readonly publicKey: Uint8Array;
    readonly counter: number;
  }[]
>;

export type DestructionRoutesNeeds = {
  readonly calls: DestructionCalls;
  readonly service: Pick<DestructionService, 'certificate'>;
  readonly passkeysOf: PasskeysOf;
  readonly nameOf: (userId: string) => Promise<string | undefined>;
};

const tags = ['vault'];
const closed = { additionalProperties: false };
const Id = Type.String({ pattern: '^[0-9a-f]{32}$' });
const Params = Type.Object({ id: Id });
const Reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept in the vault and the audit trail' });
const Encoded = Type.String({ minLength: 1, maxLength: 8192 });
const PasskeyResponse = Type.Object({
  id: Encoded,
  rawId: Encoded,
  response: Type.Object({ clientDataJSON: Encoded, authenticatorData: Encoded, signature: Encoded }),
});
const timeoutMs = 5 * 60_000;
const Certificate = Type.Object({ format: Type.String(), statement: Type.Unknown(), evidence: Type.Array(Type.String()) });

/** `/v1/vault/destructions`: what is to be destroyed, by whom it was agreed to, and how far it is. */
export function createDestructionRoutes(needs: DestructionRoutesNeeds): RoutePlugin {
  const { calls, service } = needs;
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/destructions',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'Every destruction of keys: who agreed, what stands in the way, how far it is; holds and approvers beside',
          tags,
          response: { 200: OverviewShape },
        },
      },
      async () => calls.overview(),
    );
    app.get(
      '/v1/vault/destructions/:id',
      {
        config: { scope: 'vault:read' },
        schema: { summary: 'One destruction', tags, params: Params, response: { 200: IntentShape } },
      },
      async ({ params }) => mustFind(calls, params.id),
    );
    app.post(
      '/v1/vault/destructions',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Propose to destroy exactly these keys; nothing follows before two people have signed the list',
          tags,
          body: Type.Object(
            { keyIds: Type.Array(Id, { minItems: 1, maxItems: 1000, uniqueItems: true }), reason: Reason },
            closed,
          ),
          response: { 201: IntentShape },
        },
      },
      async ({ body, principal }, reply) => {
        const intent = await calls.propose({ kind: 'request', ...body }, principal.id);
        return reply.code(201).send(intent);
      },
    );
    app.post(
      '/v1/vault/destructions/:id/cancel',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary: 'Stop a destruction; possible until the keys cannot be brought back',
          tags,
          params: Params,
          body: Type.Object({ reason: Reason }, closed),
          response: { 204: Type.Null() },
        },
      },
      async ({ body, params, principal }, reply) => {
        await calls.cancel(params.id, { by: principal.id, reason: body.reason });
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/v1/vault/destructions/:id/signing',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'What the browser needs to have an enrolled passkey of whoever asks sign exactly this list',
          tags,
          params: Params,
          response: {
            200: Type.Object({
              digest: Type.String({ description: 'Hexadecimal; the challenge is these bytes' }),
              passkey: Type.Unknown({ description: 'PublicKeyCredentialRequestOptionsJSON' }),
            }),
          },
        },
      },
      async ({ params, principal, client }) => {
        const intent = await mustFind(calls, params.id);
        const { approvers } = await calls.overview();
        const own = approvers.filter((one) => one.userId === principal.id && one.hostName === client.hostName);
        if (own.length === 0)
          throw new KeyVaultError('destruction_refused', 'Cannot sign: no passkey of yours for this address is enrolled', {
            hint: 'enrol it under Keys, or ask an administrator to',
          });
        return {
          digest: intent.digest,
          passkey: {
            challenge: Buffer.from(intent.digest, 'hex').toString('base64url'),
            rpId: client.hostName,
            timeout: timeoutMs,
            userVerification: 'required',
            allowCredentials: own.map(({ credentialId }) => ({ type: 'public-key', id: credentialId })),
          },
        };
      },
    );
    app.post(
      '/v1/vault/destructions/:id/signatures',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'Sign: the passkey’s answer. The first signature begins the waiting time, the second is somebody else’s',
          tags,
          params: Params,
          body: Type.Object({ response: PasskeyResponse }),
          response: { 200: IntentShape },
        },
      },
      async ({ body, params, principal }) => {
        const { approvers } = await calls.overview();
        const { id, response } = body.response;
        if (!approvers.some(({ credentialId, userId }) => credentialId === id && userId === principal.id))
          throw new KeyVaultError('destruction_refused', 'Cannot sign: this passkey is not one of yours that is enrolled');
        const { clientDataJSON: clientDataJson, authenticatorData, signature } = response;
        return await calls.sign(params.id, { credentialId: id, clientDataJson, authenticatorData, signature });
      },
    );
    app.get(
      '/v1/vault/destructions/:id/certificate',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'The certificate: who agreed, what was done, what that does not promise, with proofs. Checked offline',
          tags,
          params: Params,
          response: { 200: Certificate },
        },
      },
      async ({ params }) => {
        const document: unknown = JSON.parse(await service.certificate(params.id));
        return certificateOf(document);
      },
    );
  };
}

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
                    classes: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9-]{0,30}$' }), { minItems: 1, maxItems: 100 }),
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
          summary: 'Enrol somebody’s passkeys for this address to sign destructions; the first two people’s count at once',
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
          body: Type.Object({ credentialId: Encoded, reason: Reason }, closed),
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
  if (name === undefined) throw new KeyVaultError('vault_key_unknown', `Cannot enrol "${userId}": there is no such person`);
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

async function mustFind(calls: DestructionCalls, id: string): Promise<Static<typeof IntentShape>> {
  const intent = (await calls.overview()).intents.find((one) => one.id === id);
  if (intent === undefined) throw new KeyVaultError('vault_key_unknown', `Cannot find destruction "${id}": there is none`);
  return intent;
}

function certificateOf(document: unknown): Static<typeof Certificate> {
  if (Check(Certificate, document)) return document;
  throw new KeyVaultError('vault_closed', 'The certificate cannot be read');
}
