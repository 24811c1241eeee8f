import type { Database, Transaction } from '@sallyport/platform/database';
import type { RuleSource } from '@sallyport/detection';
import type { CorrelationResults } from './correlation-results.ts';
import type { CountedEvent } from './hunt-correlations.ts';
import { huntLimits, type Hunt, type HuntMatch, type HuntRule, type HuntState } from './hunt.ts';
import { listed, type HuntRow, type HuntTables } from './hunt-tables.ts';
import type { PlannedRule } from './read-plan.ts';
import { askedIn, rangesIn, sourcesIn, type Asked } from './stored-hunt.ts';
import { openText, sealText } from './sealed-text.ts';

/** What one part of the work came to. */
export type HuntStep = {
  /** Where it began: a step of another server that carried out the same part meanwhile makes it void. */
  readonly from: Hunt['at'];
  readonly at: Hunt['at'];
  readonly lookedAt: number;
  readonly bytes: number;
  readonly candidates: number;
  readonly unscannable: number;
  readonly busyMs: number;
  readonly matches: readonly HuntMatch[];
  /** For correlations. */
  readonly counted: readonly CountedEvent[];
};

export type HuntStore = ReturnType<typeof createHuntStore>;

/** Hunts in the control database. A step and what it found are one transaction: a restart repeats and forgets nothing. */
export function createHuntStore(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
  readonly correlations: CorrelationResults;
}) {
  const { correlations } = needs;
  const tables = needs.database.withTables<HuntTables>();

  function read(row: Omit<HuntRow, 'sources'>): Hunt {
    const asked = askedIn(openText(needs.sealingKey, row.id, row.request));
    const ranges = rangesIn(row.ranges);
    return {
      id: row.id,
      owner: row.owner,
      ownerName: row.owner_name,
      seesAudit: row.sees_audit === 1,
      state: stateOf(row.state),
      createdMs: row.created_ms,
      endedMs: row.ended_ms ?? undefined,
      ...asked,
      ranges,
      at: { range: row.at_range, index: row.at_index },
      lookedAt: row.looked_at,
      bytes: row.bytes,
      candidates: row.candidates,
      unscannable: row.unscannable,
      busyMs: row.busy_ms,
      uncounted: row.uncounted,
      reason: row.reason ?? undefined,
    };
  }

  return {
    async create(
      transaction: Transaction,
      made: Pick<Hunt, 'id' | 'owner' | 'ownerName' | 'seesAudit' | 'createdMs' | 'ranges'> &
        Asked & { readonly rules: readonly PlannedRule[]; readonly sources: readonly RuleSource[] },
    ): Promise<void> {
      const { id, filter, rulesKind, left, ranges, rules } = made;
      const own = transaction.withTables<HuntTables>();
      const { heldForNow } = made;
      const asked: Asked = { filter, rulesKind, left, ...(heldForNow === undefined ? {} : { heldForNow }) };
      await own
        .insertInto('hunts')
        .values({
          id,
          owner: made.owner,
          owner_name: made.ownerName,
          sees_audit: made.seesAudit ? 1 : 0,
          state: 'waiting',
          created_ms: made.createdMs,
          ended_ms: null,
          request: sealText(needs, id, JSON.stringify(asked)),
          sources: sealText(needs, `${id}/sources`, JSON.stringify(made.sources)),
          ranges: JSON.stringify(ranges),
          at_range: 0,
          at_index: ranges[0]?.from ?? 0,
          looked_at: 0,
          bytes: 0,
          candidates: 0,
          unscannable: 0,
          busy_ms: 0,
          uncounted: 0,
          reason: null,
        })
        .execute();
      for (let from = 0; from < rules.length; from += 500) {
        const rows = rules.slice(from, from + 500).map(({ id: ruleId, title, level, isCorrelation }) => ({
          hunt_id: id,
          rule_id: ruleId,
          title,
          level,
          matches: 0,
          kept: 0,
          first_ms: null,
          last_ms: null,
          is_correlation: isCorrelation ? 1 : 0,
        }));
        await own.insertInto('hunt_rules').values(rows).execute();
      }
    },
    /** Newest first. */
    async list(): Promise<Hunt[]> {
      const rows = await tables
        .selectFrom('hunts')
        .select(listed)
        .orderBy('created_ms', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(read);
    },
    async get(id: string): Promise<Hunt | undefined> {
      const row = await tables.selectFrom('hunts').select(listed).where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : read(row);
    },
    async sources(id: string): Promise<readonly RuleSource[]> {
      const row = await tables.selectFrom('hunts').select('sources').where('id', '=', id).executeTakeFirst();
      const sources =
        row === undefined || row.sources === ''
          ? []
          : sourcesIn(openText(needs.sealingKey, `${id}/sources`, row.sources));
      return sources;
    },
    /** Those that matched most first. */
    async rules(id: string): Promise<HuntRule[]> {
      const rows = await tables
        .selectFrom('hunt_rules')
        .selectAll()
        .where('hunt_id', '=', id)
        .orderBy('matches', 'desc')
        .orderBy('rule_id')
        .execute();
      return rows.map((row) => ({
        id: row.rule_id,
        title: row.title,
        level: row.level,
        isCorrelation: row.is_correlation === 1,
        matches: row.matches,
        kept: row.kept,
        firstMs: row.first_ms ?? undefined,
        lastMs: row.last_ms ?? undefined,
      }));
    },
    /** In order of receipt, behind `after`. */
    async matches(
      id: string,
      page: { readonly ruleId?: string; readonly after?: HuntMatch['position']; readonly limit: number },
    ): Promise<HuntMatch[]> {
      const { ruleId, after, limit } = page;
      let query = tables.selectFrom('hunt_matches').selectAll().where('hunt_id', '=', id);
      if (ruleId !== undefined) query = query.where('rule_id', '=', ruleId);
      if (after !== undefined)
        query = query.where((eb) =>
          eb.or([eb('log', '>', after.log), eb.and([eb('log', '=', after.log), eb('entry_index', '>', after.index)])]),
        );
      const rows = await query.orderBy('log').orderBy('entry_index').orderBy('rule_id').limit(limit).execute();
      return rows.map((row) => ({
        ruleId: row.rule_id,
        position: { log: row.log, index: row.entry_index },
        receivedMs: row.received_ms,
      }));
    },
    /** Of one that has not ended. */
    async setState(id: string, state: 'waiting' | 'running', reason?: string): Promise<void> {
      const change = { state, reason: reason ?? null };
      await tables.updateTable('hunts').set(change).where('id', '=', id).where('ended_ms', 'is', null).execute();
    },
    /** How many events it had looked at; undefined when it was over before. Its rule texts go. */
    async end(
      transaction: Transaction,
      id: string,
      { state, nowMs, reason }: { readonly state: HuntState; readonly nowMs: number; readonly reason?: string },
    ): Promise<number | undefined> {
      const own = transaction.withTables<HuntTables>();
      const result = await own
        .updateTable('hunts')
        .set({ state, reason: reason ?? null, ended_ms: nowMs, sources: '' })
        .where('id', '=', id)
        .where('ended_ms', 'is', null)
        .executeTakeFirst();
      if (Number(result.numUpdatedRows) !== 1) return undefined;
      await correlations.dropCounted(transaction, id);
      return (await own.selectFrom('hunts').select('looked_at').where('id', '=', id).executeTakeFirstOrThrow())
        .looked_at;
    },
    /** Takes a step in: nothing of it when the hunt has ended meanwhile, or somebody else has taken it. Says whether it was taken. */
    async step(id: string, step: HuntStep): Promise<boolean> {
      return needs.database.transaction().execute(async (transaction) => {
        const own = transaction.withTables<HuntTables>();
        const result = await own
          .updateTable('hunts')
          .set((eb) => ({
            at_range: step.at.range,
            at_index: step.at.index,
            looked_at: eb('looked_at', '+', step.lookedAt),
            bytes: eb('bytes', '+', step.bytes),
            candidates: eb('candidates', '+', step.candidates),
            unscannable: eb('unscannable', '+', step.unscannable),
            busy_ms: eb('busy_ms', '+', step.busyMs),
          }))
          .where('id', '=', id)
          .where('ended_ms', 'is', null)
          .where('at_range', '=', step.from.range)
          .where('at_index', '=', step.from.index)
          .executeTakeFirst();
        if (Number(result.numUpdatedRows) !== 1) return false;
        const { dropped } = await correlations.add(transaction, id, step.counted);
        if (dropped > 0) {
          await own
            .updateTable('hunts')
            .set((eb) => ({ uncounted: eb('uncounted', '+', dropped) }))
            .where('id', '=', id)
            .execute();
        }
        const { count } = await own
          .selectFrom('hunt_rules')
          .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('kept'), eb.lit(0)).as('count'))
          .where('hunt_id', '=', id)
          .where('is_correlation', '=', 0)
          .executeTakeFirstOrThrow();
        let room = huntLimits.matchesKept - count;
        for (const [ruleId, found] of Map.groupBy(step.matches, (match) => match.ruleId)) {
          const rule = await own
            .selectFrom('hunt_rules')
            .selectAll()
            .where('hunt_id', '=', id)
            .where('rule_id', '=', ruleId)
            .executeTakeFirst();
          if (rule === undefined) continue;
          const kept = found.slice(0, Math.max(0, Math.min(room, huntLimits.matchesKeptPerRule - rule.kept)));
          room -= kept.length;
          const times = found.map(({ receivedMs }) => receivedMs);
          await own
            .updateTable('hunt_rules')
            .set({
              matches: rule.matches + found.length,
              kept: rule.kept + kept.length,
              first_ms: times.reduce((least, time) => Math.min(least, time), rule.first_ms ?? Number.MAX_SAFE_INTEGER),
              last_ms: times.reduce((most, time) => Math.max(most, time), rule.last_ms ?? 0),
            })
            .where('hunt_id', '=', id)
            .where('rule_id', '=', ruleId)
            .execute();
          for (let from = 0; from < kept.length; from += 200) {
            const rows = kept.slice(from, from + 200).map(({ position, receivedMs }) => ({
              hunt_id: id,
              log: position.log,
              entry_index: position.index,
              rule_id: ruleId,
              received_ms: receivedMs,
            }));
            await own.insertInto('hunt_matches').values(rows).execute();
          }
        }
        return true;
      });
    },
    /** The oldest of those that ended go, with all they found. */
    async forgetOldest(keep: number): Promise<void> {
      const rows = await tables
        .selectFrom('hunts')
        .select('id')
        .where('ended_ms', 'is not', null)
        .orderBy('ended_ms', 'desc')
        .offset(keep)
        .limit(1000)
        .execute();
      for (const { id } of rows) {
        await correlations.drop(id);
        await tables.deleteFrom('hunt_matches').where('hunt_id', '=', id).execute();
        await tables.deleteFrom('hunt_rules').where('hunt_id', '=', id).execute();
        await tables.deleteFrom('hunts').where('id', '=', id).execute();
      }
    },
  };
}

function stateOf(text: string): HuntState {
  return text === 'running' || text === 'done' || text === 'cancelled' || text === 'failed' ? text : 'waiting';
}
