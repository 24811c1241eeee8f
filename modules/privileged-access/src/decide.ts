import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { PrivilegeError } from './errors.ts';
import type { Parts } from './parts.ts';
import { anyPerson, inWrongState, personOnly, refuseAtRisk, unknown } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { ourselves, privilegeEvent } from './privilege-audit.ts';
import { isExpired, stateAt, wordsOfPart } from './request.ts';
import type { PrivilegeDecision, PrivilegeRequest } from './request.ts';

export type Decided = {
  readonly id: string;
  readonly by: Principal;
  readonly client: Client;
  readonly note: string;
};

/** Saying yes or no to somebody's request; each person once, nobody to their own. */
export type Deciding = {
  /** The last of those needed lets it be taken up. Throws `privilege_own`, `privilege_approver_only`, `privilege_at_risk`, `privilege_decided`, `privilege_over`, `privilege_not_found`. */
  approve(decided: Decided): Promise<void>;
  /** One no is enough, from a risk that would not let them say yes, too. */
  deny(decided: Decided): Promise<void>;
};

export function createDeciding(parts: Parts): Deciding {
  const { database, outbox, clock, store, who } = parts;

  /** Somebody who may decide; who tries it on their own request leaves a record of it. */
  async function judge({ id, by, client }: Decided, isYes: boolean): Promise<void> {
    const personId = isYes ? personOnly(by).id : anyPerson(by);
    const [request, person, settings] = await Promise.all([
      store.find(database, id),
      parts.people.find(personId),
      parts.settings(),
    ]);
    if (request === undefined || person === undefined || request.kind !== 'request') throw unknown(id);
    const isTheirs = request.requesterId === personId;
    // The same browser is the same hands, whatever account it is signed in with.
    const isTheirDevice = request.device !== undefined && request.device === by.browserKey;
    if (isYes && (isTheirs || isTheirDevice)) {
      await database.transaction().execute((transaction) =>
        outbox.record(
          transaction,
          privilegeEvent({
            nowMs: clock.nowMs(),
            by,
            action: 'privilege.own-decision',
            request,
            outcome: 'failure',
            details: { same_account: isTheirs, same_browser: isTheirDevice, address: client.address },
          }),
        ),
      );
      await outbox.flushed();
      throw new PrivilegeError(
        'privilege_own',
        isTheirs
          ? `Cannot approve request "${id}": it is your own`
          : `Cannot approve request "${id}": it was made in this very browser, must be approved on another person’s device`,
      );
    }
    if (!who.mayDecide(settings, request, person)) {
      if (isTheirs) throw inWrongState({ ...request, state: stateAt(request, clock.nowMs()) }, 'deny your own');
      // Whoever has no business with it does not learn that there is one.
      if (!by.scopes.includes('users:read')) throw unknown(id);
      throw new PrivilegeError(
        'privilege_approver_only',
        `Cannot decide about request "${id}": must be somebody whose own role may approve "${request.role}"`,
      );
    }
    if (isYes) refuseAtRisk(parts, settings, person, `approve request "${id}"`);
  }

  async function decide(decided: Decided, kind: 'approve' | 'deny'): Promise<void> {
    const { id, by, client } = decided;
    const note = requirePlain(decided.note, 'note');
    await judge(decided, kind === 'approve');
    const isLate = await database.transaction().execute(async (transaction) => {
      const request = await store.current(transaction, id);
      if (request === undefined) throw unknown(id);
      const nowMs = clock.nowMs();
      if (isExpired(request, nowMs)) {
        await expire(parts, transaction, request, nowMs);
        return true;
      }
      const isOpen = request.state === 'pending' || (kind === 'deny' && request.state === 'approved');
      if (request.decisions.some((one) => one.personId === by.id && one.kind === kind))
        throw new PrivilegeError(
          'privilege_decided',
          `Cannot decide about request "${id}" again: you have approved it`,
        );
      if (!isOpen) throw inWrongState(request, kind);
      const decision: PrivilegeDecision = {
        personId: by.id,
        kind,
        atMs: nowMs,
        name: by.name,
        note,
        address: client.address,
        about: wordsOfPart(request),
      };
      await store.addDecision(transaction, id, decision);
      const yeses = request.decisions.filter((one) => one.kind === 'approve').length + 1;
      const state = kind === 'deny' ? 'denied' : yeses >= request.needed ? 'approved' : 'pending';
      await store.update(transaction, {
        ...request,
        state,
        decisions: [...request.decisions, decision],
        ...(state === 'denied' ? { endedAtMs: nowMs } : {}),
      });
      await outbox.record(
        transaction,
        privilegeEvent({
          nowMs,
          by,
          action: kind === 'approve' ? 'privilege.approve' : 'privilege.deny',
          request,
          details: {
            note,
            address: client.address,
            same_address: client.address === request.said.address,
            approvals: kind === 'approve' ? yeses : yeses - 1,
            needed: request.needed,
          },
        }),
      );
      return false;
    });
    await outbox.flushed();
    if (isLate) throw new PrivilegeError('privilege_over', `Cannot ${kind} request "${id}": it has expired`);
  }

  return {
    approve: (decided) => decide(decided, 'approve'),
    deny: (decided) => decide(decided, 'deny'),
  };
}

/** Writes down that nobody decided or took it up in time. */
export async function expire(
  parts: Pick<Parts, 'store' | 'outbox'>,
  transaction: Transaction,
  request: PrivilegeRequest,
  nowMs: number,
): Promise<void> {
  await parts.store.update(transaction, { ...request, state: 'expired', endedAtMs: nowMs });

  await parts.outbox.record(transaction, privilegeEvent({ nowMs, by: ourselves, action: 'privilege.expire', request }));
}
