import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { createOutbox, ledgerProblems, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock, systemClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { CodedError } from '@sallyport/platform/errors';
import type { Principal, ProblemTable } from '@sallyport/platform/http';
import { loadBundledMappings } from '@sallyport/content';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import Fastify from 'fastify';
import { createEventIntake, createEventIntakeRoutes, eventIntakeMigrations, eventIntakeProblems } from './index.ts';
import type { EventIntake, EventIntakeNeeds } from './index.ts';

export const collectorKey: Principal = { kind: 'key', id: 'k1', name: 'collector', scopes: ['events:write'] };

export type Answer = {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: JsonObject;
};

/** The module behind a real HTTP server on loopback, with an in-memory ledger. */
export type IntakeHouse = {
  readonly ledger: MemoryLedger;
  readonly intake: EventIntake;
  readonly port: number;
  /** Sends a body; a stream goes out chunked. */
  send(
    body: string | Uint8Array | Readable,
    options?: { query?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** A request whose body the caller writes. */
  open(headers?: Record<string, string>): { request: ClientRequest; answer: Promise<Answer> };
  get(path: string): Promise<Answer>;
  /** Another door, with its reply as it came. */
  post(path: string, body: string | Uint8Array, headers?: Record<string, string>): Promise<Response>;
  /** Bodies of the events in the ledger that came from senders, in order. */
  bodies(): JsonObject[];
};

export async function startHouse(
  context: TestContext,
  options: {
    principal?: Principal;
    limits?: EventIntakeNeeds['limits'];
    behind?: EventIntakeNeeds['behind'];
    createWorker?: EventIntakeNeeds['createWorker'];
    createCutWorker?: EventIntakeNeeds['createCutWorker'];
    /** What stands before the ledger, for bodies that are too many to be kept. */
    before?: (ledger: MemoryLedger) => EventIntakeNeeds['ledger'];
  } = {},
): Promise<IntakeHouse> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-intake-'));
  const { database, close } = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(database, [ledgerMigrations, eventIntakeMigrations]);
  const wall = createManualClock(1_760_000_000_000);
  const ledger = createMemoryLedger({ clock: wall, maxBodyBytes: 2 * 1024 * 1024, maxBatchEntries: 1000 });
  let drawn = 0;
  const random = (length: number): Buffer => Buffer.alloc(length, (drawn += 1));
  const outbox = createOutbox({ database, ledger, key: Buffer.alloc(32, 7), random, nowMs: () => wall.nowMs() });
  const intake = createEventIntake({
    ledger: options.before?.(ledger) ?? ledger,
    database,
    outbox,
    clock: { nowMs: () => wall.nowMs(), monotonicMs: () => systemClock.monotonicMs() },
    random,
    mappings: await loadBundledMappings({
      listFiles: (folder) => readdir(folder, { recursive: true }),
      readText: (path) => readFile(path, 'utf8'),
    }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.behind === undefined ? {} : { behind: options.behind }),
    ...(options.createWorker === undefined ? {} : { createWorker: options.createWorker }),
    ...(options.createCutWorker === undefined ? {} : { createCutWorker: options.createCutWorker }),
  });
  const app = Fastify({ forceCloseConnections: true });
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    request.principal = options.principal ?? collectorKey;
  });
  const problems: ProblemTable = { ...ledgerProblems, ...eventIntakeProblems };
  app.setErrorHandler(async (error, _request, reply) => {
    const isCoded = error instanceof CodedError;
    const code = isCoded ? error.code : 'internal';
    await reply
      .code(problems[code]?.status ?? 500)
      .header('content-type', 'application/problem+json')
      .send(
        Buffer.from(JSON.stringify({ code, detail: String(error), ...(isCoded ? { details: error.details } : {}) })),
      );
  });
  await app.register(createEventIntakeRoutes(intake));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  context.after(async () => {
    await app.close();
    await intake.close();
    await close();
    rmSync(directory, { recursive: true, force: true });
  });

  function open(
    path: string,
    method: string,
    headers: Record<string, string>,
  ): { request: ClientRequest; answer: Promise<Answer> } {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false });
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    request.on('response', (response) => {
      text(response)
        .then((received) => {
          const body: JsonObject = JSON.parse(received);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        })
        .catch(reject);
    });
    request.on('error', reject);
    return { request, answer: promise };
  }

  return {
    ledger,
    intake,
    port,
    send(body, { query = '', headers = {} } = {}) {
      const { request, answer } = open(`/v1/events${query}`, 'POST', {
        'content-type': 'application/x-ndjson',
        ...headers,
      });
      if (typeof body === 'string' || body instanceof Uint8Array) request.end(body);
      else body.pipe(request);
      return answer;
    },
    open: (headers = {}) =>
      open('/v1/events?source=web&sequence=0', 'POST', { 'content-type': 'application/x-ndjson', ...headers }),
    post: (path, body, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: Buffer.from(body), headers }),
    get(path) {
      const { request, answer } = open(path, 'GET', {});
      request.end();
      return answer;
    },
    bodies: () =>
      ledger.events().flatMap(({ position, body }) => {
        if (ledger.collectorAt(position)?.startsWith('intake/') !== true) return [];
        const event: JsonObject = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
        return [event];
      }),
  };
}
