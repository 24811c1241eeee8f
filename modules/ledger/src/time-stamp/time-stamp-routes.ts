import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { checkpointFileName, tokenFileName } from '../anchor-files.ts';
import type { LedgerClient } from '../ledger-client.ts';
import { fingerprintOf, readAuthorities } from './certificate-path.ts';
import type { StoredStamp } from './time-stamp-store.ts';
import type { TimeStampReport, TimeStamps } from './time-stamps.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const Time = Type.String({ format: 'date-time' });
const Count = Type.Integer({ minimum: 0 });
const strict = { additionalProperties: false };

const Stamp = Type.Object({
  log: Type.Integer(),
  size: Type.Integer({ description: 'Entries of the checkpoint' }),
  authority: Type.String({ description: 'Id of who was asked; it may be gone since' }),
  at: Type.String({ format: 'date-time', description: 'By the clock of the authority' }),
  accuracy_ms: orNull(Count),
  serial_number: Type.String(),
  signer: Type.String(),
  signer_until: Type.String({ format: 'date-time', description: 'When the certificate of its signer ends' }),
  root: Type.String({ description: 'Whom its certificate led to' }),
  root_sha256: Type.String(),
  witnesses: Type.Integer({ minimum: 0, description: 'How many had cosigned the checkpoint' }),
});

const Report = Type.Object({
  authorities: Type.Array(
    Type.Object({
      id: Type.String(),
      url: Type.String(),
      roots_sha256: Type.Array(Type.String(), { description: 'Of the certificates its time-stamps must lead to' }),
      own_authority: Type.Boolean({ description: 'Its TLS certificate is verified against one given here' }),
      added_at: Time,
      added_by: Type.Object({ id: Type.String(), name: Type.String() }),
      state: Type.Enum(['stamping', 'waiting', 'away', 'wrong'] as const, {
        description:
          'waiting: it has stamped nothing of the newest log yet; away: it does not answer; wrong: what it answers does not verify',
      }),
      newest_size: orNull(Count, 'Of the newest log'),
      newest_at: orNull(Time),
      asked_at: orNull(Time, 'Since the server started'),
      problem: orNull(Type.String()),
    }),
  ),
  every_minutes: Type.Integer(),
  stamps: Type.Array(Stamp, { description: 'The newest 100' }),
  stamps_in_all: Count,
});

const NewAuthority = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 500 }),
    roots_pem: Type.String({
      minLength: 1,
      maxLength: 50_000,
      description: 'Certificates its time-stamps must lead to, in PEM; as its operator publishes them',
    }),
    authority_pem: Type.Optional(
      Type.String({
        maxLength: 20_000,
        description: 'What its TLS certificate must lead to, when no public authority vouches for it',
      }),
    ),
  },
  strict,
);
const IdParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });
const fileParams = Type.Object({
  log: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  size: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
});
const tokenParams = Type.Object({ ...fileParams.properties, id: IdParams.properties.id });
const Answered = { 200: Report };
const mostShown = 100;

const Token = {
  200: {
    description: 'An RFC 3161 time-stamp token (DER), as `openssl ts -verify -token_in` takes it',
    content: {
      'application/timestamp-token': { schema: Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' }) },
    },
  },
};
const CheckpointText = {
  200: { description: 'C2SP tlog-checkpoint', content: { 'text/plain': { schema: Type.String() } } },
};

/** `/v1/ledger/anchors`: who outside states when checkpoints existed. */
export function createTimeStampRoutes(stamps: TimeStamps, ledger: Pick<LedgerClient, 'readAnchor'>): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    const tags = ['ledger'];
    const answer = async () => describe(await stamps.report(mostShown));

    app.get(
      '/v1/ledger/anchors',
      {
        config: { scope: 'ledger:read' },
        schema: { summary: 'Time-stamps of checkpoints, and who gives them', tags, response: Answered },
      },
      answer,
    );
    app.get(
      '/v1/ledger/anchors/:log/:size/checkpoint',
      {
        config: { scope: 'ledger:read' },
        schema: { summary: 'A checkpoint that was stamped', tags, params: fileParams, response: CheckpointText },
      },
      async (request, reply) => {
        const { log, size } = request.params;
        const text = Buffer.from(await ledger.readAnchor(log, checkpointFileName(size))).toString();
        return reply.type('text/plain; charset=utf-8').send(text);
      },
    );
    app.get(
      '/v1/ledger/anchors/:log/:size/:id',
      {
        config: { scope: 'ledger:read' },
        schema: { summary: 'The time-stamp of a checkpoint', tags, params: tokenParams, response: Token },
      },
      async (request, reply) => {
        const { log, size, id } = request.params;
        return reply.type('application/timestamp-token').send(await ledger.readAnchor(log, tokenFileName(size, id)));
      },
    );
    app.post(
      '/v1/ledger/anchors/authorities',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary:
            'Add a time-stamping authority (RFC 3161); it is asked at once, and what came of it stands in the answer',
          tags,
          body: NewAuthority,
          response: { 201: Report },
        },
      },
      async (request, reply) => {
        const { url, roots_pem: rootsPem, authority_pem: authorityPem } = request.body;
        const wanted = { url, rootsPem, ...(authorityPem === undefined ? {} : { authorityPem }) };
        await stamps.add({ ...wanted, actor: request.principal });
        return reply.code(201).send(await answer());
      },
    );
    app.post(
      '/v1/ledger/anchors/authorities/:id/ask',
      {
        config: { scope: 'settings:manage' },
        schema: { summary: 'Have the newest checkpoint stamped now', tags, params: IdParams, response: Answered },
      },
      async (request) => {
        await stamps.ask(request.params.id);
        return answer();
      },
    );
    app.delete(
      '/v1/ledger/anchors/authorities/:id',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'Remove a time-stamping authority; what it has stamped stays',
          tags,
          params: IdParams,
          response: Answered,
        },
      },
      async (request) => {
        await stamps.remove({ id: request.params.id, actor: request.principal });
        return answer();
      },
    );
    app.put(
      '/v1/ledger/anchors/interval',
      {
        config: { scope: 'settings:manage', stepUp: true },
        schema: {
          summary: 'How often a log that grows is stamped',
          tags,
          body: Type.Object({ every_minutes: Type.Integer({ minimum: 1, maximum: 10_080 }) }, strict),
          response: Answered,
        },
      },
      async (request) => {
        await stamps.setEvery({ minutes: request.body.every_minutes, actor: request.principal });
        return answer();
      },
    );
  };
}

function describe({ authorities, everyMinutes, stamps, stampsInAll }: TimeStampReport) {
  return {
    authorities: authorities.map(({ authority, newest, askedAtMs, problem }) => ({
      id: authority.id,
      url: authority.url,
      roots_sha256: readAuthorities(authority.rootsPem).map(fingerprintOf),
      own_authority: authority.authorityPem !== undefined,
      added_at: timeOf(authority.addedAtMs),
      added_by: { ...authority.addedBy },
      state: stateOf(newest, problem),
      newest_size: newest?.size ?? null,
      newest_at: newest === undefined ? null : timeOf(newest.atMs),
      asked_at: askedAtMs === undefined ? null : timeOf(askedAtMs),
      problem: problem?.message ?? null,
    })),
    every_minutes: everyMinutes,
    stamps: stamps.map(describeStamp),
    stamps_in_all: stampsInAll,
  };
}

function describeStamp(stamp: StoredStamp) {
  return {
    log: stamp.log,
    size: stamp.size,
    authority: stamp.authorityId,
    at: timeOf(stamp.atMs),
    accuracy_ms: stamp.accuracyMs ?? null,
    serial_number: stamp.serialNumber,
    signer: stamp.signer,
    signer_until: timeOf(stamp.signerUntilMs),
    root: stamp.root,
    root_sha256: stamp.rootSha256,
    witnesses: stamp.witnessKeys.length,
  };
}

function stateOf(
  newest: StoredStamp | undefined,
  problem: TimeStampReport['authorities'][number]['problem'],
): 'stamping' | 'waiting' | 'away' | 'wrong' {
  switch (problem?.kind) {
    case 'wrong':
      return 'wrong';
    case 'none':
      return 'away';
    case undefined:
      return newest === undefined ? 'waiting' : 'stamping';
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
