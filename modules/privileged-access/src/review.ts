import type { Client, Principal } from '@sallyport/platform/http';
import { PrivilegeError } from './errors.ts';
import type { DoneWithGrant } from './needs.ts';
import type { Parts } from './parts.ts';
import { inWrongState, personOnly, unknown } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { ourselves, privilegeEvent } from './privilege-audit.ts';
import { dayMs, isReviewOverdue, needsReview } from './request.ts';
import type { PrivilegeRequest } from './request.ts';

/** What was done with a grant, looked at afterwards by somebody who did not hold it. */
export type Reviewing = {
  /** Throws `privilege_not_found`, `privilege_over` before it began. */
  report(request: PrivilegeRequest): Promise<DoneWithGrant>;
  /** Once, when it is over. Throws `privilege_own`, `privilege_approver_only`, `privilege_over`, `privilege_not_found`. */
  review(asked: {
    readonly id: string;
    readonly by: Principal;
    readonly client: Client;
    readonly verdict: 'proper' | 'concern';
    readonly note: string;
  }): Promise<void>;
  overdue(): Promise<readonly PrivilegeRequest[]>;
  /** Says of each overdue one, once a day, that it is. */
  remind(): Promise<void>;
};

/** After its end, what was under way is still written down. */
const trailingMs = 120_000;
const mostAtOnce = 1000;

export function createReviewing(parts: Parts): Reviewing {
  const { database, outbox, clock, store, who } = parts;

  const report = async (request: PrivilegeRequest): Promise<DoneWithGrant> => {
    const { id, startedAtMs, endedAtMs } = request;
    if (startedAtMs === undefined) throw inWrongState(request, 'tell what was done with');
    return parts.doneWith({ id, fromMs: startedAtMs - 1000, toMs: (endedAtMs ?? clock.nowMs()) + trailingMs });
  };

  const overdue = async (): Promise<readonly PrivilegeRequest[]> => {
    const nowMs = clock.nowMs();
    const ended = await store.list(database, { wantsReview: true, limit: mostAtOnce });
    return ended.filter((request) => isReviewOverdue(request, nowMs));
  };

  return {
    report,
    overdue,

    async review({ id, by, client, verdict, note: text }) {
      const note = requirePlain(text, 'note');
      const { id: personId } = personOnly(by);
      const [request, person, settings] = await Promise.all([
        store.find(database, id),
        parts.people.find(personId),
        parts.settings(),
      ]);
      if (request === undefined || person === undefined) throw unknown(id);
      const isTheirs = request.requesterId === personId;
      const isTheirDevice = request.device !== undefined && request.device === by.browserKey;
      if (isTheirs || (isTheirDevice && who.mayDecide(settings, request, person)))
        throw new PrivilegeError('privilege_own', `Cannot review grant "${id}": must be done by somebody else`);
      if (!who.mayDecide(settings, request, person)) {
        if (!by.scopes.includes('users:read')) throw unknown(id);
        throw new PrivilegeError(
          'privilege_approver_only',
          `Cannot review grant "${id}": must be somebody who may approve it`,
        );
      }
      if (request.state !== 'ended') throw inWrongState(request, 'review');
      const { entries, hasMore } = await report(request);
      await database.transaction().execute(async (transaction) => {
        const current = await store.find(transaction, id);
        if (current === undefined) throw unknown(id);
        if (current.decisions.some(({ kind }) => kind === 'review'))
          throw new PrivilegeError('privilege_decided', `Cannot review grant "${id}": it was reviewed`);
        const nowMs = clock.nowMs();
        const looked = { entries: entries.length, hasMore };
        await store.addDecision(transaction, id, {
          personId,
          kind: 'review',
          atMs: nowMs,
          name: person.name,
          note,
          address: client.address,
          verdict,
          looked,
        });
        await outbox.record(
          transaction,
          privilegeEvent({
            nowMs,
            by,
            action: 'privilege.review',
            request: current,
            details: { verdict, note, entries: looked.entries, has_more: hasMore },
          }),
        );
      });
      await outbox.flushed();
    },

    async remind() {
      const nowMs = clock.nowMs();
      const day = Math.floor(nowMs / dayMs);
      for (const request of await overdue()) {
        if ((await store.toldDay(database, request.id)) >= day) continue;
        await database.transaction().execute(async (transaction) => {
          const current = await store.find(transaction, request.id);
          if (current === undefined || !needsReview(current)) return;
          await store.setToldDay(transaction, request.id, day);
          const days = Math.floor((nowMs - (current.reviewDueMs ?? nowMs)) / dayMs);
          const event = { nowMs, by: ourselves, action: 'privilege.review-overdue', request: current } as const;
          await outbox.record(transaction, privilegeEvent({ ...event, details: { days_overdue: days } }));
        });
      }
      await outbox.flushed();
    },
  };
}
