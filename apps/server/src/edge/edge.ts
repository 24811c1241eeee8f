import { Server as TlsServer } from 'node:https';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { messageOf } from '@sallyport/platform/errors';
import { errorFields } from '@sallyport/platform/log';
import type { Secret } from '@sallyport/platform/secret';
import { createAdmission } from './admission.ts';
import { describeApi } from './api-description.ts';
import { clientAddress } from './client-address.ts';
import { createDecisionRecorder } from './decision-recorder.ts';
import { EdgeError, edgeProblems } from './errors.ts';
import { createHttpServer, refuseConnection } from './http-server.ts';
import { defaultLimits } from './limits.ts';
import { listenOnPort, listenOnSocket } from './listen.ts';
import type { EdgeNeeds, EdgeTls } from './needs.ts';
import { createProblemTranslator, retryAfterSeconds } from './problem-details.ts';
import { installBodyLimits } from './request-body.ts';
import { compileValidator } from './request-validation.ts';
import { describeClient } from './request-client.ts';
import { securityHeaders, strictTransport } from './security-headers.ts';
import { createSessionCookie } from './session-cookie.ts';
import { createStreamWatch } from './stream-watch.ts';

/** The one way in: authenticate, decide, limit, record, for every route of every module. */
export type Edge = {
  /** Plain HTTP on loopback addresses only, TLS 1.3 anywhere. Returns the address for people. */
  listen(where: { readonly host: string; readonly port: number } | { readonly socketFile: string }): Promise<string>;
  /** Uses a renewed certificate for connections from now on. */
  setTls(tls: EdgeTls): void;
  /** The API in OpenAPI 3.1. */
  description(): object;
  /** Answers what is under way, at most `graceMs`, records what was counted, and stops. */
  close(graceMs?: number): Promise<void>;
};

const maxParamLength = 256;
const defaultGraceMs = 5000;

export async function createEdge(needs: EdgeNeeds): Promise<Edge> {
  const { log, tls } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const recorder = createDecisionRecorder(needs);
  const cookie = createSessionCookie(tls !== undefined);
  const admission = createAdmission(needs, { limits, recorder, cookie });
  const streams = createStreamWatch({ every: needs.every, mayGoOn: (request) => admission.mayGoOn(request) });
  const problems = createProblemTranslator(needs.problems);
  const newCorrelationId = (): string => Buffer.from(needs.random(16)).toString('hex');
  const countRefusal = (code: string, address: string): void =>
    recorder.count({ outcome: 'denied', code, method: '', route: '', address });

  const answerProblem = async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const clientLeft = request.raw.destroyed && !request.raw.complete;
    const problem = problems.translate(
      clientLeft ? new EdgeError('body_invalid', 'Cannot read the body: it ended early') : error,
      request.id,
    );
    if (problem.code === 'internal') {
      log.error('Request failed', {
        correlationId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? '',
        ...errorFields(error),
      });
    } else if (problem.status === 403 || problem.code in edgeProblems) await admission.refused(request, problem);
    const retryAfter = retryAfterSeconds(problem);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    // As bytes: to text Fastify adds a charset, which this content type does not have.
    return reply
      .code(problem.status)
      .header('content-type', 'application/problem+json')
      .send(Buffer.from(JSON.stringify(problem)));
  };

  const app = fastify({
    serverFactory: (listener) => createHttpServer({ listener, limits, tls, onRefused: countRefusal }),
    clientErrorHandler: (error, socket) =>
      countRefusal(refuseConnection(error, socket, newCorrelationId()), clientAddress(socket.remoteAddress)),
    // Before a route is looked for, hence without hooks: an address that cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      countRefusal('request_invalid', clientAddress(request.ip));
      const problem = problems.translate(error, request.id);
      reply.hijack();
      reply.raw.writeHead(problem.status, {
        ...securityHeaders,
        'x-correlation-id': request.id,
        'content-type': 'application/problem+json',
      });
      reply.raw.end(JSON.stringify(problem));
    },
    genReqId: newCorrelationId,
    requestIdHeader: false,
    bodyLimit: limits.bodyBytes,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength },
  });

  app.setValidatorCompiler(compileValidator);
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request) => {
    throw new EdgeError('route_not_found', `Cannot ${request.method} this path: there is no such route`, {
      hint: 'GET /v1/openapi.json lists them',
    });
  });
  app.decorateRequest('principal', {
    getter(this: FastifyRequest) {
      return admission.principalOf(this);
    },
  });
  app.decorateRequest('client', {
    getter(this: FastifyRequest) {
      return describeClient(this, { isOperator: needs.caller.kind === 'operator', secure: tls !== undefined });
    },
  });
  app.decorateReply('beginSession', function beginSession(this: FastifyReply, token: Secret) {
    this.header('set-cookie', cookie.set(token));
  });
  app.decorateReply('endSession', function endSession(this: FastifyReply) {
    this.header('set-cookie', cookie.clear());
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      ...securityHeaders,
      ...(tls === undefined ? {} : strictTransport),
      'x-correlation-id': request.id,
    });
    await admission.admit(request, (renewed) => reply.beginSession(renewed));
  });
  app.addHook('onSend', async (request, _reply, payload) => {
    if (!(payload instanceof Readable)) return payload;
    // Fastify would read it to its end, which a stream of events does not have.
    if (request.method === 'HEAD') payload.destroy();
    else streams.add(request, payload);
    return payload;
  });
  installBodyLimits(app, limits);
  await describeApi(app, needs.version);
  for (const plugin of needs.routes) await app.register(async (scope: FastifyInstance) => plugin(scope));
  await app.ready();

  return {
    listen: (where) =>
      'socketFile' in where ? listenOnSocket(app, where.socketFile) : listenOnPort(app, where, tls !== undefined),
    setTls(renewed) {
      if (!(app.server instanceof TlsServer)) throw new TypeError('Cannot set a certificate: this edge has no TLS');
      app.server.setSecureContext({ ...renewed, minVersion: 'TLSv1.3' });
    },
    description: () => app.swagger(),
    async close(graceMs = defaultGraceMs) {
      streams.close();
      const deadline = setTimeout(() => app.server.closeAllConnections(), graceMs);
      await app.close();
      clearTimeout(deadline);
      try {
        await recorder.close();
      } catch (error) {
        log.error('Cannot record the last decisions', { reason: messageOf(error) });
      }
    },
  };
}
