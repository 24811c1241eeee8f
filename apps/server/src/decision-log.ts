import { isJsonObject, ocsfClass } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Ledger } from '@sallyport/ledger';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { Decision } from './edge/index.ts';

export type DecisionLog = {
  /** Resolves when the decision is durable, or, for a read or a sending like those the caller just made, when it is counted. */
  record(decision: Decision): Promise<void>;
  /** Writes what is counted. Rejects when that was not possible. */
  close(): Promise<void>;
};

const gatherMs = 60_000;
/** Callers whose requests are gathered at once; those of further ones are written as they come. */
const maxCallers = 1000;
const maxRoutes = 64;
/** What is sent with it stands in the ledger by itself. */
const sendingScope = 'events:write';
/**
 * Of runs of agents: each request that is answered put at least one record of that run into the ledger first. Hooks and calls say it one by
 * one (`leftRecord`): of those that are only told of, and calls that have to be asked again, the trail of requests is the only record.
 */
const recordedRoutes: ReadonlySet<string> = new Set([
  '/v1/agent/gateway/missed',
  '/v1/agent/gateway/sign-ins',
  '/v1/agent/outages',
]);

type Requests = { readonly route: string; readonly count: number; readonly asked?: JsonObject };

type Gathered = {
  /** Of the newest decision: who, from where. */
  readonly like: Decision;
  /** By route and what it was about, with the question of the newest. */
  readonly routes: ReadonlyMap<string, Requests>;
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

/**
 * Puts what the edge decided into the ledger. Denials and requests that may change something are written one by one, as the edge
 * counts them. Reads let through are written at the caller's first, and from then on, for as long as the caller goes on, gathered: one
 * record a minute, caller and address, with the routes and how often. So are requests that send events, each of which stands in
 * the ledger itself, under the source that sent it, and of runs of agents those that always leave a record of their own. A crash loses
 * what was gathered in its last minute, of a caller whose presence stands in the ledger already. Each record is its own stream, so that a
 * retry by the edge is a new one.
 */
export function createDecisionLog(needs: {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly random: (bytes: number) => Buffer;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly log: Pick<Log, 'warn'>;
}): DecisionLog {
  /** By caller, address and whether it reads or sends; undefined when the first was written and none came since. */
  let gathered = new Map<string, Gathered | undefined>();
  let writing: Promise<void> = Promise.resolve();

  async function write(decision: Decision, target: { id: string; name: string }, details: JsonObject): Promise<void> {
    const { classUid, event: made } = auditEvent({
      nowMs: decision.lastAtMs,
      actor: decision.principal ?? { kind: 'unknown', id: decision.address, name: 'unauthenticated' },
      action: `request.${decision.outcome}`,
      classUid: ocsfClass.apiActivity,
      activityId: 99,
      outcome: decision.outcome === 'allowed' ? 'success' : 'failure',
      target: { type: 'route', ...target },
      details: {
        code: decision.code,
        address: decision.address,
        count: decision.count,
        first_at_ms: decision.firstAtMs,
        last_at_ms: decision.lastAtMs,
        ...(decision.why === undefined ? {} : { why: decision.why }),
        ...(decision.requestIds === undefined ? {} : { request_ids: [...decision.requestIds] }),
        ...(decision.asked === undefined ? {} : { asked: decision.asked }),
        ...details,
      },
    });
    const { agent, principal } = decision;
    const { grantIds = [] } = principal ?? {};
    const event = {
      ...made,
      ...(grantIds.length === 0 ? {} : { unmapped: withGrants(made['unmapped'], grantIds) }),
      ...(principal?.sessionId === undefined ? {} : { session: { uid: principal.sessionId } }),
      ...(agent === undefined || agent === '' ? {} : { http_request: { user_agent: agent } }),
    };
    await needs.ledger.append({
      collector: 'audit',
      priority: 'control',
      entries: [
        {
          classUid,
          sequence: 0,
          stream: `decision/${needs.random(16).toString('hex')}`,
          body: Buffer.from(JSON.stringify(event)),
        },
      ],
    });
  }

  const writeOne = (decision: Decision): Promise<void> =>
    write(decision, { id: decision.route, name: decision.method }, {});

  async function writeGathered(): Promise<void> {
    const held = gathered;
    // Who came since goes on being gathered; who did not starts anew.
    gathered = new Map([...held].filter(([, one]) => one !== undefined).map(([caller]) => [caller, undefined]));
    for (const [caller, one] of held) {
      if (one === undefined) continue;
      try {
        const { like, count, firstAtMs, lastAtMs } = one;
        const routes = [...one.routes.values()].map(shownRequests);
        const name = kindOf(like) ?? 'reads';
        await write({ ...like, count, firstAtMs, lastAtMs }, { id: 'several', name }, { routes });
        held.delete(caller);
      } catch (error) {
        for (const [waiting, left] of held)
          if (left !== undefined) gathered.set(waiting, merged(gathered.get(waiting), left));
        throw error;
      }
    }
  }

  const flush = (): Promise<void> => {
    const written = writing.then(writeGathered);
    writing = written.catch(() => undefined);
    return written;
  };
  const stop = needs.every(gatherMs, () => {
    flush().catch((error: unknown) =>
      needs.log.warn('Cannot record requests let through yet', { reason: messageOf(error) }),
    );
  });

  return {
    async record(decision) {
      const caller = callerOf(decision);
      if (caller === undefined) return writeOne(decision);
      if (gathered.has(caller)) {
        gathered.set(caller, merged(gathered.get(caller), oneOf(decision)));
        return undefined;
      }
      await writeOne(decision);
      if (gathered.size < maxCallers && !gathered.has(caller)) gathered.set(caller, undefined);
      return undefined;
    },
    async close() {
      stop();
      await flush();
    },
  };
}

function withGrants(unmapped: JsonValue | undefined, grantIds: readonly string[]): JsonObject {
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  return { sallyport: { ...(isJsonObject(own) ? own : {}), grant_ids: [...grantIds] } };
}

/** Who asked stands in the record once; of each route what it asked for. */
function shownRequests({ route, count, asked }: Requests): JsonObject {
  if (asked === undefined) return { route, count };
  const { action = null, resource, facts, answer = null } = asked;
  return {
    route,
    count,
    action,
    answer,
    ...(resource === undefined ? {} : { resource }),
    ...(facts === undefined ? {} : { facts }),
  };
}

/** Whose request it is; undefined for what is never gathered. */
function callerOf(decision: Decision): string | undefined {
  const { principal, address, agent } = decision;
  const kind = kindOf(decision);
  return kind === undefined || principal === undefined
    ? undefined
    : JSON.stringify([kind, principal.kind, principal.id, principal.sessionId, principal.grantIds, address, agent]);
}

/** Undefined for what changes something that nothing else records, and for what was refused. */
function kindOf({ outcome, method, route, scope, leftRecord }: Decision): 'reads' | 'sendings' | undefined {
  if (outcome !== 'allowed') return undefined;
  if (method === 'GET' || method === 'HEAD') return 'reads';
  const isRecorded =
    leftRecord === true || scope === sendingScope || (scope === 'agents:report' && recordedRoutes.has(route));
  return isRecorded ? 'sendings' : undefined;
}

function oneOf(decision: Decision): Gathered {
  const { method, route, count, firstAtMs, lastAtMs, asked } = decision;
  const requests = { route: `${method} ${route}`, count, ...(asked === undefined ? {} : { asked }) };
  const name = JSON.stringify([requests.route, asked?.['resource'], asked?.['answer']]);
  return { like: decision, routes: new Map([[name, requests]]), count, firstAtMs, lastAtMs };
}

function merged(before: Gathered | undefined, more: Gathered): Gathered {
  if (before === undefined) return more;
  const routes = new Map(before.routes);
  for (const [name, requests] of more.routes) {
    const isTold = routes.has(name) || routes.size < maxRoutes;
    const kept = isTold ? requests : { route: 'others', count: requests.count };
    const key = isTold ? name : 'others';
    routes.set(key, { ...kept, count: (routes.get(key)?.count ?? 0) + kept.count });
  }
  return {
    like: more.like,
    routes,
    count: before.count + more.count,
    firstAtMs: Math.min(before.firstAtMs, more.firstAtMs),
    lastAtMs: Math.max(before.lastAtMs, more.lastAtMs),
  };
}
