import type { Principal } from '@sallyport/platform/http';
import type { EdgeNeeds, Decision } from './needs.ts';

/** One request's decision, before counting. */
export type SingleDecision = {
  readonly outcome: Decision['outcome'];
  readonly code: string;
  readonly method: string;
  readonly route: string;
  /** What the route asks for; undefined when none was reached. */
  readonly scope?: string;
  readonly principal?: Principal;
  readonly why?: NonNullable<Decision['why']>;
  readonly asked?: NonNullable<Decision['asked']>;
  readonly requestIds?: NonNullable<Decision['requestIds']>;
  readonly address: string;
  /** Of a session: the browser's name as it gives it; untrusted. */
  readonly agent?: string;
  readonly leftRecord?: NonNullable<Decision['leftRecord']>;
};

export type DecisionRecorder = {
  /** Resolves when the decision is recorded by itself. */
  recordNow(decision: SingleDecision): Promise<void>;
  /** Counts the decision with those like it; they are recorded together about a second later. Never dropped uncounted. */
  count(decision: SingleDecision): void;
  /** Records what is counted, and stops. Rejects when it could not be recorded. */
  close(): Promise<void>;
};

const windowMs = 1000;
/** Kinds of decisions told apart in one window; the address and caller of further ones are given up, their number is not. */
const maxKinds = 1000;
/** Of requests that were refused alike; who comes later with the id of another is told by time and person. */
const maxRequestIds = 8;

export function createDecisionRecorder(needs: Pick<EdgeNeeds, 'clock' | 'log' | 'recordDecision'>): DecisionRecorder {
  const { clock, log } = needs;
  let counted = new Map<string, Decision>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();

  const add = (decision: Decision): void => {
    const known = kindOf(decision);
    const kept = counted.has(known) || counted.size < maxKinds ? decision : withoutCaller(decision);
    const kind = kindOf(kept);
    const before = counted.get(kind);
    if (before === undefined) counted.set(kind, kept);
    else
      counted.set(kind, {
        ...before,
        count: before.count + kept.count,
        ...(before.requestIds === undefined
          ? {}
          : { requestIds: [...before.requestIds, ...(kept.requestIds ?? [])].slice(0, maxRequestIds) }),
        lastAtMs: Math.max(before.lastAtMs, kept.lastAtMs),
      });
  };

  const flush = async (): Promise<void> => {
    const decisions = [...counted.values()];
    counted = new Map();
    for (const [index, decision] of decisions.entries()) {
      try {
        await needs.recordDecision(decision);
      } catch (error) {
        // Counted again, to be recorded with the next window.
        for (const remaining of decisions.slice(index)) add(remaining);
        throw error;
      }
    }
  };

  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      flushing = flushing.then(flush).catch((error: unknown) => {
        log.warn('Cannot record decisions yet', { reason: String(error), kinds: counted.size });
        schedule();
      });
    }, windowMs);
    timer.unref();
  };

  const single = (decision: SingleDecision): Decision => {
    const nowMs = clock.nowMs();
    return { ...decision, count: 1, firstAtMs: nowMs, lastAtMs: nowMs };
  };

  return {
    recordNow: (decision) => needs.recordDecision(single(decision)),
    count(decision) {
      add(single(decision));
      schedule();
    },
    async close() {
      clearTimeout(timer);
      await flushing;
      clearTimeout(timer);
      await flush();
    },
  };
}

function kindOf({ outcome, code, method, route, principal, address, agent, asked, leftRecord }: Decision): string {
  return JSON.stringify([
    outcome,
    code,
    method,
    route,
    principal?.kind,
    principal?.id,
    principal?.sessionId,
    principal?.grantIds,
    address,
    agent,
    asked?.['resource'],
    asked?.['answer'],
    leftRecord,
  ]);
}

/** Codes, methods and routes are few; callers and addresses may be many. */
function withoutCaller({ principal: _principal, agent: _agent, asked: _asked, ...decision }: Decision): Decision {
  return { ...decision, address: 'various' };
}
