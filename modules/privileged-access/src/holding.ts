import type { Transaction } from '@sallyport/platform/database';
import { voidApprovals, yesesOf } from './approvals.ts';
import { expire } from './decide.ts';
import type { Ending } from './ending.ts';
import { sealOlderForm } from './older-form.ts';
import type { Parts } from './parts.ts';
import { ourselves, privilegeEntityEvent, privilegeEvent } from './privilege-audit.ts';
import type { PrivilegeSettings } from './privilege-settings.ts';
import { isExpired, privilegeLimits } from './request.ts';
import type { EndReason, PrivilegeRequest } from './request.ts';
import type { KeptRequest } from './request-row.ts';
import { openStates } from './request-store.ts';

/** What is in use is held by every server on the database, and ends at each of them. */
type Holding = {
  /** At a start: holds what was in use when the server stopped, and what other servers have in use. */
  resume(): Promise<void>;
  /** Takes up what other servers began and drops what they ended; ends what may not go on. Rejects when it cannot be written. */
  sweep(): Promise<void>;
};

const lookEveryMs = 30_000;

export function createHolding(parts: Parts, { endOne }: Ending): Holding {
  const { database, outbox, clock, store, grants, who, roll } = parts;
  let writtenMs = clock.monotonicMs();
  let lookedMs = -Infinity;

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
    const { violations, needed } = who.bring(settings, person, rule, {
      ...request,
      heldNow: grants.rolesBeside(request),
    });
    if (violations.length > 0) return 'rules_changed';
    // The role may by now be good for more than was approved, or be held for a shorter time.
    if (yesesOf(request) < needed || grants.spentMs(request.id) >= rule.maxMinutes * 60_000) return 'rules_changed';
    const risk = parts.risk(person);
    // Nobody can tell: what is grave asks for a proof then, and nothing new begins. What was begun goes on to its end.
    if (risk?.isFresh === true && risk.value >= settings.endAtRisk) return 'risk';
    return (await voidApprovals(parts, settings, request)).length > 0 ? 'approver_changed' : undefined;
  }

  const opened = (): Promise<KeptRequest[]> => database.transaction().execute((transaction) => store.open(transaction));
  const inUse = (found: readonly KeptRequest[]): readonly KeptRequest[] =>
    found.filter(({ state }) => state === 'active');

  /** As it stands in the database: ended there is ended here, begun there is held here once the ledger has it. */
  async function follow(): Promise<void> {
    // What is taken up here while this is read is not among them.
    const held = grants.list();
    const found = await opened();
    const going = inUse(found);
    const failures: unknown[] = [];
    for (const one of held)
      if (!going.some(({ id }) => id === one.id)) await letGo(one).catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
    for (const stray of found.filter(({ isAltered }) => isAltered === true)) await settleStray(stray);
    const begun = going.filter(({ id }) => grants.find(id) === undefined && !grants.isExpected(id));
    if (begun.length === 0) return;
    for (const { id } of begun) grants.expect(id);
    try {
      await outbox.flushed();
      const still = inUse(await opened());
      // Whoever ended one here meanwhile has dropped it.
      for (const { id } of begun) {
        const request = still.find((one) => one.id === id);
        if (request === undefined) grants.drop(id);
        else grants.begin(request);
      }
    } catch (error) {
      for (const { id } of begun) if (grants.find(id) === undefined) grants.drop(id);
      throw error;
    }
  }

  /**
   * Held here and not in use by its row. Whoever ended it wrote that it ended; a row of before that was put back, one that nobody can
   * read and one that is gone say nothing about it: it ends as what is held in memory, which was in use, and is looked at.
   */
  async function letGo(held: PrivilegeRequest): Promise<void> {
    const spentMs = Math.floor(grants.spentMs(held.id));
    try {
      const isOver = await database.transaction().execute(async (transaction) => {
        const current = await store.current(transaction, held.id);
        if (current !== undefined && (current.isAltered !== true || current.sealedState === 'ended')) return true;
        const request = { ...held, state: 'active', spentMs } as const;
        await (current === undefined ? store.insert(transaction, request) : store.update(transaction, request));
        const details = { sealed_state: current?.sealedState ?? null };
        const event = { nowMs: clock.nowMs(), by: ourselves, action: 'privilege.altered', request: held } as const;
        await outbox.record(transaction, privilegeEvent({ ...event, outcome: 'failure', details }));
        return false;
      });
      if (!isOver) await endOne(held.id, { because: 'altered', by: ourselves, note: '' });
    } finally {
      grants.drop(held.id);
    }
  }

  /** A row that is not what was written, or not what was written last, is over: what it gives is nothing, and it is told. */
  async function settleStray({ id, sealedState }: KeptRequest): Promise<void> {
    const tell = (transaction: Transaction, request: KeptRequest): Promise<void> => {
      const details = { sealed_state: request.sealedState ?? null };
      const event = { nowMs: clock.nowMs(), by: ourselves, action: 'privilege.altered', request } as const;
      return outbox.record(transaction, privilegeEvent({ ...event, outcome: 'failure', details }));
    };
    await database.transaction().execute(async (transaction) => {
      const request = await store.current(transaction, id);
      if (request?.isAltered !== true) return;
      await tell(transaction, request);
      const { sealedState: state } = request;
      if (state === undefined) await store.putAside(transaction, id);
      else if (state === 'pending' || state === 'approved') await expire(parts, transaction, request, clock.nowMs());
      else if (state !== 'active') await store.update(transaction, { ...request, state });
    });
    if (sealedState === 'active') await endOne(id, { because: 'altered', by: ourselves, note: '' });
  }

  async function beginAnew(isFirst: boolean): Promise<void> {
    await database.transaction().execute(async (transaction) => {
      const anew = await roll.beginAnew(transaction);
      if (anew === undefined) return;
      const nowMs = clock.nowMs();
      if (isFirst) {
        const write = (request: PrivilegeRequest): Promise<void> => store.update(transaction, request);
        for (const request of await sealOlderForm({ ...parts, nowMs }, transaction, write)) {
          const action = request.state === 'ended' ? 'privilege.end' : 'privilege.expire';
          const details = { because: 'unsealed' };
          await outbox.record(transaction, privilegeEvent({ nowMs, by: ourselves, action, request, details }));
        }
        return;
      }
      await outbox.record(
        transaction,
        privilegeEntityEvent({
          nowMs,
          by: ourselves,
          action: 'privilege.set-back',
          outcome: 'failure',
          target: { type: 'privilege-roll', id: 'open', name: 'rights held for a time' },
          details: { found: anew.found, last: anew.last },
        }),
      );
    });
    await roll.settle();
  }

  async function expireWaiting(): Promise<void> {
    const nowMs = clock.nowMs();
    for (const waiting of await store.list(database, { states: openStates, limit: 2 * privilegeLimits.open })) {
      if (!isExpired(waiting, nowMs)) continue;
      await database.transaction().execute(async (transaction) => {
        const current = await store.current(transaction, waiting.id);
        if (current !== undefined && isExpired(current, nowMs)) await expire(parts, transaction, current, nowMs);
      });
    }
  }

  async function endWhatIsOver(): Promise<void> {
    const failures: unknown[] = [];
    const settings = await parts.settings();
    // Of two that may not be held together by now, the later one.
    for (const request of grants.list().toSorted((a, b) => (b.startedAtMs ?? 0) - (a.startedAtMs ?? 0))) {
      try {
        const because = await whyOver(settings, request);
        if (because !== undefined) await endOne(request.id, { because, by: ourselves, note: '' });
      } catch (error) {
        // One that cannot be looked at keeps no other from ending.
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async function writeSpent(): Promise<void> {
    if (clock.monotonicMs() - writtenMs < privilegeLimits.writeSpentMs) return;
    writtenMs = clock.monotonicMs();
    for (const { id } of grants.list())
      await database.transaction().execute((transaction) => store.setSpent(transaction, id, grants.spentMs(id)));
  }

  return {
    async resume() {
      const begun = await roll.begin();
      if (begun !== 'known') await beginAnew(begun === 'first');
      await roll.settle();
      // At once: what was recorded with it waits in the same database, and somebody may be in the middle of something.
      for (const request of inUse(await opened())) grants.hold(request);
    },

    async sweep() {
      const isDue = clock.monotonicMs() - lookedMs >= lookEveryMs;
      const seen = await roll.look();
      if (seen === 'set-back') await beginAnew(false);
      if (seen !== 'same' || isDue) {
        await follow();
        roll.followed();
      }
      if (grants.list().length > 0) {
        await endWhatIsOver();
        await writeSpent();
      }
      if (isDue) {
        lookedMs = clock.monotonicMs();
        await expireWaiting();
      }
      await outbox.flushed();
    },
  };
}
