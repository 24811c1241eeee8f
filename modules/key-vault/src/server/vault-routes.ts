import type { JsonObject } from '@sallyport/contracts';
import { typedApp } from '@sallyport/platform/http';
import type { Principal, ProblemTable, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { KeyVaultError } from '../errors.ts';
import type { KeyVaultErrorCode } from '../errors.ts';
import { providerKinds } from '../key-provider.ts';
import { keyPurposes, keyStates } from '../key-record.ts';
import type { ColumnRotations } from './column-rotation.ts';
import type { RotationOrder, VaultClient } from './vault-client.ts';

/** Something somebody did to a key, on its way into the ledger before it is done. */
export type VaultAct = {
  readonly principal: Principal;
  readonly action: 'vault.rotate' | 'vault.key_state' | 'vault.check' | 'vault.recovery_kit_made';
  readonly outcome: 'success' | 'failure';
  readonly target: { readonly type: string; readonly id: string };
  readonly details: JsonObject;
};

export const keyVaultProblems: ProblemTable = {
  unseal_failed: { status: 503, title: 'The key vault needs an operator' },
  vault_damaged: { status: 503, title: 'The key vault needs an operator' },
  vault_rolled_back: { status: 503, title: 'The key vault needs an operator' },
  vault_two_versions: { status: 503, title: 'The key vault needs an operator' },
  vault_closed: { status: 503, title: 'The key vault is not reachable' },
  provider_unavailable: { status: 503, title: 'The provider of master keys does not answer' },
  provider_refused: { status: 502, title: 'The provider of master keys refuses' },
  provider_changed: { status: 409, title: 'The provider of master keys is another than it was' },
  provider_unknown: { status: 400, title: 'This provider of master keys is not set up' },
  master_ambiguous: { status: 409, title: 'The provider holds more than one key of this name' },
  master_absent: { status: 409, title: 'The master key is gone' },
  vault_key_unknown: { status: 404, title: 'There is no such key' },
  label_invalid: { status: 400, title: 'This is no label for a key' },
  machine_changed: { status: 409, title: 'The vault runs on another machine than it did' },
  state_refused: { status: 409, title: 'The key cannot be put in this state' },
  rotation_running: { status: 409, title: 'A rotation is under way' },
  destruction_refused: { status: 409, title: 'The key cannot be destroyed' },
  kit_refused: { status: 409, title: 'The recovery kit cannot be used' },
} satisfies Record<KeyVaultErrorCode, { status: number; title: string }>;

const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const State = Type.Enum([...keyStates]);
const Event = Type.Object({ atMs: Type.Number(), state: State, by: Type.String(), reason: Type.String() });
const Key = Type.Object({
  id: Type.String({ description: '`epoch-N`, or 32 hexadecimal digits' }),
  level: Type.Enum(['epoch', 'purpose', 'data']),
  purpose: Type.Optional(Type.Enum([...keyPurposes])),
  label: Type.String(),
  version: Type.Integer(),
  state: State,
  algorithm: Type.String(),
  createdAtMs: Type.Number(),
  epoch: Type.Integer({ description: 'The epoch whose master key it hangs under in the end' }),
  wrappedBy: Type.String({ description: 'The key that wraps it; of an epoch, the providers that do' }),
  wraps: Type.Integer({ description: 'How many keys it wraps itself' }),
  usedFor: Type.String(),
  history: Type.Array(Event),
  changes: Type.Array(State, { description: 'What its state may be changed to now' }),
  stage: Type.Optional(Type.String({ description: 'Of an epoch: how far its making or destruction is' })),
});
const Provider = Type.Object({
  kind: Type.Enum([...providerKinds]),
  identity: Type.String(),
  algorithm: Type.String(),
  exportable: Type.Boolean(),
  usableByAClone: Type.Boolean(),
  destruction: Type.Enum(['provable', 'delayed', 'reversible', 'not-provable']),
  notPromised: Type.Array(Type.String(), { description: 'What a destruction here cannot promise' }),
  maxMasters: Type.Integer(),
  isUsed: Type.Boolean({ description: 'Its master key wraps the active epoch' }),
});
const UnreachableProvider = Type.Object({
  kind: Type.Enum([...providerKinds]),
  unreachable: Type.String({ description: 'Why it says nothing of itself' }),
  isUsed: Type.Boolean(),
});
const Rotation = Type.Object({
  level: Type.Enum(['data', 'purpose', 'epoch', 'columns']),
  state: Type.Enum(['running', 'done', 'failed']),
  done: Type.Integer({ description: 'Data keys re-wrapped; of columns: rows sealed anew' }),
  total: Type.Integer(),
  startedAtMs: Type.Number(),
  endedAtMs: Type.Optional(Type.Number()),
  error: Type.Optional(Type.String()),
});
const ColumnKeysBody = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.Integer(), {
    description: 'Newest first. It seals; the others open what is not sealed anew yet, and are forgotten then',
  }),
  tables: Type.Array(Type.String()),
  rotation: orNull(Rotation),
});
const Inventory = Type.Object({
  vault: Type.String({ description: 'The id of this vault' }),
  generation: Type.Integer({ description: 'Counts the changes of its file' }),
  keys: Type.Array(Key),
  providers: Type.Array(Type.Union([Provider, UnreachableProvider])),
  rotation: orNull(Rotation),
  columns: Type.Array(ColumnKeysBody, { description: 'Keys of encrypted columns in the control database' }),
});
const reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept with the key and in the audit trail' });
const closed = { additionalProperties: false };
const RotationRequest = Type.Union([
  Type.Object({ level: Type.Literal('data'), label: Type.String({ minLength: 1, maxLength: 100 }), reason }, closed),
  Type.Object({ level: Type.Literal('purpose'), purpose: Type.Enum([...keyPurposes]), reason }, closed),
  Type.Object(
    {
      level: Type.Literal('epoch'),
      providers: Type.Optional(
        Type.Array(Type.Enum([...providerKinds]), {
          minItems: 1,
          maxItems: providerKinds.length,
          uniqueItems: true,
          description: 'Whose master keys wrap the new epoch; those in use without',
        }),
      ),
      reason,
    },
    closed,
  ),
]);
const ColumnRequest = Type.Object(
  {
    level: Type.Literal('columns'),
    keys: Type.String({ minLength: 1, maxLength: 100, description: 'Their name, as under `columns`' }),
    reason,
  },
  closed,
);
const Started = Type.Object({ rotation: orNull(Rotation) });
const StateRequest = Type.Object({ state: State, reason }, closed);
const tags = ['vault'];

/** `/v1/vault`: the inventory of keys, their rotation and their states. No route ever answers with a key. */
export function createVaultRoutes(
  vault: Pick<VaultClient, 'list' | 'rotate' | 'changeState' | 'check'>,
  record: (act: VaultAct) => Promise<void>,
  columns: Pick<ColumnRotations, 'list' | 'rotate'>,
): RoutePlugin {
  /** Recorded before it is done: what cannot be recorded does not happen. What then fails is recorded too. */
  async function recorded<Answer>(act: Omit<VaultAct, 'outcome'>, work: () => Promise<Answer>): Promise<Answer> {
    await record({ ...act, outcome: 'success' });
    try {
      return await work();
    } catch (error) {
      await record({ ...act, outcome: 'failure' });
      throw error;
    }
  }

  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/vault/keys',
      {
        config: { scope: 'vault:read' },
        schema: {
          summary: 'Every key of this installation: what it is for, its state and history; never its bytes',
          tags,
          response: { 200: Inventory },
        },
      },
      async () => {
        const listed: unknown = {
          ...(await vault.list()),
          columns: columns.list().map(({ rotation = null, ...one }) => ({ ...one, rotation })),
        };
        if (Check(Inventory, listed)) return listed;
        throw new KeyVaultError('vault_closed', 'The key vault answered with something else than its keys');
      },
    );
    app.post(
      '/v1/vault/rotations',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Replace a data key, the key of a purpose or the epoch, in the background',
          tags,
          body: Type.Union([...RotationRequest.anyOf, ColumnRequest]),
          response: { 202: Started },
        },
      },
      async (request, reply) => {
        const { body, principal } = request;
        if (body.level === 'columns') {
          const { keys, reason: why } = body;
          const act = { principal, action: 'vault.rotate', target: { type: 'key', id: keys } } as const;
          const rotation = await recorded({ ...act, details: { level: 'columns', reason: why } }, () =>
            columns.rotate(keys),
          );
          return reply.code(202).send({ rotation });
        }
        const order = orderOf(body);
        const target = { type: 'key', id: order.level === 'epoch' ? 'epoch' : nameOf(order) };
        const details = { level: body.level, reason: body.reason, ...detailsOf(order) };
        const started: unknown = await recorded({ principal, action: 'vault.rotate', target, details }, () =>
          vault.rotate(order, { by: principal.id, reason: body.reason }),
        );
        return reply.code(202).send(Check(Started, started) ? started : { rotation: null });
      },
    );
    app.post(
      '/v1/vault/keys/:id/state',
      {
        config: { scope: 'vault:manage', stepUp: true },
        schema: {
          summary: 'Activate, suspend, resume or retire a key, or say that it is compromised',
          tags,
          params: Type.Object({ id: Type.String({ pattern: '^(epoch-\\d{1,6}|[0-9a-f]{32})$' }) }),
          body: StateRequest,
          response: { 204: Type.Null() },
        },
      },
      async ({ body, params, principal }, reply) => {
        const details = { state: body.state, reason: body.reason };
        await recorded({ principal, action: 'vault.key_state', target: { type: 'key', id: params.id }, details }, () =>
          vault.changeState(params.id, body.state, { by: principal.id, reason: body.reason }),
        );
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/v1/vault/checks',
      {
        config: { scope: 'vault:manage' },
        schema: {
          summary: 'Open both copies of the vault from the disk, and every key in them',
          tags,
          response: { 200: Type.Object({ sha256: Type.String({ description: 'Of the file, in both places' }) }) },
        },
      },
      async ({ principal }) => ({
        sha256: await recorded(
          { principal, action: 'vault.check', target: { type: 'vault', id: 'this' }, details: {} },
          () => vault.check(),
        ),
      }),
    );
  };
}

type RotationBody =
  | { level: 'data'; label: string }
  | { level: 'purpose'; purpose: string }
  | { level: 'epoch'; providers?: string[] };

function orderOf(body: RotationBody): RotationOrder {
  switch (body.level) {
    case 'data':
      return { level: 'data', label: body.label };
    case 'purpose':
      return { level: 'purpose', purpose: body.purpose };
    case 'epoch':
      return { level: 'epoch', providers: body.providers ?? [] };
  }
}

function nameOf(order: Exclude<RotationOrder, { level: 'epoch' }>): string {
  return order.level === 'data' ? order.label : order.purpose;
}

function detailsOf(order: RotationOrder): JsonObject {
  return order.level === 'epoch' ? { providers: [...order.providers] } : {};
}
