import { ocsfClass, type JsonObject } from '@sallyport/contracts';
import type { ErasedRange } from '@sallyport/detection';
import { maySeeAudit } from '@sallyport/event-search';
import { auditEvent, type Actor } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { HuntingError } from './errors.ts';
import { createCorrelationResults } from './correlation-results.ts';
import type { HuntGroup } from './hunt-correlations.ts';
import { filterOf } from './hunt-filter.ts';
import {
  huntLimits,
  isOver,
  totalOf,
  type HeldForNow,
  type Hunt,
  type HuntFilter,
  type HuntMatch,
  type HuntRule,
  type HuntRules,
  type HuntState,
} from './hunt.ts';
import { createHuntRunner } from './hunt-runner.ts';
import { createHuntStore } from './hunt-store.ts';
import type { HuntingNeeds } from './needs.ts';
import { planInThread } from './plan-thread.ts';
import type { HuntPlan } from './read-plan.ts';

export type Hunting = {
  /**
   * Recorded before it begins. Throws `HuntingError` `hunt_rule_unknown`, `hunt_rule_refused`, `hunts_full`, `hunt_not_now`, `hunt_invalid`, and
   * `EventSearchError` `query_invalid`.
   */
  start(asked: { readonly rules: HuntRules; readonly filter: HuntFilter; readonly by: Principal }): Promise<Hunt>;
  /** Those the caller may see, newest first. */
  list(by: Principal): Promise<readonly Hunt[]>;
  /** Throws `HuntingError` `hunt_not_found`, also for one that the caller may not see. */
  get(id: string, by: Principal): Promise<{ readonly hunt: Hunt; readonly rules: readonly HuntRule[] }>;
  matches(
    id: string,
    page: { readonly ruleId?: string; readonly after?: HuntMatch['position']; readonly limit: number },
    by: Principal,
  ): Promise<readonly HuntMatch[]>;
  /** With which groups correlations came true, in the order in which they did. */
  groups(
    id: string,
    page: { readonly ruleId?: string; readonly after?: number; readonly limit: number },
    by: Principal,
  ): Promise<readonly (HuntGroup & { readonly ordinal: number })[]>;
  /** Takes what erased events said out of what is kept for correlations. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  /** What it found so far stays. Throws `HuntingError` `hunt_not_found`, `hunt_ended`. */
  cancel(id: string, by: Principal): Promise<Hunt>;
  close(): Promise<void>;
};

const typedFile = 'typed.yml';
const self: Actor = { kind: 'system', id: 'hunting', name: 'Hunting' };

/** Rules over everything that is kept: durable jobs that go on after a restart. */
export function createHunting(needs: HuntingNeeds): Hunting {
  const correlations = createCorrelationResults(needs);
  const store = createHuntStore({ ...needs, correlations });
  const { database, outbox, clock, plan: read = planInThread } = needs;

  const record = (action: string, hunt: Pick<Hunt, 'id'>, actor: Actor, details: JsonObject) =>
    auditEvent({
      nowMs: clock.nowMs(),
      actor,
      action,
      classUid: ocsfClass.apiActivity,
      activityId: action === 'hunt.start' ? 1 : 3,
      outcome: 'success',
      target: { type: 'hunt', id: hunt.id },
      details,
    });

  async function end(
    hunt: Hunt,
    state: HuntState,
    options: { readonly actor: Actor; readonly reason?: string },
  ): Promise<boolean> {
    const nowMs = clock.nowMs();
    const ended = await database.transaction().execute(async (transaction) => {
      const { actor, reason } = options;
      const lookedAt = await store.end(transaction, hunt.id, { state, nowMs, ...(reason !== undefined && { reason }) });
      if (lookedAt === undefined) return false;
      await outbox.record(
        transaction,
        record(state === 'cancelled' ? 'hunt.cancel' : 'hunt.end', hunt, actor, { state, looked_at: lookedAt }),
      );
      return true;
    });
    await outbox.flushed();
    await store.forgetOldest(huntLimits.ended);
    return ended;
  }

  const runner = createHuntRunner({
    ...needs,
    store,
    correlations,
    async finish(hunt, state, reason) {
      await end(hunt, state, { actor: self, ...(reason !== undefined && { reason }) });
    },
  });
  runner.wake();

  async function planFor(rules: HuntRules): Promise<HuntPlan> {
    const sources = await needs.rules.sources();
    // First: of two rules with one id the typed one counts.
    if (rules.kind === 'typed') return read([{ file: typedFile, text: rules.text }, ...sources], { file: typedFile });
    const plan = await read(sources, rules.kind === 'all' ? 'all' : { ids: rules.ids });
    if (rules.kind === 'named' && plan.rules.length === 0)
      throw new HuntingError(
        'hunt_rule_unknown',
        `Cannot hunt with "${rules.ids[0] ?? ''}": no rule in force has this id`,
      );
    return plan;
  }

  /** What others ask for names people, and is the audit trail's to tell. */
  const isVisible = (hunt: Hunt, by: Principal): boolean =>
    maySeeAudit(by) || (!hunt.seesAudit && hunt.owner === ownerOf(by));

  async function visible(id: string, by: Principal): Promise<Hunt> {
    const hunt = await store.get(id);
    if (hunt === undefined || !isVisible(hunt, by))
      throw new HuntingError(
        'hunt_not_found',
        `Cannot find hunt "${id}": there is none of this id, or it was forgotten`,
      );
    return hunt;
  }

  // One after another: the bounds hold, and rules are read by one thread at a time, however many are asked for at once.
  const inTurn = createTurns();
  const starting: string[] = [];

  function refuseTooMany(owner: string, owners: readonly string[]): void {
    const own = owners.filter((one) => one === owner).length;
    if (own < huntLimits.perCaller && owners.length < huntLimits.unended) return;
    throw new HuntingError(
      'hunts_full',
      `Cannot start a hunt: ${own} of this caller and ${owners.length} in all are under way, must be fewer than ${huntLimits.perCaller} and ${huntLimits.unended}`,
      { hint: 'wait for one of them, or cancel it' },
    );
  }

  return {
    async start(asked) {
      const owner = ownerOf(asked.by);
      refuseTooMany(owner, starting);
      starting.push(owner);
      try {
        return await inTurn(() => begin(asked));
      } finally {
        starting.splice(starting.indexOf(owner), 1);
      }
    },
    list: async (by) => (await store.list()).filter((hunt) => isVisible(hunt, by)),
    async get(id, by) {
      return { hunt: await visible(id, by), rules: await store.rules(id) };
    },
    async matches(id, page, by) {
      await visible(id, by);
      return store.matches(id, page);
    },
    async groups(id, page, by) {
      await visible(id, by);
      return correlations.groups(id, page);
    },
    forget: (ranges) => correlations.forget(ranges),
    async cancel(id, by) {
      const hunt = await visible(id, by);
      const cancelled =
        !isOver(hunt.state) && (await end(hunt, 'cancelled', { actor: { kind: by.kind, id: by.id, name: by.name } }));
      if (!cancelled) throw new HuntingError('hunt_ended', `Cannot cancel hunt "${id}": it has ended already`);
      return visible(id, by);
    },
    close: () => runner.close(),
  };

  async function begin({ rules, filter, by }: Parameters<Hunting['start']>[0]): Promise<Hunt> {
    const owner = ownerOf(by);
    const open = (await store.list()).filter(({ state }) => !isOver(state));
    refuseTooMany(
      owner,
      open.map((hunt) => hunt.owner),
    );
    const seesAudit = maySeeAudit(by);
    const events = filterOf({ filter, seesAudit });
    const plan = await planFor(rules);
    if (plan.rules.length === 0)
      throw new HuntingError('hunt_rule_refused', `Cannot hunt: ${plan.left[0] ?? 'there is no rule in the text'}`);
    if (plan.rules.length > huntLimits.rules || bytesOf(plan) > huntLimits.sourceBytes)
      throw new HuntingError(
        'hunt_invalid',
        `Cannot hunt with ${plan.rules.length} rules: must be at most ${huntLimits.rules}, in ${huntLimits.sourceBytes} bytes`,
      );
    const ranges = await needs.rows.extents(events);
    // Asked behind the look at the store: what it was filled with by then would pass for all there is.
    if ((await needs.rows.rebuilding()) !== undefined)
      throw new HuntingError('hunt_not_now', 'Cannot start a hunt: search is being filled again', {
        hint: 'GET /v1/health tells how far that is',
      });
    const id = Buffer.from(needs.random(12)).toString('hex');
    const made = {
      id,
      owner,
      ownerName: by.name,
      seesAudit,
      createdMs: clock.nowMs(),
      ranges,
      filter,
      rulesKind: rules.kind,
      left: plan.left,
      ...heldBy(by),
    };
    await database.transaction().execute(async (transaction) => {
      await store.create(transaction, { ...made, rules: plan.rules, sources: plan.sources });
      const details = {
        q: filter.q ?? '',
        from: filter.from ?? '',
        to: filter.to ?? '',
        rules: rules.kind,
        rule_count: plan.rules.length,
        rule_ids: plan.rules.slice(0, 20).map((rule) => rule.id),
        events: totalOf(made).rows,
      };
      await outbox.record(
        transaction,
        record('hunt.start', made, { kind: by.kind, id: by.id, name: by.name }, details),
      );
    });
    await outbox.flushed();
    runner.wake();
    return visible(id, by);
  }
}

/** Whoever hunts with a right they have for a time hunts for no longer than that. */
function heldBy({ sessionId, browserKey, grantIds = [] }: Principal): { readonly heldForNow?: HeldForNow } {
  if (sessionId === undefined || grantIds.length === 0) return {};
  return { heldForNow: { sessionId, grantIds, ...(browserKey === undefined ? {} : { browserKey }) } };
}

function ownerOf({ kind, id }: Principal): string {
  return `${kind}/${id}`;
}

function bytesOf({ sources }: HuntPlan): number {
  return sources.reduce((sum, { text }) => sum + text.length, 0);
}
