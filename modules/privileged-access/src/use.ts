import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { expire } from './decide.ts';
import { PrivilegeError } from './errors.ts';
import type { AllowedNow, Holder } from './needs.ts';
import type { Parts } from './parts.ts';
import { inWrongState, personOnly, refuseAtRisk, unknown } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { ourselves, privilegeEvent } from './privilege-audit.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import { isExpired, privilegeLimits } from './request.ts';
import type { EndReason, PrivilegeRequest } from './request.ts';

/** The time in which a grant is held: from being taken up to its end, whoever ends it. */
export type Using = {
  /**
   * What was approved begins, for the session it is asked with. Throws `privilege_not_found`, `privilege_over`, `privilege_elsewhere`
   * from another browser than it was asked for in, `privilege_at_risk`, `privilege_separated`, `privilege_not_requestable`.
   */
  takeUp(asked: { readonly id: string; readonly by: Principal; readonly client: Client }): Promise<void>;
  /** By whoever holds it, an approver, or whoever manages people. Throws `privilege_not_found`, `privilege_over`. */
  end(asked: { readonly id: string; readonly by: Principal; readonly note: string }): Promise<void>;
  /** Ends what may not go on: time, session, risk, roles of whoever holds it or approved it. Rejects when it cannot be written. */
  sweep(): Promise<void>;
  /** Holds what was in use when the server stopped. */
  resume(): Promise<void>;
};

const lookEveryMs = 30_000;

export function createUsing(parts: Parts): Using {
  const { database, outbox, clock, store, grants, who } = parts;
  let writtenMs = clock.monotonicMs();
  let lookedMs = -Infinity;

  /** Approvals of people who could not give them any more count for nothing. */
  async function voidApprovals(settings: PrivilegeSettings, request: PrivilegeRequest): Promise<readonly string[]> {
    const approvals = request.decisions.filter(({ kind }) => kind === 'approve');
    const people = await Promise.all(approvals.map(({ personId }) => parts.people.find(personId)));
    return approvals
      .filter((_one, index) => {
        const person = people[index];
        return person === undefined || !who.mayDecide(settings, request, person);
      })
      .map(({ personId }) => personId);
  }

  /** Why a grant may not go on; undefined when it may. */
  async function whyOver(settings: PrivilegeSettings, request: PrivilegeRequest): Promise<EndReason | undefined> {
    if (grants.leftMs(request.id) === 0) return 'time';
    const session = request.sessionId === undefined ? undefined : await parts.session(request.sessionId);
    if (session === undefined || session.userId !== request.requesterId) return 'session_ended';
    if (request.device !== undefined && session.browserKey !== request.device) return 'device_changed';
    if (request.kind === 'break-glass') return undefined;
    const person = await parts.people.find(request.requesterId);
    const rule = who.ruleOf(settings, request.role);
    if (person === undefined || !person.isActive) return 'requester_changed';
    if (rule === undefined) return 'rules_changed';
    if (!who.mayAsk(rule, person, request.site)) return 'requester_changed';
    const { violations, needed } = who.bring(settings, person, rule, request);
    if (violations.length > 0) return 'rules_changed';
    // The role may by now be good for more than was approved, or be held for a shorter time.
    if (yesesOf(request) < needed || grants.spentMs(request.id) >= rule.maxMinutes * 60_000) return 'rules_changed';
    const risk = parts.risk(person);
    // Nobody can tell: what is grave asks for a proof then, and nothing new begins. What was begun goes on to its end.
    if (risk?.isFresh === true && risk.value >= settings.endAtRisk) return 'risk';
    return (await voidApprovals(settings, request)).length > 0 ? 'approver_changed' : undefined;
  }

  async function finish(
    transaction: Transaction,
    request: PrivilegeRequest,
    over: { readonly because: EndReason; readonly by: Actor; readonly note: string; readonly allowed: AllowedNow },
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

  async function endOne(id: string, over: { because: EndReason; by: Actor; note: string }): Promise<boolean> {
    // One that begins just now is not held yet: it ends all the same.
    const ended = grants.find(id) ?? (await store.find(database, id));
    const holder = await parts.people.find(ended?.requesterId ?? '');
    const others = grants.list().filter((one) => one.id !== id && one.requesterId === holder?.id);
    const allowed = holder?.isActive === true ? who.allowedTo(holder, others) : { allowed: [] };
    const stopped = await database.transaction().execute(async (transaction) => {
      const request = await store.find(transaction, id);
      return request?.state === 'active' ? finish(transaction, request, { ...over, allowed }) : undefined;
    });
    grants.drop(id);
    stopped?.effective();
    // Its account holds nothing else.
    if (ended?.kind === 'break-glass' && ended.sessionId !== undefined && over.because !== 'session_ended')
      await parts.endSession({ id: ended.sessionId, by: over.by, reason: 'the break-glass is over' });
    return stopped !== undefined;
  }

  async function requireStillMeant(
    settings: PrivilegeSettings,
    request: PrivilegeRequest,
    person: Holder,
  ): Promise<void> {
    const rule = who.ruleOf(settings, request.role);
    if (rule === undefined || !who.mayAsk(rule, person, request.site))
      throw new PrivilegeError(
        'privilege_not_requestable',
        `Cannot take up request "${request.id}": its rules or your roles have changed since`,
      );
    if (request.minutes > rule.maxMinutes)
      throw new PrivilegeError(
        'privilege_not_requestable',
        `Cannot take up request "${request.id}" for ${request.minutes} minutes: must be at most ${rule.maxMinutes} by now`,
      );
    const [broken] = who.bring(settings, person, rule, request).violations;
    if (broken !== undefined)
      throw new PrivilegeError(
        'privilege_separated',
        `Cannot take up request "${request.id}": nobody may hold "${broken.one}" and "${broken.other}" together`,
      );
    refuseAtRisk(parts, settings, person, `take up request "${request.id}"`);
  }

  /** People whose approval counts no more, and how many must approve by now. */
  async function waitAgain(request: PrivilegeRequest, personIds: readonly string[], needed: number): Promise<never> {
    await database.transaction().execute(async (transaction) => {
      const current = await store.find(transaction, request.id);
      if (current?.state !== 'approved') return;
      for (const personId of personIds) await store.removeDecision(transaction, request.id, personId, 'approve');
      await store.update(transaction, { ...current, needed, state: 'pending' });
      await outbox.record(
        transaction,
        privilegeEvent({
          nowMs: clock.nowMs(),
          by: ourselves,
          action: 'privilege.approval-void',
          request,
          details: { approvers: [...personIds], needed, needed_before: current.needed },
        }),
      );
    });
    await outbox.flushed();
    throw new PrivilegeError(
      'privilege_over',
      `Cannot take up request "${request.id}": somebody who approved it may not any more, or it takes more people by now, so it waits for approval again`,
    );
  }

  return {
    async takeUp({ id, by, client }) {
      const { id: personId, sessionId } = personOnly(by);
      const [request, person, settings] = await Promise.all([
        store.find(database, id),
        parts.people.find(personId),
        parts.settings(),
      ]);
      if (request === undefined || person === undefined || request.requesterId !== personId) throw unknown(id);
      const isElsewhere =
        request.device === undefined ? request.sessionId !== sessionId : request.device !== by.browserKey;
      if (isElsewhere)
        throw new PrivilegeError(
          'privilege_elsewhere',
          `Cannot take up request "${id}" here: it was approved for the ${request.device === undefined ? 'session' : 'browser'} it was asked for in`,
          { hint: 'ask anew from here' },
        );
      await requireStillMeant(settings, request, person);
      if (request.state === 'approved') {
        const gone = await voidApprovals(settings, request);
        const rule = who.ruleOf(settings, request.role);
        const needed = Math.max(
          request.needed,
          rule === undefined ? 2 : who.bring(settings, person, rule, request).needed,
        );
        if (gone.length > 0 || yesesOf(request) < needed) await waitAgain(request, gone, needed);
      }
      const unusual = [
        ...(client.address === request.said.address ? [] : ['address']),
        ...(request.said.isNewDevice ? ['device'] : []),
      ];
      const begun = await database.transaction().execute(async (transaction) => {
        const current = await store.find(transaction, id);
        if (current === undefined) throw unknown(id);
        const nowMs = clock.nowMs();
        if (isExpired(current, nowMs)) {
          await expire(parts, transaction, current, nowMs);
          return undefined;
        }
        if (current.state !== 'approved' || yesesOf(current) < current.needed) throw inWrongState(current, 'take up');
        const started: PrivilegeRequest = {
          ...current,
          state: 'active',
          sessionId,
          startedAtMs: nowMs,
          spentMs: 0,
          said: { ...current.said, unusual },
        };
        await store.update(transaction, started);
        await outbox.record(
          transaction,
          privilegeEvent({
            nowMs,
            by,
            action: 'privilege.take-up',
            request: started,
            details: {
              grant_id: id,
              address: client.address,
              address_changed: unusual.includes('address'),
              device_new: unusual.includes('device'),
              approved_by: current.decisions.filter(({ kind }) => kind === 'approve').map(({ name }) => name),
            },
          }),
        );
        grants.expect(id);
        return started;
      });
      await outbox.flushed();
      if (begun === undefined)
        throw new PrivilegeError('privilege_over', `Cannot take up request "${id}": it has expired`);
      // Not before the ledger holds it: what cannot be recorded does not happen.
      if (grants.begin(begun)) return;
      throw new PrivilegeError('privilege_over', `Cannot take up request "${id}": somebody has ended it meanwhile`);
    },

    async end({ id, by, note: text }) {
      const note = requirePlain(text, 'note');
      const request = await store.find(database, id);
      if (request === undefined) throw unknown(id);
      const isOwn = by.kind === 'user' && by.id === request.requesterId;
      const isApprover = request.decisions.some(({ kind, personId }) => kind === 'approve' && personId === by.id);
      if (!isOwn && !(by.kind === 'user' && isApprover) && !by.scopes.includes('users:manage')) throw unknown(id);
      const isEnded = await endOne(id, { because: isOwn ? 'given_back' : 'revoked', by, note });
      if (!isEnded) throw inWrongState(request, 'end');
      await outbox.flushed();
    },

    async sweep() {
      await dropEnded();
      const active = grants.list();
      if (active.length > 0) {
        const settings = await parts.settings();
        const failures: unknown[] = [];
        for (const request of active) {
          try {
            const because = await whyOver(settings, request);
            if (because !== undefined) await endOne(request.id, { because, by: ourselves, note: '' });
          } catch (error) {
            // One that cannot be looked at keeps no other from ending.
            failures.push(error);
          }
        }
        if (failures.length > 0) throw failures[0];
        if (clock.monotonicMs() - writtenMs >= privilegeLimits.writeSpentMs) {
          writtenMs = clock.monotonicMs();
          for (const { id } of grants.list()) await store.setSpent(database, id, grants.spentMs(id));
        }
      }
      if (clock.monotonicMs() - lookedMs >= lookEveryMs) {
        lookedMs = clock.monotonicMs();
        await expireWaiting();
      }
      await outbox.flushed();
    },

    async resume() {
      for (const request of await store.list(database, { states: ['active'], limit: 1000 })) grants.hold(request);
    },
  };

  function yesesOf({ decisions }: PrivilegeRequest): number {
    return decisions.filter(({ kind }) => kind === 'approve').length;
  }

  /** Another server on the same database may have ended some. */
  async function dropEnded(): Promise<void> {
    // What is taken up while this is read is not among them.
    const held = grants.list();
    if (held.length === 0) return;
    const going = new Set((await store.list(database, { states: ['active'], limit: 10_000 })).map(({ id }) => id));
    for (const { id } of held) if (!going.has(id)) grants.drop(id);
  }

  async function expireWaiting(): Promise<void> {
    const nowMs = clock.nowMs();
    const states = ['pending', 'approved'] as const;
    for (const waiting of await store.list(database, { states, limit: privilegeLimits.open })) {
      if (!isExpired(waiting, nowMs)) continue;
      await database.transaction().execute(async (transaction) => {
        const current = await store.find(transaction, waiting.id);
        if (current !== undefined && isExpired(current, nowMs)) await expire(parts, transaction, current, nowMs);
      });
    }
  }
}
