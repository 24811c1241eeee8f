import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { AllowedNow } from './needs.ts';
import type { Parts } from './parts.ts';
import { privilegeEvent } from './privilege-audit.ts';
import type { EndReason, PrivilegeRequest } from './request.ts';
import type { KeptRequest } from './request-row.ts';

type Over = { readonly because: EndReason; readonly by: Actor; readonly note: string };

/** The end of a grant, whoever ends it and wherever it is held. */
export type Ending = {
  /** False where it was not in use, by what was sealed: one whose row was altered ends all the same. */
  endOne(id: string, over: Over): Promise<boolean>;
};

export function createEnding(parts: Parts): Ending {
  const { database, outbox, clock, store, grants, who } = parts;

  async function finish(
    transaction: Transaction,
    request: PrivilegeRequest,
    over: Over & { readonly allowed: AllowedNow },
  ): Promise<{ effective(): void }> {
    const nowMs = clock.nowMs();
    const settings = await parts.settingsIn(transaction);
    const spentMs = Math.max(request.spentMs, Math.floor(grants.spentMs(request.id)));
    const hours = request.kind === 'break-glass' ? settings.breakGlassReviewHours : settings.reviewHours;
    const rule = who.ruleOf(settings, request.role);
    const isReviewed =
      request.kind === 'break-glass' || request.said.dangerous.length > 0 || rule === undefined || rule.isReviewed;
    await store.update(transaction, {
      ...request,
      state: 'ended',
      endedAtMs: nowMs,
      endedBecause: over.because,
      spentMs,
      reviewDueMs: isReviewed ? nowMs + hours * 3_600_000 : undefined,
      said: { ...request.said, endedBy: over.by.name, endNote: over.note },
    });
    await outbox.record(
      transaction,
      privilegeEvent({
        nowMs,
        by: over.by,
        action: 'privilege.end',
        request,
        details: {
          because: over.because,
          note: over.note,
          used_seconds: Math.round(spentMs / 1000),
          reviewed: isReviewed,
        },
      }),
    );
    // A key made with borrowed rights must not outlive them.
    return parts.suspendKeys(transaction, { makerId: request.requesterId, ...over.allowed, by: over.by });
  }

  const isInUse = (request: KeptRequest | undefined): request is KeptRequest => request?.sealedState === 'active';

  return {
    async endOne(id, over) {
      // One that begins just now, or is held by another server, is not held here yet: it ends all the same.
      const ended = grants.find(id) ?? (await store.find(database, id));
      const holder = await parts.people.find(ended?.requesterId ?? '');
      const others = grants.list().filter((one) => one.id !== id && one.requesterId === holder?.id);
      const allowed = holder?.isActive === true ? who.allowedTo(holder, others) : { allowed: [] };
      const stopped = await database.transaction().execute(async (transaction) => {
        const request = await store.current(transaction, id);
        return isInUse(request) ? finish(transaction, request, { ...over, allowed }) : undefined;
      });
      grants.drop(id);
      stopped?.effective();
      // Its account holds nothing else.
      if (ended?.kind === 'break-glass' && ended.sessionId !== undefined && over.because !== 'session_ended')
        await parts.endSession({ id: ended.sessionId, by: over.by, reason: 'the break-glass is over' });
      return stopped !== undefined;
    },
  };
}
