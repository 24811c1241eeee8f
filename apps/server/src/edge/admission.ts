import type { FastifyRequest } from 'fastify';
import { CodedError, codeOf } from '@sallyport/platform/errors';
import type { Presented, Principal, Reach } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { Secret } from '@sallyport/platform/secret';
import { createAuthorization, isSameReach } from './authorization.ts';
import { refuseForeignReader } from './browser-guard.ts';
import { clientAddress } from './client-address.ts';
import { clientAgent } from './request-client.ts';
import type { BodyDigests } from './body-digest.ts';
import type { DecisionRecorder, SingleDecision } from './decision-recorder.ts';
import type { Doorway } from './doorway.ts';
import { EdgeError } from './errors.ts';
import { createKeyProofs } from './key-proof.ts';
import type { EdgeLimits } from './limits.ts';
import { createLeftRecords, type LeftRecords } from './left-records.ts';
import type { ProvenStreams } from './proven-streams.ts';
import { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
import type { SideNeeds } from './needs.ts';
import { socketToken } from './socket-protocols.ts';

export type Admission = {
  /**
   * Lets a request in or throws: is it meant for us, is its sender within limits, who is it, may they. Deny by default:
   * a route that says neither what it needs nor that it is public is denied, and so is everything when deciding fails.
   * `onRenewed` is handed the token that a session has from now on, when it changes.
   */
  admit(request: FastifyRequest, onRenewed: (token: Secret) => void): Promise<void>;
  /** Throws a `TypeError` on a public route, where nobody was asked for. */
  principalOf(request: FastifyRequest): Principal;
  /** How far their right to an action goes; throws as `principalOf`. */
  reachOf(request: FastifyRequest, action: string | undefined): Reach;
  /** Throws `step_up_required` unless whoever calls proved lately who they are, or is no person. */
  requireFreshProof(request: FastifyRequest): Promise<void>;
  /** Whether somebody admitted would be let in again as what they were; a refusal is recorded. Never rejects. */
  mayGoOn(request: FastifyRequest): Promise<boolean>;
  readonly leftRecords: Pick<LeftRecords, 'leftRecord' | 'over'>;
  /** A refusal made after admission, by a handler or while reading the body. */
  refused(request: FastifyRequest, problem: { readonly code: string; readonly status: number }): Promise<void>;
};

export function createAdmission(
  needs: SideNeeds,
  parts: {
    readonly limits: EdgeLimits;
    readonly recorder: DecisionRecorder;
    readonly doorwayOf: (request: FastifyRequest) => Doorway;
    readonly presentedOf: (request: FastifyRequest) => Presented;
    readonly digests: Pick<BodyDigests, 'require'>;
    readonly proven: Pick<ProvenStreams, 'admit' | 'isOver'>;
  },
): Admission {
  const { caller, clock, log } = needs;
  const { limits, recorder, doorwayOf, presentedOf, digests, proven } = parts;
  const addresses = createRateLimiter(clock, limits.perAddress);
  const principals = createRateLimiter(clock, limits.perPrincipal);
  /** Of routes that have a rate of their own, by method and pattern. */
  const routes = new Map<string, RateLimiter>();
  const admitted = new WeakMap<FastifyRequest, Principal>();
  const proveKey = createKeyProofs({ ...needs, digests });
  const { authorize, requireProof, reachOf, askedOf, asHeld } = createAuthorization({ ...needs, proveKey });
  /** What handlers were told, so that what goes on can be ended when it is no longer so. */
  const reaches = new WeakMap<FastifyRequest, Map<string, Reach>>();
  const denied = new WeakSet<FastifyRequest>();

  const identify = async (request: FastifyRequest, onRenewed: (token: Secret) => void): Promise<Principal> => {
    if (caller.kind === 'operator') return caller.principal;
    const { authorization, cookie: cookies } = request.headers;
    const { config } = request.routeOptions;
    const offered = authorization === undefined ? socketToken(request.raw) : undefined;
    const session =
      authorization === undefined && offered === undefined ? doorwayOf(request).cookie.read(cookies) : undefined;
    if (session !== undefined) refuseForeignReader(request.raw);
    const key = session === undefined ? (offered ?? bearerToken(authorization)) : undefined;
    let answer;
    try {
      if (key !== undefined) answer = { principal: await caller.authenticate(key, presentedOf(request)) };
      else if (session !== undefined)
        answer = await caller.authenticateSession(session, {
          background: isBackground(request),
          mayBeStale: config.staleSession === true && config.keyProof === true,
        });
    } catch (error) {
      log.error('Cannot authenticate', { correlationId: request.id, ...errorFields(error) });
      throw new EdgeError('authentication_unavailable', 'Cannot check who calls now: try again', { cause: error });
    }
    const principal = accepted(answer, onRenewed);
    if (answer !== undefined && 'goodForMs' in answer && answer.goodForMs !== undefined)
      proven.admit(request, answer.goodForMs);
    return principal;
  };

  const record = async (
    request: FastifyRequest,
    decision: Pick<SingleDecision, 'outcome' | 'code' | 'why' | 'leftRecord'>,
    byItself: boolean,
  ): Promise<void> => {
    const principal = admitted.get(request);
    const asked = askedOf(request);
    const whole: SingleDecision = {
      ...decision,
      ...(asked === undefined ? {} : { asked }),
      ...(decision.outcome === 'denied' ? { requestIds: [request.id] } : {}),
      method: request.method,
      route: request.is404 ? '' : (request.routeOptions.url ?? ''),
      address: clientAddress(request.ip),
      ...(request.routeOptions.config.scope === undefined ? {} : { scope: request.routeOptions.config.scope }),
      ...(principal === undefined ? {} : { principal }),
      ...(principal?.sessionId === undefined ? {} : { agent: clientAgent(request) }),
    };
    if (!byItself) {
      recorder.count(whole);
      return;
    }
    try {
      await recorder.recordNow(whole);
    } catch (error) {
      // The denial stands either way; counted, it is recorded as soon as that is possible again.
      log.warn('Cannot record a denial yet', { correlationId: request.id, ...errorFields(error) });
      recorder.count(whole);
    }
  };

  const leftRecords = createLeftRecords(
    (request, left) => void record(request, { outcome: 'allowed', code: 'allowed', ...left }, false),
  );

  const takeOfRoute = (request: FastifyRequest): void => {
    const { config, url = '' } = request.routeOptions;
    if (config.addressRate === undefined) return;
    const name = `${request.method} ${url}`;
    const limiter = routes.get(name) ?? createRateLimiter(clock, config.addressRate);
    routes.set(name, limiter);
    take(limiter, clientAddress(request.ip), 'this address');
  };

  const decide = async (request: FastifyRequest, onRenewed: (token: Secret) => void): Promise<void> => {
    if (caller.kind === 'network') {
      const doorway = doorwayOf(request);
      doorway.guard(request.raw, doorway.cookie.read(request.headers.cookie) !== undefined);
      take(addresses, clientAddress(request.ip), 'this address');
      takeOfRoute(request);
    }
    const { config } = request.routeOptions;
    // The reply to an unknown route says nothing that the public description does not.
    if (request.is404 || config.public === true) return;
    const principal = await asHeld(request, await identify(request, onRenewed));
    admitted.set(request, principal);
    if (config.scope === undefined) {
      throw new EdgeError(
        'route_undeclared',
        `Cannot let anybody call ${request.method} ${request.routeOptions.url ?? ''}: the route must declare a scope`,
      );
    }
    // Before the decision, since a denial costs an entry of its own. The operator is never locked out by a rate.
    if (principal.kind !== 'operator') take(principals, principal.id, `this ${principal.kind}`);
    await authorize(request, principal, config.scope);
    if (config.stepUp === true) await requireProof(request, principal);
    if (config.keyProof === true) await proveKey(request, principal);
  };

  return {
    async admit(request, onRenewed) {
      try {
        await decide(request, onRenewed);
      } catch (error) {
        denied.add(request);
        const code = (error instanceof CodedError ? codeOf(error) : undefined) ?? 'internal';
        const why = code === 'scope_missing' && error instanceof EdgeError ? { why: error.details } : {};
        await record(
          request,
          { outcome: 'denied', code, ...why },
          code === 'scope_missing' || code === 'route_undeclared',
        );
        throw error;
      }
      if (request.is404) return;
      if (request.routeOptions.config.leavesRecord === true) leftRecords.letIn(request);
      else await record(request, { outcome: 'allowed', code: 'allowed' }, false);
    },

    leftRecords,

    principalOf(request) {
      const principal = admitted.get(request);
      if (principal === undefined) throw new TypeError('Cannot tell who calls: the route is public');
      return principal;
    },

    reachOf(request, action = request.routeOptions.config.scope ?? '') {
      const principal = admitted.get(request);
      if (principal === undefined) throw new TypeError('Cannot tell who calls: the route is public');
      const told = reaches.get(request) ?? new Map<string, Reach>();
      reaches.set(request, told);
      const reach = told.get(action) ?? reachOf(request, principal, action);
      told.set(action, reach);
      return reach;
    },

    async requireFreshProof(request) {
      const principal = admitted.get(request);
      if (principal === undefined) throw new TypeError('Cannot ask for a proof: the route is public');
      await requireProof(request, principal);
    },

    async mayGoOn(request) {
      const principal = admitted.get(request);
      if (caller.kind === 'operator' || principal === undefined) return true;
      try {
        if (proven.isOver(request))
          throw new EdgeError('key_proof_required', 'Cannot go on: the browser has not proved that this is its own');
        const known = accepted({ principal: await caller.recheck(principal) }, () => undefined);
        const current = await asHeld(request, known);
        await authorize(request, current, request.routeOptions.config.scope ?? '');
        // What the handler looked at when it began holds no more: they may come back as what they are now.
        const isSame =
          current.scopes.join(' ') === principal.scopes.join(' ') &&
          [...(reaches.get(request) ?? [])].every(([action, told]) =>
            isSameReach(told, reachOf(request, current, action)),
          );
        if (isSame) return true;
        throw new EdgeError('scope_missing', 'Cannot go on: what they are allowed has changed');
      } catch (error) {
        const code = (error instanceof CodedError ? codeOf(error) : undefined) ?? 'authentication_unavailable';
        if (!(error instanceof CodedError))
          log.error('Cannot authenticate', { correlationId: request.id, ...errorFields(error) });
        await record(request, { outcome: 'denied', code }, false);
        return false;
      }
    },

    async refused(request, problem) {
      if (denied.has(request)) return;
      await record(
        request,
        { outcome: 'denied', code: problem.code },
        // Of somebody unknown it is counted: who asks again and again must not fill the ledger with it.
        admitted.has(request) && problem.status === 403 && !asksForMore.has(problem.code),
      );
    },
  };
}

/** Who answers is let in: no denial that is worth an event of its own. */
const asksForMore: ReadonlySet<string> = new Set(['step_up_required', 'key_proof_required']);

type Refused = { readonly refused: string };

/** What the key or session stands for; throws `authentication_failed`, with the reason for who holds it. */
function accepted(
  answer: { readonly principal: Principal | Refused; readonly renewed?: Secret } | Refused | undefined,
  onRenewed: (token: Secret) => void,
): Principal {
  const principal = answer === undefined || 'refused' in answer ? answer : answer.principal;
  if (principal === undefined || 'refused' in principal) {
    const reason = principal?.refused ?? 'unknown';
    throw new EdgeError('authentication_failed', `Cannot accept the key or session: ${reason}`, {
      details: { reason },
    });
  }
  if (answer !== undefined && 'renewed' in answer && answer.renewed !== undefined) onRenewed(answer.renewed);
  return principal;
}

/** A stream that reconnects, or a page that asks again by itself, which says so in a header; it can only shorten a session. */
function isBackground(request: FastifyRequest): boolean {
  return request.routeOptions.config.background === true || request.headers['x-sallyport-background'] === '1';
}

function take(limiter: RateLimiter, name: string, who: string): void {
  const answer = limiter.take(name);
  if (answer.allowed) return;
  const { retryAfterSeconds } = answer;
  throw new EdgeError(
    'rate_limited',
    `Cannot take more requests from ${who} now: try again in ${retryAfterSeconds} s`,
    { details: { retryAfterSeconds } },
  );
}

/** RFC 6750 section 2.1. */
function bearerToken(header: string | undefined): string {
  // `Splunk` is what senders made for its HTTP Event Collector write.
  const token = /^(?:Bearer|DPoP|Splunk) +([\w.~+/-]{1,512}=*)$/i.exec(header ?? '')?.[1] ?? basicPassword(header);
  if (token !== undefined) return token;
  throw new EdgeError(
    'authentication_required',
    'Cannot tell who calls: the request must carry "Authorization: Bearer sp_…" or the cookie of a session',
    { hint: 'create a key on the server with: sallyport key create' },
  );
}

/** RFC 7617: the key as password, for senders that know no other header; the user name says nothing. */
function basicPassword(header: string | undefined): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return undefined;
  return /^[^:]*:([\w.~+/-]{1,512}=*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8'))?.[1];
}
