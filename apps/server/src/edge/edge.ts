import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { createIds } from '@sallyport/platform/ids';
import { errorFields } from '@sallyport/platform/log';
import type { Presented } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import { createAdmission } from './admission.ts';
import { createBodyDigests } from './body-digest.ts';
import { describeApi } from './api-description.ts';
import { clientAddress } from './client-address.ts';
import { createDecisionRecorder } from './decision-recorder.ts';
import { closeGently, listenAt, setCertificate, type Door, type DoorOptions } from './door.ts';
import { createDoorway, type Doorway } from './doorway.ts';
import { EdgeError, edgeProblems } from './errors.ts';
import { unlessRequested } from './held-still.ts';
import { createHttpServer, endConnections, freshHandshakes, headersLate, refuseConnection } from './http-server.ts';
import { defaultLimits } from './limits.ts';
import { listenOnPort, listenOnSocket } from './listen.ts';
import type { EdgeNeeds, EdgeTls } from './needs.ts';
import { createProvenStreams } from './proven-streams.ts';
import { createProblemTranslator, retryAfterSeconds } from './problem-details.ts';
import { installBodyLimits } from './request-body.ts';
import { compileValidator } from './request-validation.ts';
import { compileSerializer } from './response-serialization.ts';
import { describeClient } from './request-client.ts';
import { describePresented } from './request-presented.ts';
import { securityHeaders, strictTransport } from './security-headers.ts';
import { createSockets, endRefused } from './sockets.ts';
import { createStreamWatch } from './stream-watch.ts';

/** The one way in: authenticate, decide, limit, record, for every route of every module. */
export type Edge = {
  /** Plain HTTP on loopback addresses only, TLS 1.3 anywhere. Returns the address for people. */
  listen(where: { readonly host: string; readonly port: number } | { readonly socketFile: string }): Promise<string>;
  /** One more listener, TLS 1.3 only, with the same routes. Throws `port_in_use`, `port_privileged`, `host_not_here`. */
  openDoor(options: DoorOptions): Promise<Door>;
  /** Uses a renewed certificate for connections from now on. */
  setTls(tls: EdgeTls): void;
  /** The API in OpenAPI 3.1. */
  description(): object;
  /** Answers what is under way, at most `graceMs`, records what was counted, and stops. */
  close(graceMs?: number): Promise<void>;
};

/** Not for `localhost`: browsers hold it against every port there, and the plain listener is one of them. */
function mayRequireTls({ headers }: FastifyRequest, doorway: Doorway): boolean {
  return doorway.isSecure && !/^localhost\.?(?::|$)/i.test(headers.host ?? '');
}

const maxParamLength = 256;
const defaultGraceMs = 5000;

export async function createEdge(needs: EdgeNeeds): Promise<Edge> {
  const { log, tls } = needs;
  const limits = { ...defaultLimits, ...needs.limits };
  const recorder = createDecisionRecorder(needs);
  const front = createDoorway({ isSecure: tls !== undefined, hostNames: needs.hostNames });
  const doorways = new WeakMap<IncomingMessage, Doorway>();
  const doorwayOf = ({ raw }: FastifyRequest): Doorway => doorways.get(raw) ?? front;
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  const presentedOf = (request: FastifyRequest): Presented =>
    describePresented(request, {
      isOperator: needs.caller.kind === 'operator',
      secure: doorwayOf(request).isSecure,
      tell: (header, value) => void replies.get(request)?.header(header, value),
    });
  const digests = createBodyDigests();
  const proven = createProvenStreams(needs.clock);
  const admission = createAdmission(needs, { limits, recorder, doorwayOf, presentedOf, digests, proven });
  const isPublic = ({ is404, routeOptions }: FastifyRequest): boolean => is404 || routeOptions.config.public === true;
  const goingOn = {
    onBegin: (request: FastifyRequest): void => {
      if (!isPublic(request)) proven.begin(request, admission.principalOf(request));
    },
    onEnd: (request: FastifyRequest): void => {
      if (!isPublic(request)) proven.end(request, admission.principalOf(request));
    },
  };
  const streams = createStreamWatch({
    every: needs.every,
    mayGoOn: (request) => admission.mayGoOn(request),
    ...goingOn,
  });
  const sockets = createSockets(needs, { limits, admission, ...goingOn });
  const problems = createProblemTranslator(needs.problems);
  const newCorrelationId = createIds(needs.random);
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
    if (problem.status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer');
    // As bytes: to text Fastify adds a charset, which this content type does not have.
    return reply
      .code(problem.status)
      .header('content-type', 'application/problem+json')
      .send(Buffer.from(JSON.stringify(problem)));
  };

  const refuseClient = (error: unknown, socket: Socket): void => {
    const isOwn = needs.ownHandshakes?.take(socket) === true;
    const address = clientAddress(socket.remoteAddress);
    const code = refuseConnection(error, socket, newCorrelationId());
    if (!isOwn) countRefusal(code, address);
  };
  const onClientError = (error: unknown, socket: Socket): void => {
    if (codeOf(error) === headersLate) unlessRequested(socket, () => refuseClient(error, socket));
    else refuseClient(error, socket);
  };
  let route: RequestListener = () => undefined;
  const doors = new Set<Server>();

  const app = fastify({
    serverFactory(listener) {
      route = listener;
      return createHttpServer({ listener, limits, tls, onRefused: countRefusal });
    },
    clientErrorHandler: onClientError,
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
      reply.raw.end(JSON.stringify(problem), () => endRefused(request.raw));
    },
    genReqId: newCorrelationId,
    requestIdHeader: false,
    bodyLimit: limits.bodyBytes,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength },
  });

  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);
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
  app.decorateRequest('reach', {
    getter(this: FastifyRequest) {
      return admission.reachOf(this, undefined);
    },
  });
  app.decorateRequest('reachOf', function reachOf(this: FastifyRequest, action: string) {
    return admission.reachOf(this, action);
  });
  app.decorateRequest('client', {
    getter(this: FastifyRequest) {
      return describeClient(this, {
        isOperator: needs.caller.kind === 'operator',
        secure: doorwayOf(this).isSecure,
        publicOrigin: needs.publicOrigin?.(),
      });
    },
  });
  app.decorateRequest('presented', {
    getter(this: FastifyRequest) {
      return presentedOf(this);
    },
  });
  app.decorateRequest('requireFreshProof', function requireFreshProof(this: FastifyRequest) {
    return admission.requireFreshProof(this);
  });
  app.decorateRequest('leftRecord', function leftRecord(this: FastifyRequest) {
    admission.leftRecords.leftRecord(this);
  });
  app.decorateRequest('signInAttempt', function signInAttempt(this: FastifyRequest) {
    return doorwayOf(this).attemptCookie.read(this.headers.cookie);
  });
  app.decorateReply('keepSignInAttempt', function keepSignInAttempt(this: FastifyReply, sealed, maxAgeSeconds = 0) {
    const { attemptCookie } = doorwayOf(this.request);
    this.header('set-cookie', sealed === undefined ? attemptCookie.clear() : attemptCookie.set(sealed, maxAgeSeconds));
  });
  app.decorateReply('beginSession', function beginSession(this: FastifyReply, token: Secret) {
    // In place of one that was renewed on the way in.
    this.removeHeader('set-cookie');
    this.header('set-cookie', doorwayOf(this.request).cookie.set(token));
  });
  app.decorateReply('proveStreams', function proveStreams(this: FastifyReply, names: readonly string[]) {
    proven.prove(admission.principalOf(this.request), names);
  });
  app.decorateReply('endSession', function endSession(this: FastifyReply) {
    this.header('set-cookie', doorwayOf(this.request).cookie.clear());
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      ...securityHeaders,
      ...(mayRequireTls(request, doorwayOf(request)) ? strictTransport : {}),
      'x-correlation-id': request.id,
    });
    replies.set(request, reply);
    // Also when whoever asked goes away before.
    if (request.routeOptions.config.leavesRecord === true)
      reply.raw.once('close', () => admission.leftRecords.over(request));
    await admission.admit(request, (renewed) => reply.beginSession(renewed));
    // They went while it was decided: what was to be told of that found nothing yet.
    if (reply.raw.closed) admission.leftRecords.over(request);
  });
  // After the body was read, so that nothing lies between it and the handler.
  app.addHook('preHandler', (request, _reply, done) => {
    if (needs.around === undefined || request.is404 || request.routeOptions.config.public === true) done();
    else needs.around(request.principal, done);
  });
  app.addHook('onSend', async (request, _reply, payload) => {
    if (!(payload instanceof Readable)) return payload;
    // Fastify would read it to its end, which a stream of events does not have.
    if (request.method === 'HEAD') payload.destroy();
    else streams.add(request, payload);
    return payload;
  });
  installBodyLimits(app, limits, { streams, digests });
  await sockets.install(app);
  await describeApi(app, needs.version);
  for (const plugin of needs.routes) await app.register(async (scope: FastifyInstance) => plugin(scope));
  await app.ready();

  return {
    listen: (where) =>
      'socketFile' in where ? listenOnSocket(app, where.socketFile) : listenOnPort(app, where, tls !== undefined),
    setTls(renewed) {
      setCertificate(app.server, renewed);
    },
    async openDoor({ host, port, hostNames, tls: shown, asksForCertificate, challenge }) {
      const doorway = createDoorway({ isSecure: true, hostNames });
      const server = createHttpServer({
        listener(request, response) {
          doorways.set(request, doorway);
          route(request, response);
        },
        limits,
        tls: {
          ...shown,
          ...(challenge === undefined ? {} : { challenge }),
          ...(asksForCertificate === undefined ? {} : { asksForCertificate }),
        },
        onRefused: countRefusal,
      });
      server.on('clientError', onClientError);
      server.on('upgrade', (request, socket, head) => {
        doorways.set(request, doorway);
        app.server.emit('upgrade', request, socket, head);
      });
      const opened = await listenAt(server, { host, port });
      doors.add(server);
      return {
        port: opened,
        setTls: (renewed) => setCertificate(server, renewed, asksForCertificate === true ? freshHandshakes : {}),
        setHostNames: (names) => doorway.setHostNames(names),
        async close(graceMs) {
          doors.delete(server);
          await Promise.all([
            sockets.closeThose((request) => doorways.get(request) === doorway, graceMs ?? defaultGraceMs),
            closeGently(server, graceMs),
          ]);
        },
      };
    },
    description: () => app.swagger(),
    async close(graceMs = defaultGraceMs) {
      streams.close();
      const deadline = setTimeout(() => endConnections(app.server), graceMs);
      await Promise.all([sockets.close(graceMs), app.close(), ...[...doors].map((door) => closeGently(door, graceMs))]);
      clearTimeout(deadline);
      admission.leftRecords.over();
      try {
        await recorder.close();
      } catch (error) {
        log.error('Cannot record the last decisions', { reason: messageOf(error) });
      }
    },
  };
}
