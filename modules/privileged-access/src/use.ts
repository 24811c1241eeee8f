import type { Transaction } from '@sallyport/platform/database';
import type { Client, Principal } from '@sallyport/platform/http';
import { voidApprovals, yesesOf } from './approvals.ts';
import { expire } from './decide.ts';
import type { Ending } from './ending.ts';
import { PrivilegeError } from './errors.ts';
import type { Holder } from './needs.ts';
import type { Parts } from './parts.ts';
import { inWrongState, personOnly, refuseAtRisk, unknown } from './parts.ts';
import { requirePlain } from './plain-words.ts';
import { ourselves, privilegeEvent } from './privilege-audit.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import { isExpired } from './request.ts';
import type { PrivilegeRequest } from './request.ts';
import { rolesAnywhereOf } from './who-decides.ts';

/** From what was approved to what is held, and its end by hand. */
export type Using = {
  /**
   * What was approved begins, for the session it is asked with. Throws `privilege_not_found`, `privilege_over`, `privilege_elsewhere`
   * from another browser than it was asked for in, `privilege_at_risk`, `privilege_separated`, `privilege_not_requestable`.
   */
  takeUp(asked: { readonly id: string; readonly by: Principal; readonly client: Client }): Promise<void>;
  /** By whoever holds it, an approver, or whoever manages people. Throws `privilege_not_found`, `privilege_over`. */
  end(asked: { readonly id: string; readonly by: Principal; readonly note: string }): Promise<void>;
};

export function createUsing(parts: Parts, { endOne }: Ending): Using {
  const { database, outbox, clock, store, grants, who } = parts;

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
    const [broken] = who.bring(settings, person, rule, { ...request, heldNow: grants.rolesBeside(request) }).violations;
    if (broken !== undefined)
      throw new PrivilegeError(
        'privilege_separated',
        `Cannot take up request "${request.id}": nobody may hold "${broken.one}" and "${broken.other}" together`,
      );
    refuseAtRisk(parts, settings, person, `take up request "${request.id}"`);
  }

  /** By what they hold for now, at whichever server they took it up. */
  async function refuseBeside(
    transaction: Transaction,
    settings: PrivilegeSettings,
    person: Holder,
    request: PrivilegeRequest,
  ): Promise<void> {
    const held = (await store.open(transaction)).filter(
      ({ id, state, requesterId }) => state === 'active' && requesterId === request.requesterId && id !== request.id,
    );
    const roles = [...rolesAnywhereOf(person), ...held.map(({ role }) => role), request.role];
    const [broken] = who.violations(settings, roles);
    if (broken === undefined) return;
    throw new PrivilegeError(
      'privilege_separated',
      `Cannot take up request "${request.id}": nobody may hold "${broken.one}" and "${broken.other}" together`,
    );
  }

  /** People whose approval counts no more, and how many must approve by now. */
  async function waitAgain(request: PrivilegeRequest, personIds: readonly string[], needed: number): Promise<never> {
    await database.transaction().execute(async (transaction) => {
      const current = await store.current(transaction, request.id);
      if (current?.state !== 'approved') return;
      for (const personId of personIds) await store.removeDecision(transaction, request.id, personId, 'approve');
      const decisions = current.decisions.filter((one) => one.kind !== 'approve' || !personIds.includes(one.personId));
      await store.update(transaction, { ...current, needed, state: 'pending', decisions });
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
        const gone = await voidApprovals(parts, settings, request);
        const rule = who.ruleOf(settings, request.role);
        const needed = Math.max(
          request.needed,
          rule === undefined ? 2 : who.bring(settings, person, rule, { ...request, heldNow: [] }).needed,
        );
        if (gone.length > 0 || yesesOf(request) < needed) await waitAgain(request, gone, needed);
      }
      const unusual = [
        ...(client.address === request.said.address ? [] : ['address']),
        ...(request.said.isNewDevice ? ['device'] : []),
      ];
      const begun = await database.transaction().execute(async (transaction) => {
        const current = await store.current(transaction, id);
        if (current === undefined) throw unknown(id);
        const nowMs = clock.nowMs();
        if (isExpired(current, nowMs)) {
          await expire(parts, transaction, current, nowMs);
          return undefined;
        }
        if (current.state !== 'approved' || yesesOf(current) < current.needed) throw inWrongState(current, 'take up');
        // Of two that are taken up at the same moment, wherever, one is there before the other.
        await refuseBeside(transaction, settings, person, current);
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
      await outbox.flushed().catch((error: unknown) => {
        // It began all the same: it is held, here and elsewhere, as soon as the ledger has it.
        grants.drop(id);
        throw error;
      });
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
  };
}
