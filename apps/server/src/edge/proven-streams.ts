import type { FastifyRequest } from 'fastify';
import type { Clock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';

/**
 * What goes on for long in a session that is bound to a browser's key (decision 0068): a reply without an end, a socket. Whoever
 * copied the cookie may open one while the cookie is good; it ends with the cookie, unless the browser's key proves that it is
 * its own. A page names each in its address, `?stream=`, with a text nobody can guess, and proves them by name.
 */
export type ProvenStreams = {
  /** The cookie that `request` came with is good for so long. Of others nothing is asked. */
  admit(request: FastifyRequest, goodForMs: number): void;
  /** It goes on from here. Another of the same name and session is over: a name is good for one. */
  begin(request: FastifyRequest, principal: Principal): void;
  end(request: FastifyRequest, principal: Principal): void;
  isOver(request: FastifyRequest): boolean;
  /** For whoever has just proved the key of `principal`'s session. */
  prove(principal: Principal, names: readonly string[]): void;
};

/** As long as a cookie is good. */
const provenMs = 5 * 60_000;
const nameFormat = /^[\w-]{22,64}$/;

export function createProvenStreams(clock: Pick<Clock, 'monotonicMs'>): ProvenStreams {
  const untilMs = new WeakMap<FastifyRequest, number>();
  const holders = new Map<string, FastifyRequest>();

  return {
    admit(request, goodForMs) {
      untilMs.set(request, clock.monotonicMs() + Math.min(goodForMs, provenMs));
    },
    begin(request, principal) {
      const key = keyOf(request, principal);
      if (key === undefined) return;
      const earlier = holders.get(key);
      if (earlier !== undefined && earlier !== request) untilMs.set(earlier, 0);
      holders.set(key, request);
    },
    end(request, principal) {
      const key = keyOf(request, principal);
      if (key !== undefined && holders.get(key) === request) holders.delete(key);
    },
    isOver(request) {
      if (request.routeOptions.config.endsByItself === true) return false;
      const until = untilMs.get(request);
      return until !== undefined && clock.monotonicMs() >= until;
    },
    prove({ sessionId }, names) {
      for (const name of names) {
        const request = sessionId === undefined ? undefined : holders.get(`${sessionId}\n${name}`);
        if (request !== undefined) untilMs.set(request, clock.monotonicMs() + provenMs);
      }
    },
  };
}

function keyOf({ raw }: FastifyRequest, { sessionId, browserKey }: Principal): string | undefined {
  if (sessionId === undefined || browserKey === undefined) return undefined;
  const [, query = ''] = (raw.url ?? '').split('?', 2);
  const [name, ...more] = new URLSearchParams(query).getAll('stream');
  return name !== undefined && more.length === 0 && nameFormat.test(name) ? `${sessionId}\n${name}` : undefined;
}
