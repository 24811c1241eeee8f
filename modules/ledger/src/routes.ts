import { formatPosition } from '@sallyport/contracts';
import { parseNote } from '@sallyport/merkle-log';
import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { isAuditRecord } from './audit-event.ts';
import { LedgerError } from './errors.ts';
import { eventOfEvidence } from './evidence.ts';
import type { LedgerClient } from './ledger-client.ts';

const logParams = Type.Object({ log: Type.Integer({ minimum: 1, maximum: 999_999_999 }) });
const entryParams = Type.Object({
  log: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  index: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});

const WitnessedQuery = Type.Object({
  witnessed: Type.Optional(
    Type.Boolean({ description: 'The newest that enough witnesses have cosigned, with their signatures' }),
  ),
});

const tags = ['ledger'];
const text = (description: string) => ({
  200: { description, content: { 'text/plain': { schema: Type.String() } } },
});
const Ledgers = Type.Object({
  head: Type.String({ description: 'LOG/INDEX the next entry gets' }),
  logs: Type.Array(
    Type.Object({
      number: Type.Integer(),
      origin: Type.String(),
      verifier_key: Type.String(),
      minimum_index: Type.Integer({
        description: 'Entries below are published as hashes alone (C2SP tlog-tiles, pruning)',
      }),
    }),
  ),
});
const Tile = {
  200: {
    description: 'A C2SP tile or entry bundle, as stored',
    content: { 'application/octet-stream': { schema: Type.Unsafe<Uint8Array>({ type: 'string', format: 'binary' }) } },
  },
};

const maxTilePathCharacters = 100;

/** Checkpoints, keys, evidence and the C2SP tile files of every log. */
export function createLedgerRoutes(
  ledger: Pick<
    LedgerClient,
    'checkpoint' | 'verifierKey' | 'prove' | 'tile' | 'logs' | 'head' | 'acceptClock' | 'pruning'
  >,
  /** The newest checkpoint of a log that enough witnesses have cosigned. */
  cosigned: (log: number) => Promise<{ readonly checkpoint: string } | undefined>,
): RoutePlugin {
  /** The newest there is; where it is the witnessed one too, with its cosignatures. */
  const checkpointOf = async (log: number, witnessed: boolean): Promise<string> => {
    const [newest, known] = await Promise.all([witnessed ? '' : ledger.checkpoint(log), cosigned(log)]);
    if (known !== undefined && (witnessed || textOfNote(known.checkpoint) === textOfNote(newest)))
      return known.checkpoint;
    if (!witnessed) return newest;
    throw new LedgerError(
      'not_found',
      `Cannot find a witnessed checkpoint of log ${log}: not enough witnesses have cosigned one`,
    );
  };
  return async (plain) => {
    const app = typedApp(plain);
    app.get(
      '/v1/ledger',
      {
        config: { scope: 'ledger:read' },
        schema: { summary: 'The logs of the ledger, their keys, and its head', tags, response: { 200: Ledgers } },
      },
      async () => ({
        head: formatPosition(ledger.head()),
        logs: await Promise.all(
          ledger.logs().map(async ({ number, origin, verifierKey }) => ({
            number,
            origin,
            verifier_key: verifierKey,
            minimum_index: await ledger.pruning.minimumIndex(number),
          })),
        ),
      }),
    );
    app.get(
      '/v1/ledger/checkpoint',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'The newest signed checkpoint of the newest log',
          tags,
          querystring: WitnessedQuery,
          response: text('C2SP tlog-checkpoint'),
        },
      },
      async (request, reply) =>
        reply
          .type('text/plain; charset=utf-8')
          .send(await checkpointOf(ledger.head().log, request.query.witnessed === true)),
    );
    app.get(
      '/v1/ledger/proof/:log/:index',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'One event with everything needed to check it offline; an audit record takes `audit:read` as well',
          tags,
          params: entryParams,
          response: text('An evidence file'),
        },
      },
      async (request, reply) => {
        const evidence = await ledger.prove(request.params);
        refuseHidden(evidence, request.principal, formatPosition(request.params));
        return reply.type('text/plain; charset=utf-8').send(evidence);
      },
    );
    app.get(
      '/v1/ledger/logs/:log/checkpoint',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'The newest signed checkpoint of a log',
          tags,
          params: logParams,
          querystring: WitnessedQuery,
          response: text('C2SP tlog-checkpoint'),
        },
      },
      async (request, reply) =>
        reply
          .type('text/plain; charset=utf-8')
          .send(await checkpointOf(request.params.log, request.query.witnessed === true)),
    );
    app.get(
      '/v1/ledger/logs/:log/tile/*',
      {
        config: { scope: 'ledger:read' },
        schema: {
          summary: 'A file of the log (C2SP tlog-tiles)',
          tags,
          // The rest of the path is called `*`, which TypeBox takes for a pattern: it is left to the ledger, which parses it.
          params: logParams,
          response: Tile,
        },
      },
      async (request, reply) => {
        const rest: unknown = new Map<string, unknown>(Object.entries(request.params)).get('*');
        const path = `tile/${typeof rest === 'string' ? rest.slice(0, maxTilePathCharacters) : ''}`;
        return reply.type('application/octet-stream').send(await ledger.tile(request.params.log, path));
      },
    );
    app.post(
      '/v1/ledger/clock/accept',
      {
        config: { scope: 'clock:accept' },
        schema: {
          summary: 'Let ledger time follow the wall clock again after a jump; from the local operator only',
          tags,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        if (request.principal.kind !== 'operator') {
          throw new LedgerError('not_found', 'Cannot accept the clock from here: it takes the local operator socket');
        }
        await ledger.acceptClock();
        return reply.code(204).send(null);
      },
    );
  };
}

function textOfNote(note: string): string {
  return parseNote(note).text;
}

/**
 * Evidence holds the event itself. Audit records name people and what they typed: whoever may not read the audit trail
 * does not get them by way of the proof either. Tiles and bundles hold leaves alone, which name nobody.
 */
function refuseHidden(evidence: string, principal: Principal, position: string): void {
  if (principal.scopes.includes('audit:read') || !isAuditRecord(eventOfEvidence(evidence))) return;
  throw new LedgerError(
    'audit_hidden',
    `Cannot prove ${position}: it is an audit record, must be allowed "audit:read"`,
    {
      details: { scope: 'audit:read' },
    },
  );
}
