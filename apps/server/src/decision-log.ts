import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Ledger } from '@sallyport/ledger';
import type { Decision } from './edge/index.ts';

/** Puts what the edge decided into the ledger. Each is its own stream, so that a retry by the edge is a new record. */
export function createDecisionLog(needs: {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly random: (bytes: number) => Buffer;
}): (decision: Decision) => Promise<void> {
  return async (decision) => {
    const { principal } = decision;
    const { classUid, event } = auditEvent({
      nowMs: decision.lastAtMs,
      actor: principal ?? { kind: 'unknown', id: decision.address, name: 'unauthenticated' },
      action: `request.${decision.outcome}`,
      classUid: ocsfClass.apiActivity,
      activityId: 99,
      outcome: decision.outcome === 'allowed' ? 'success' : 'failure',
      target: { type: 'route', id: decision.route, name: decision.method },
      details: {
        code: decision.code,
        address: decision.address,
        count: decision.count,
        first_at_ms: decision.firstAtMs,
        last_at_ms: decision.lastAtMs,
      },
    });
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
  };
}
