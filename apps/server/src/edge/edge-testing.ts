// An edge on a loopback port with a few routes, and a client that can misbehave: for the tests of this folder.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createManualClock } from '@sallyport/platform/clock';
import { CodedError } from '@sallyport/platform/errors';
import { typedApp, type Principal, type RoutePlugin } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import { createSecret, type Secret } from '@sallyport/platform/secret';
import { Type } from 'typebox';
import { createEdge, type Decision, type Edge, type EdgeNeeds } from './index.ts';

export type TestEdge = {
  readonly edge: Edge;
  readonly port: number;
  readonly decisions: Decision[];
  readonly logLines: string[];
  readonly clock: ReturnType<typeof createManualClock>;
  /** Runs what is due every few seconds. */
  tick(): void;
  [Symbol.asyncDispose](): Promise<void>;
};

const keys: Readonly<Record<string, Principal>> = {
  sp_reader: { kind: 'key', id: 'reader', name: 'reader', scopes: ['alerts:read'] },
  sp_writer: { kind: 'key', id: 'writer', name: 'writer', scopes: ['alerts:read', 'alerts:write'] },
};

/** For `openSocket`. */
export const operator = {
  kind: 'operator',
  principal: { kind: 'operator', id: 'local', name: 'local operator', scopes: ['alerts:read'] },
} as const;

/** 43 characters, as real ones have. */
export const writerSession = 'writer'.padEnd(43, '-');
export const agedSession = 'aged'.padEnd(43, '-');
export const renewedSession = 'renewed'.padEnd(43, '-');

const person = { kind: 'user', id: 'u1', name: 'Maria', scopes: ['alerts:read', 'alerts:write'] } as const;
const sessions: Readonly<Record<string, { principal: Principal; renewed?: Secret }>> = {
  [writerSession]: { principal: person },
  [agedSession]: { principal: person, renewed: createSecret(renewedSession) },
};

/** No session is bound to the key of a browser. */
export const unbound = { proveKey: async (): Promise<{ readonly isProved: true }> => ({ isProved: true }) };

export const testRoutes: RoutePlugin = async (fastify) => {
  const app = typedApp(fastify);
  // Never answers: whoever asks has to go away.
  app.get('/v1/endless', { config: { public: true } }, async () => new Promise<never>(() => undefined));
  app.get('/v1/public', { config: { public: true } }, async () => ({ ok: true }));
  app.get('/v1/rare', { config: { public: true, addressRate: { perSecond: 1, burst: 3 } } }, async () => ({
    ok: true,
  }));
  app.get('/v1/public-refusal', { config: { public: true } }, async () => {
    throw new CodedError('test_forbidden', 'Cannot let you');
  });
  app.get('/v1/public-principal', { config: { public: true } }, async (request) => ({ id: request.principal.id }));
  app.post('/v1/sign-in', { config: { public: true } }, async (request, reply) => {
    reply.beginSession(createSecret(renewedSession));
    return request.client;
  });
  app.delete('/v1/sign-in', { config: { public: true } }, async (_request, reply) => {
    reply.endSession();
    return {};
  });
  app.post('/v1/grave', { config: { scope: 'alerts:write', stepUp: true } }, async () => ({ done: true }));
  app.post('/v1/sometimes-grave', { config: { scope: 'alerts:write' } }, async (request) => {
    await request.requireFreshProof();
    return { done: true };
  });
  app.get('/v1/by-itself', { config: { scope: 'alerts:read', background: true } }, async () => ({ done: true }));
  app.get('/v1/undeclared', async () => ({ secret: true }));
  app.get(
    '/v1/items/:id',
    {
      config: { scope: 'alerts:read' },
      schema: {
        querystring: Type.Object(
          { limit: Type.Integer({ default: 10, maximum: 100 }) },
          { additionalProperties: false },
        ),
      },
    },
    async (request) => ({ limit: request.query.limit, by: request.principal.id }),
  );
  app.post(
    '/v1/items',
    {
      config: { scope: 'alerts:write' },
      schema: {
        body: Type.Object(
          { name: Type.String(), size: Type.Optional(Type.Integer()) },
          { additionalProperties: false },
        ),
      },
    },
    async (request) => request.body,
  );
  app.post('/v1/anything', { config: { scope: 'alerts:write' } }, async (request) => ({ body: request.body ?? null }));
  app.post(
    '/v1/leaves/:what',
    { config: { scope: 'alerts:write', leavesRecord: true }, schema: { params: Type.Object({ what: Type.String() }) } },
    async (request) => {
      if (request.params.what !== 'nothing') request.leftRecord();
      // Never answers: whoever asks has to go away.
      if (request.params.what === 'endlessly') await new Promise<never>(() => undefined);
      return {};
    },
  );
  app.post('/v1/small', { config: { scope: 'alerts:write', bodyLimitBytes: 100 } }, async () => ({ ok: true }));
  app.post(
    '/v1/fails/:how',
    { config: { scope: 'alerts:write' }, schema: { params: Type.Object({ how: Type.String() }) } },
    async (request) => {
      const { how } = request.params;
      if (how === 'coded')
        throw new CodedError('test_conflict', 'Cannot do that twice', { details: { id: 'a' }, hint: 'once is enough' });
      if (how === 'forbidden') throw new CodedError('test_forbidden', 'Cannot let you');
      if (how === 'unlisted') throw new CodedError('secret_code', 'password=hunter2');
      throw new Error('password=hunter2');
    },
  );
  app.register(async (own) => {
    own.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
    own.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    own.post('/v1/stream', { config: { scope: 'alerts:write', bodyLimitBytes: 1000 } }, async (request) => {
      if (!(request.body instanceof Readable)) return { bytes: 0 };
      let bytes = 0;
      for await (const chunk of request.body) bytes += chunk instanceof Uint8Array ? chunk.length : 0;
      return { bytes };
    });
  });
};

export async function startEdge(changes: Partial<EdgeNeeds> = {}): Promise<TestEdge> {
  const { edge, ...rest } = await createTestEdge(changes);
  const address = await edge.listen({ host: '127.0.0.1', port: 0 });
  return { edge, ...rest, port: Number(new URL(address).port) };
}

/** Not listening yet. */
export async function createTestEdge(changes: Partial<EdgeNeeds> = {}): Promise<Omit<TestEdge, 'port'>> {
  const decisions: Decision[] = [];
  const logLines: string[] = [];
  const clock = createManualClock(1_800_000_000_000);
  const tasks = new Set<() => void>();
  const edge = await createEdge({
    caller: {
      kind: 'network',
      authenticate: async (token) => keys[token] ?? { refused: 'key_unknown' },
      authenticateSession: async (token) => sessions[token] ?? { refused: 'session_unknown' },
      recheck: async (principal) => principal,
      ...unbound,
    },
    decide: async (principal, action) => ({ allowed: principal.scopes.includes(action), reason: 'by test' }),
    recordDecision: async (decision) => void decisions.push(decision),
    routes: [testRoutes],
    problems: [testProblems],
    hostNames: ['console.example.org'],
    version: '0.0.0',
    log: createLog({ clock, write: (line) => void logLines.push(line) }),
    clock,
    every(_intervalMs, task) {
      tasks.add(task);
      return () => tasks.delete(task);
    },
    random: randomBytes,
    ...changes,
  });
  const tick = (): void => tasks.forEach((task) => task());
  return { edge, decisions, logLines, clock, tick, [Symbol.asyncDispose]: () => edge.close(0) };
}

/** In a folder of its own. What comes in there is the operator's. */
export async function openOperatorSocket(edge: Edge, publicOrigin?: () => string): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-edge-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const socketFile = join(directory, 'operator.sock');
  await edge.openSocket({ socketFile, operator, ...(publicOrigin === undefined ? {} : { publicOrigin }) });
  return socketFile;
}

const testProblems = {
  test_conflict: { status: 409, title: 'Conflict' },
  test_forbidden: { status: 403, title: 'Forbidden' },
};

export type Reply = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
};

/** Every problem has this shape, whatever went wrong. */
export function assertProblem(reply: Reply, status: number, code: string): void {
  assert.deepEqual([reply.status, reply.json['code']], [status, code], reply.text);
  assert.equal(reply.headers['content-type'], 'application/problem+json');
  assert.equal(reply.json['type'], `urn:sallyport:problem:${code}`);
  assert.equal(reply.json['status'], status);
  assert.equal(reply.json['instance'], reply.headers['x-correlation-id']);
  assert.match(String(reply.json['instance']), /^[0-9a-f]{32}$/);
  assert.doesNotMatch(reply.text, /node_modules|\.ts:\d/);
}

export function send(
  options: Omit<RequestOptions, 'headers'> & {
    key?: string;
    body?: string | Uint8Array;
    headers?: OutgoingHttpHeaders;
  },
): Promise<Reply> {
  const { key, body, ...rest } = options;
  const headers: OutgoingHttpHeaders = {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', agent: false, ...rest, headers }, (response) => {
      let text = '';
      response.on('error', reject);
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: objectOf(text) }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Writes raw bytes and resolves with everything the server said until it closed the connection. */
export function sendRaw(port: number, chunks: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error) => {
      if (text === '') reject(error);
    });
  });
}

function objectOf(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) return {};
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}
