import { formatPosition } from '@sallyport/contracts';
import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { LedgerError } from './errors.ts';
import type { LedgerClient } from './ledger-client.ts';

const logParams = Type.Object({ log: Type.Integer({ minimum: 1, maximum: 999_999_999 }) });
const entryParams = Type.Object({
  log: Type.Integer({ minimum: 1, maximum: 999_999_999 }),
  index: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});

/** Checkpoints, keys, evidence and the C2SP tile files of every log. */
export function createLedgerRoutes(
  ledger: Pick<LedgerClient, 'checkpoint' | 'verifierKey' | 'prove' | 'tile' | 'logs' | 'head' | 'acceptClock'>,
): RoutePlugin {
  return async (plain) => {
    const app = typedApp(plain);
    app.get('/v1/ledger', { config: { scope: 'ledger:read' } }, async () => ({
      head: formatPosition(ledger.head()),
      logs: ledger.logs().map(({ number, origin, verifierKey }) => ({ number, origin, verifier_key: verifierKey })),
    }));
    app.get('/v1/ledger/checkpoint', { config: { scope: 'ledger:read' } }, async (_request, reply) =>
      reply.type('text/plain; charset=utf-8').send(await ledger.checkpoint(ledger.head().log)),
    );
    app.get(
      '/v1/ledger/proof/:log/:index',
      { config: { scope: 'ledger:read' }, schema: { params: entryParams } },
      async (request, reply) => reply.type('text/plain; charset=utf-8').send(await ledger.prove(request.params)),
    );
    app.get(
      '/v1/ledger/logs/:log/checkpoint',
      { config: { scope: 'ledger:read' }, schema: { params: logParams } },
      async (request, reply) =>
        reply.type('text/plain; charset=utf-8').send(await ledger.checkpoint(request.params.log)),
    );
    app.get(
      '/v1/ledger/logs/:log/tile/*',
      {
        config: { scope: 'ledger:read' },
        schema: { params: Type.Intersect([logParams, Type.Object({ '*': Type.String({ maxLength: 100 }) })]) },
      },
      async (request, reply) => {
        const path = `tile/${request.params['*']}`;
        return reply.type('application/octet-stream').send(await ledger.tile(request.params.log, path));
      },
    );
    app.post('/v1/ledger/clock/accept', { config: { scope: 'keys:manage' } }, async (request, reply) => {
      if (request.principal.kind !== 'operator') {
        throw new LedgerError('not_found', 'Cannot accept the clock from here: it takes the local operator socket');
      }
      await ledger.acceptClock();
      return reply.code(204).send();
    });
  };
}
