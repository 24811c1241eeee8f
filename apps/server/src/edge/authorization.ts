import type { FastifyRequest } from 'fastify';
import type { JsonObject } from '@sallyport/contracts';
import { reachOfEverything, type Principal, type Reach, type ResourceName } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import { exactAddress } from './client-address.ts';
import { EdgeError } from './errors.ts';
import type { DecisionContext, DecisionResource, EdgeNeeds, SideNeeds } from './needs.ts';

/**
 * May they: for the camera or device a request is about, for what stands at some sites, or for the server as a whole. Whoever has the
 * right elsewhere alone is answered as if what they ask for did not exist; whoever has it nowhere is told so, whatever they ask for.
 */
export type Authorization = {
  /** Throws `scope_missing`, `step_up_required`, what the module of the resource throws where there is none. */
  authorize(request: FastifyRequest, principal: Principal, action: string): Promise<void>;
  /** After `authorize`: who may not do it at all is not asked for a proof first. Throws `step_up_required`, `key_proof_required`. */
  requireProof(request: FastifyRequest, principal: Principal): Promise<void>;
  reachOf(request: FastifyRequest, principal: Principal, action: string): Reach;
  /**
   * With what they hold everywhere at this moment, which is what handlers look at: a person may be allowed less at this hour or from here,
   * a key or service may be for some sites, or its maker may do less.
   */
  asHeld(request: FastifyRequest, principal: Principal): Promise<Principal>;
  /** The last question asked about the request, with its answer: for the record. Undefined where none was. */
  askedOf(request: FastifyRequest): JsonObject | undefined;
};

type Answer = Awaited<ReturnType<EdgeNeeds['decide']>>;
type Question = {
  readonly principal: Principal;
  readonly action: string;
  readonly resource?: DecisionResource | undefined;
  readonly proofAgeSeconds?: number;
};

export function createAuthorization(
  needs: Pick<SideNeeds, 'caller' | 'decide' | 'reach' | 'heldAt' | 'resources' | 'clock' | 'log'> & {
    /** What is grave needs the key that a session is bound to as well. Throws `key_proof_required`. */
    readonly proveKey: (request: FastifyRequest, principal: Principal) => Promise<void>;
  },
): Authorization {
  const { clock, log } = needs;
  const asked = new WeakMap<FastifyRequest, JsonObject>();

  const contextOf = (request: FastifyRequest): DecisionContext =>
    needs.caller.kind === 'operator'
      ? { channel: 'socket', address: '127.0.0.1' }
      : { channel: 'network', address: exactAddress(request.ip) };

  function unavailable(request: FastifyRequest, error: unknown): EdgeError {
    log.error('Cannot decide', { correlationId: request.id, ...errorFields(error) });
    return new EdgeError('authorization_unavailable', 'Cannot decide who may do this now: try again', { cause: error });
  }

  async function answerTo(
    request: FastifyRequest,
    { principal, action, resource, proofAgeSeconds }: Question,
  ): Promise<Answer> {
    const context = { ...contextOf(request), ...(proofAgeSeconds === undefined ? {} : { proofAgeSeconds }) };
    try {
      return await needs.decide(principal, action, context, resource);
    } catch (error) {
      throw unavailable(request, error);
    }
  }

  async function decide(request: FastifyRequest, question: Question): Promise<Answer> {
    const answer = await answerTo(request, question);
    if (answer.asked !== undefined) asked.set(request, recordOf(answer.asked, answer));
    return answer;
  }

  function reachOf(request: FastifyRequest, principal: Principal, action: string): Reach {
    try {
      return needs.reach?.(principal, action, contextOf(request)) ?? reachOfEverything;
    } catch (error) {
      throw unavailable(request, error);
    }
  }

  /** The camera or device, where it stands; a site for what is narrowed to some; undefined: the server as a whole. */
  function resourceOf(request: FastifyRequest, principal: Principal, action: string): DecisionResource | undefined {
    const { config } = request.routeOptions;
    const name = nameOf(request);
    const found = name === undefined ? undefined : needs.resources?.find(name);
    if (name !== undefined && found !== undefined) return { ...name, site: found.site };
    if (config.narrowed !== true) return undefined;
    const reach = reachOf(request, principal, action);
    const [site] = reach.everywhere ? [] : reach.sites;
    return site === undefined ? undefined : { kind: 'site', id: site };
  }

  function heldBy(request: FastifyRequest, principal: Principal): Principal {
    try {
      return needs.heldAt?.(principal, contextOf(request)) ?? principal;
    } catch (error) {
      throw unavailable(request, error);
    }
  }

  async function asHeld(request: FastifyRequest, principal: Principal): Promise<Principal> {
    if (principal.kind === 'user') return heldBy(request, principal);
    if (principal.kind !== 'key' && principal.kind !== 'service') return principal;
    const isNarrowed = principal.sites !== undefined || principal.onBehalfOf !== undefined;
    // `heldAt` gives back what it was given where no policy asks for the moment: then all of it is held.
    if (!isNarrowed && heldBy(request, principal) === principal) return principal;
    const scopes: string[] = [];
    for (const action of principal.scopes)
      if ((await answerTo(request, { principal, action })).allowed) scopes.push(action);
    return { ...principal, scopes, madeFor: principal.scopes };
  }

  async function requireProof(request: FastifyRequest, principal: Principal): Promise<void> {
    if (principal.kind !== 'user') return;
    const { scope = '' } = request.routeOptions.config;
    const resource = resourceOf(request, principal, scope);
    const proofAgeSeconds = proofAge(principal, clock.nowMs());
    const decision = await decide(request, { principal, action: scope, resource, proofAgeSeconds });
    if (decision.allowed) return needs.proveKey(request, principal);
    throw new EdgeError('step_up_required', `Cannot do this yet: ${decision.reason}`, {
      details: { scope, reason: decision.reason },
      hint: 'POST /v1/session/step-up, then send the request again',
    });
  }

  return {
    requireProof,
    reachOf,
    asHeld,
    askedOf: (request) => asked.get(request),
    async authorize(request, principal, action) {
      const { config } = request.routeOptions;
      const resource = resourceOf(request, principal, action);
      const decision = await decide(request, { principal, action, resource });
      if (decision.allowed) return;
      if (decision.needsProof === true && principal.kind === 'user') {
        await requireProof(request, principal);
        return;
      }
      const name = nameOf(request);
      const isSomewhere =
        (name !== undefined || config.narrowed === true) && !reachOf(request, principal, action).isNothing;
      if (isSomewhere && config.narrowed === true && name === undefined) return;
      if (isSomewhere && name !== undefined && needs.resources !== undefined) throw needs.resources.absent(name);
      throw new EdgeError(
        'scope_missing',
        `Cannot let ${principal.kind} "${principal.name}" do this: ${decision.reason}; must be allowed "${action}"`,
        {
          details: {
            scope: action,
            reason: decision.reason,
            ...(decision.policies === undefined ? {} : { policies: [...decision.policies] }),
            ...(decision.version === undefined ? {} : { policy_version: decision.version }),
          },
        },
      );
    },
  };
}

function recordOf(asked: JsonObject, { allowed, needsProof, policies, version }: Answer): JsonObject {
  return {
    ...asked,
    answer: allowed ? 'allow' : needsProof === true ? 'needs_proof' : 'deny',
    ...(policies === undefined ? {} : { policies: [...policies] }),
    ...(version === undefined ? {} : { version }),
  };
}

/** The camera or device whose id the path has. */
function nameOf({ routeOptions, params }: FastifyRequest): ResourceName | undefined {
  const { resource } = routeOptions.config;
  if (resource === undefined || typeof params !== 'object' || params === null) return undefined;
  const id = new Map<string, unknown>(Object.entries(params)).get(resource.parameter);
  return typeof id === 'string' ? { kind: resource.kind, id } : undefined;
}

export function isSameReach(one: Reach, other: Reach): boolean {
  const said = ({ everywhere, sites, except }: Reach): string => JSON.stringify([everywhere, sites, except]);
  return said(one) === said(other);
}

const clockToleranceMs = 60_000;

/** Unknown, or later than now since the clock was set back: as old as can be. */
function proofAge({ authenticatedAtMs }: Principal, nowMs: number): number {
  const ageMs = authenticatedAtMs === undefined ? undefined : nowMs - authenticatedAtMs;
  if (ageMs === undefined || ageMs < -clockToleranceMs) return Number.MAX_SAFE_INTEGER;
  return Math.max(0, Math.ceil(ageMs / 1000));
}
