import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { createIds } from '@sallyport/platform/ids';
import { errorFields } from '@sallyport/platform/log';
import type { Presented } from '@sallyport/platform/http';
import { createBodyDigests } from './body-digest.ts';
import { describeApi } from './api-description.ts';
import { clientAddress } from './client-address.ts';
import { closeGently, listenAt, setCertificate, type Door, type DoorOptions } from './door.ts';
import { decorate } from './decorations.ts';
import { createDoorway, type Doorway } from './doorway.ts';
import { EdgeError, edgeProblems } from './errors.ts';
import { unlessRequested } from './held-still.ts';
import { createHttpServer, endConnections, freshHandshakes, headersLate, refuseConnection } from './http-server.ts';
import { defaultLimits } from './limits.ts';
import { listenOnPort, listenOnSocket } from './listen.ts';
import type { Caller, EdgeNeeds, EdgeTls, SideNeeds } from './needs.ts';
import { createProvenStreams } from './proven-streams.ts';
import { createProblemTranslator, retryAfterSeconds } from './problem-details.ts';
import { installBodyLimits } from './request-body.ts';
import { compileValidator } from './request-validation.ts';
import { compileSerializer } from './response-serialization.ts';
import { describePresented } from './request-presented.ts';
import { securityHeaders, strictTransport } from './security-headers.ts';
import { createSide, type Side, type Way } from './side.ts';
import { createSockets, endRefused } from './sockets.ts';
import { createStreamWatch } from './stream-watch.ts';

/** The one way in: authenticate, decide, limit, record, for every route of every module. */
export type Edge = {
  /** Plain HTTP on loopback addresses only, TLS 1.3 anywhere. Returns the address for people. */
  listen(where: { readonly host: string; readonly port: number }): Promise<string>;
  /**
   * A Unix socket with the same routes, whose caller is always the operator: only its owner can open it. Returns the
   * address for people. Throws `socket_in_use`, `socket_path_too_long`.
   */
  openSocket(options: {
    readonly socketFile: string;
    readonly operator: Extract<Caller, { readonly kind: 'operator' }>;
    /** Where links for other people lead; its own host name says nothing of how anybody else gets here. */
    readonly publicOrigin?: () => string | undefined;
  }): Promise<string>;
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
  const digests = createBodyDigests();
  const proven = createProvenStreams(needs.clock);
  const ways = new WeakMap<IncomingMessage, Way>();
  /** Whatever was not seen to come in elsewhere comes from the network. */
  const wayOf = ({ raw }: FastifyRequest): Way => ways.get(raw) ?? front;
  const doorwayOf = (request: FastifyRequest): Doorway => wayOf(request).doorway;
  const sideOf = (request: FastifyRequest): Side => wayOf(request).side;
  const admissionOf = (request: FastifyRequest): Side['admission'] => sideOf(request).admission;
  const replies = new WeakMap<FastifyRequest, FastifyReply>();
  const presentedOf = (request: FastifyRequest): Presented =>
    describePresented(request, {
      isOperator: sideOf(request).isOperator,
      secure: doorwayOf(request).isSecure,
      tell: (header, value) => void replies.get(request)?.header(header, value),
    });
  const sides: Side[] = [];
  const addSide = (whose: Pick<SideNeeds, 'caller' | 'publicOrigin'>): Side => {
    const side = createSide({ ...needs, ...whose }, { limits, doorwayOf, presentedOf, digests, proven });
    sides.push(side);
    return side;
  };
  const network = addSide(needs);
  const front: Way = {
    doorway: createDoorway({ isSecure: tls !== undefined, hostNames: needs.hostNames }),
    side: network,
  };
  const isPublic = ({ is404, routeOptions }: FastifyRequest): boolean => is404 || routeOptions.config.public === true;
  const goingOn = {
    onBegin: (request: FastifyRequest): void => {
      if (!isPublic(request)) proven.begin(request, admissionOf(request).principalOf(request));
    },
    onEnd: (request: FastifyRequest): void => {
      if (!isPublic(request)) proven.end(request, admissionOf(request).principalOf(request));
    },
  };
  const streams = createStreamWatch({
    every: needs.every,
    mayGoOn: (request) => admissionOf(request).mayGoOn(request),
    ...goingOn,
  });
  const sockets = createSockets(needs, { limits, admissionOf, ...goingOn });
  const problems = createProblemTranslator(needs.problems);
  const newCorrelationId = createIds(needs.random);

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
    } else if (problem.status === 403 || problem.code in edgeProblems)
      await admissionOf(request).refused(request, problem);
    const retryAfter = retryAfterSeconds(problem);
    if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
    if (problem.status === 401 && !reply.hasHeader('www-authenticate')) reply.header('www-authenticate', 'Bearer');
    // As bytes: to text Fastify adds a charset, which this content type does not have.
    return reply
      .code(problem.status)
      .header('content-type', 'application/problem+json')
      .send(Buffer.from(JSON.stringify(problem)));
  };

  const clientErrorsOf =
    ({ countRefusal }: Side) =>
    (error: unknown, socket: Socket): void => {
      const refuse = (): void => {
        const isOwn = needs.ownHandshakes?.take(socket) === true;
        const address = clientAddress(socket.remoteAddress);
        const code = refuseConnection(error, socket, newCorrelationId());
        if (!isOwn) countRefusal(code, address);
      };
      if (codeOf(error) === headersLate) unlessRequested(socket, refuse);
      else refuse();
    };
  let route: RequestListener = () => undefined;
  const doors = new Set<Server>();

  const app = fastify({
    serverFactory(listener) {
      route = listener;
      return createHttpServer({ listener, limits, tls, onRefused: network.countRefusal });
    },
    clientErrorHandler: clientErrorsOf(network),
    // Before a route is looked for, hence without hooks: an address that cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      sideOf(request).countRefusal('request_invalid', clientAddress(request.ip));
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

  /** One more listener, whose requests are answered by the same routes. */
  const openServer = (way: Way, secured: Parameters<typeof createHttpServer>[0]['tls']): Server => {
    const server = createHttpServer({
      listener(request, response) {
        ways.set(request, way);
        route(request, response);
      },
      limits,
      tls: secured,
      onRefused: way.side.countRefusal,
    });
    server.on('clientError', clientErrorsOf(way.side));
    server.on('upgrade', (request, socket, head) => {
      ways.set(request, way);
      app.server.emit('upgrade', request, socket, head);
    });
    return server;
  };

  let isClosing = false;
  /** One that comes while all are closed was not among them. */
  const keepOpen = async (server: Server): Promise<void> => {
    doors.add(server);
    if (isClosing) await closeGently(server, 0);
  };
  const closeSide = async ({ close }: Side): Promise<void> => {
    await close().catch((error: unknown) => {
      log.error('Cannot record the last decisions', { reason: messageOf(error) });
    });
  };

  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((request) => {
    throw new EdgeError('route_not_found', `Cannot ${request.method} this path: there is no such route`, {
      hint: 'GET /v1/openapi.json lists them',
    });
  });
  decorate(app, { wayOf, presentedOf, proven });
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      ...securityHeaders,
      ...(mayRequireTls(request, doorwayOf(request)) ? strictTransport : {}),
      'x-correlation-id': request.id,
    });
    replies.set(request, reply);
    // Also when whoever asked goes away before.
    if (request.routeOptions.config.leavesRecord === true)
      reply.raw.once('close', () => admissionOf(request).leftRecords.over(request));
    await admissionOf(request).admit(request, (renewed) => reply.beginSession(renewed));
    // They went while it was decided: what was to be told of that found nothing yet.
    if (reply.raw.closed) admissionOf(request).leftRecords.over(request);
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
    listen: (where) => listenOnPort(app, where, tls !== undefined),
    async openSocket({ socketFile, operator, publicOrigin }) {
      const doorway = createDoorway({ isSecure: false, hostNames: needs.hostNames });
      const server = openServer({ doorway, side: addSide({ caller: operator, publicOrigin }) }, undefined);
      await listenOnSocket(server, socketFile);
      await keepOpen(server);
      return `unix:${socketFile}`;
    },
    setTls(renewed) {
      setCertificate(app.server, renewed);
    },
    async openDoor({ host, port, hostNames, tls: shown, asksForCertificate, challenge }) {
      const doorway = createDoorway({ isSecure: true, hostNames });
      const server = openServer(
        { doorway, side: network },
        {
          ...shown,
          ...(challenge === undefined ? {} : { challenge }),
          ...(asksForCertificate === undefined ? {} : { asksForCertificate }),
        },
      );
      const opened = await listenAt(server, { host, port });
      await keepOpen(server);
      return {
        port: opened,
        setTls: (renewed) => setCertificate(server, renewed, asksForCertificate === true ? freshHandshakes : {}),
        setHostNames: (names) => doorway.setHostNames(names),
        async close(graceMs) {
          doors.delete(server);
          await Promise.all([
            sockets.closeThose((request) => ways.get(request)?.doorway === doorway, graceMs ?? defaultGraceMs),
            closeGently(server, graceMs),
          ]);
        },
      };
    },
    description: () => app.swagger(),
    async close(graceMs = defaultGraceMs) {
      isClosing = true;
      streams.close();
      const deadline = setTimeout(() => endConnections(app.server), graceMs);
      await Promise.all([sockets.close(graceMs), app.close(), ...[...doors].map((door) => closeGently(door, graceMs))]);
      clearTimeout(deadline);
      await Promise.all(sides.map(closeSide));
    },
  };
}
