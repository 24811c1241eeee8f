import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';
import { KeyVaultError } from '../errors.ts';
import type { DestructionCalls } from './destruction-calls.ts';
import { IntentShape, OverviewShape } from './destruction-shapes.ts';
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
  readonly service: Pick<DestructionService, 'certificate' | 'tick'>;
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
const Certificate = Type.Object({
  format: Type.String(),
  statement: Type.Unknown(),
  evidence: Type.Array(Type.String()),
});

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
          summary:
            'Every destruction of keys: who agreed, what stands in the way, how far it is; holds and approvers beside',
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
      '/v1/vault/restore/accept',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'After a restore: what it may have lost was looked at; from here on days expire again',
          tags,
          body: Type.Object({ reason: Reason }, closed),
          response: { 204: Type.Null() },
        },
      },
      async ({ body, principal }, reply) => {
        await calls.acceptRestore({ by: principal.id, reason: body.reason });
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
        const own = await signableBy(needs, approvers, principal.id);
        const here = own.filter((one) => one.hostName === client.hostName);
        if (here.length === 0)
          throw new KeyVaultError(
            'destruction_refused',
            'Cannot sign: no passkey of yours for this address is enrolled',
            {
              hint: 'enrol it in the console under Retention, or ask an administrator to',
            },
          );
        return {
          digest: intent.digest,
          passkey: {
            challenge: Buffer.from(intent.digest, 'hex').toString('base64url'),
            rpId: client.hostName,
            timeout: timeoutMs,
            userVerification: 'required',
            allowCredentials: here.map(({ credentialId }) => ({ type: 'public-key', id: credentialId })),
          },
        };
      },
    );
    app.post(
      '/v1/vault/destructions/:id/signatures',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary:
            'Sign: the passkey’s answer. The first signature begins the waiting time, the second is somebody else’s',
          tags,
          params: Params,
          body: Type.Object({ response: PasskeyResponse }, { additionalProperties: false }),
          response: { 200: IntentShape },
        },
      },
      async ({ body, params, principal }) => {
        const { approvers } = await calls.overview();
        const { id, response } = body.response;
        const own = await signableBy(needs, approvers, principal.id);
        if (!own.some(({ credentialId }) => credentialId === id))
          throw new KeyVaultError(
            'destruction_refused',
            'Cannot sign: this passkey is not one of yours that is enrolled',
          );
        const { clientDataJSON: clientDataJson, authenticatorData, signature } = response;
        const intent = await calls.sign(params.id, { credentialId: id, clientDataJson, authenticatorData, signature });
        // What waits for nothing else is carried out without waiting for the next look.
        setImmediate(() => void service.tick());
        return intent;
      },
    );
    app.get(
      '/v1/vault/destructions/:id/certificate',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary:
            'The certificate: who agreed, what was done, what that does not promise, with proofs. Checked offline',
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

/**
 * Somebody's own passkeys, and those of people this server does not know any more, as after everything was put back on another
 * machine: whose a passkey is the sealer knows, and that somebody has it, the signature shows.
 */
async function signableBy<Enrolled extends { readonly userId: string }>(
  { nameOf }: Pick<DestructionRoutesNeeds, 'nameOf'>,
  approvers: readonly Enrolled[],
  userId: string,
): Promise<Enrolled[]> {
  const own: Enrolled[] = [];
  for (const approver of approvers)
    if (approver.userId === userId || (await nameOf(approver.userId)) === undefined) own.push(approver);
  return own;
}

async function mustFind(calls: DestructionCalls, id: string): Promise<Static<typeof IntentShape>> {
  const intent = (await calls.overview()).intents.find((one) => one.id === id);
  if (intent === undefined)
    throw new KeyVaultError('vault_key_unknown', `Cannot find destruction "${id}": there is none`);
  return intent;
}

function certificateOf(document: unknown): Static<typeof Certificate> {
  if (Check(Certificate, document)) return document;
  throw new KeyVaultError('vault_closed', 'The certificate cannot be read');
}
