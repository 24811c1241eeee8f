import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue, Position } from '@sallyport/contracts';
import type { ErasedRange } from '@sallyport/detection';
import type { CorrelationGroup } from '@sallyport/sigma-rules';
import type { Database, Transaction } from '@sallyport/platform/database';
import type { CorrelatedHunt, CountedEvent, HuntGroup } from './hunt-correlations.ts';
import { huntLimits } from './hunt.ts';
import type { HuntTables } from './hunt-tables.ts';
import { openText, sealText } from './sealed-text.ts';

/** What correlations of hunts count and found, in the control database, sealed. */
export type CorrelationResults = {
  /** Belongs into the transaction of the part. Past the bound what is counted is left out: `dropped` says how many. */
  add(
    transaction: Transaction,
    huntId: string,
    counted: readonly CountedEvent[],
  ): Promise<{ readonly dropped: number }>;
  counted(huntId: string): Promise<CountedEvent[]>;
  /** Takes the place of what was put in before, as by a process that was killed behind it. */
  put(huntId: string, found: CorrelatedHunt): Promise<void>;
  groups(
    huntId: string,
    page: { readonly ruleId?: string; readonly after?: number; readonly limit: number },
  ): Promise<readonly (HuntGroup & { readonly ordinal: number })[]>;
  /** Belongs into the transaction that ends the hunt. */
  dropCounted(transaction: Transaction, huntId: string): Promise<void>;
  drop(huntId: string): Promise<void>;
  /** Takes what erased events said out of everything that is kept; says of how many events that was. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  /** Before anything is read for a hunt. */
  beginReading(): void;
  /** After something that was read since then was kept: events that were erased in between are taken out again. */
  settle(huntId: string): Promise<void>;
};

export function createCorrelationResults(needs: {
  readonly database: Database;
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
}): CorrelationResults {
  const tables = needs.database.withTables<HuntTables>();
  /** What was erased since reading began: it may be in memory yet, on its way into the database. */
  let erasedLately: ErasedRange[] = [];
  const countedName = (id: string, part: number): string => `${id}/counted/${part}`;
  const groupName = (id: string, ordinal: number): string => `${id}/group/${ordinal}`;
  const open = (name: string, sealed: string): JsonValue | undefined =>
    parseJson(openText(needs.sealingKey, name, sealed));
  const seal = (name: string, value: unknown): string => sealText(needs, name, JSON.stringify(value));

  async function partsOf(huntId: string): Promise<{ part: number; events: CountedEvent[] }[]> {
    const rows = await tables
      .selectFrom('hunt_counted')
      .selectAll()
      .where('hunt_id', '=', huntId)
      .orderBy('part')
      .execute();
    return rows.map(({ part, detail }) => ({
      part,
      events: listOf(open(countedName(huntId, part), detail)).map(eventIn),
    }));
  }

  async function forgetOf(huntId: string, isErased: (position: Position) => boolean): Promise<number> {
    let forgotten = 0;
    for (const { part, events } of await partsOf(huntId)) {
      const left = events.filter(({ position }) => !isErased(position));
      if (left.length === events.length) continue;
      forgotten += events.length - left.length;
      await tables
        .updateTable('hunt_counted')
        .set({ events: left.length, detail: seal(countedName(huntId, part), left) })
        .where('hunt_id', '=', huntId)
        .where('part', '=', part)
        .execute();
    }
    const rows = await tables.selectFrom('hunt_groups').selectAll().where('hunt_id', '=', huntId).execute();
    for (const { ordinal, detail } of rows) {
      const { fields, events, count } = detailIn(open(groupName(huntId, ordinal), detail));
      const left = events.filter((position) => !isErased(position));
      if (left.length === events.length) continue;
      forgotten += events.length - left.length;
      // The values of a group stand in each of its events: with none of them left nobody may know them any more.
      const shown = left.length === 0 ? [] : fields;
      await tables
        .updateTable('hunt_groups')
        .set({ detail: seal(groupName(huntId, ordinal), { fields: shown, events: left, count }) })
        .where('hunt_id', '=', huntId)
        .where('ordinal', '=', ordinal)
        .execute();
    }
    return forgotten;
  }

  return {
    async add(transaction, huntId, counted) {
      if (counted.length === 0) return { dropped: 0 };
      const own = transaction.withTables<HuntTables>();
      const { parts, events } = await own
        .selectFrom('hunt_counted')
        .select((eb) => [
          eb.fn.coalesce(eb.fn.max<number>('part'), eb.lit(-1)).as('parts'),
          eb.fn.coalesce(eb.fn.sum<number>('events'), eb.lit(0)).as('events'),
        ])
        .where('hunt_id', '=', huntId)
        .executeTakeFirstOrThrow();
      const taken = counted.slice(0, Math.max(0, huntLimits.countedEvents - events));
      const part = parts + 1;
      if (taken.length > 0) {
        await own
          .insertInto('hunt_counted')
          .values({ hunt_id: huntId, part, events: taken.length, detail: seal(countedName(huntId, part), taken) })
          .execute();
      }
      return { dropped: counted.length - taken.length };
    },
    counted: async (huntId) => (await partsOf(huntId)).flatMap(({ events }) => events),
    async put(huntId, { times, groups }) {
      await needs.database.transaction().execute(async (transaction) => {
        const own = transaction.withTables<HuntTables>();
        await own.deleteFrom('hunt_groups').where('hunt_id', '=', huntId).execute();
        for (const [ruleId, { matches, firstMs, lastMs }] of times) {
          const kept = groups.filter((group) => group.ruleId === ruleId).length;
          await own
            .updateTable('hunt_rules')
            .set({ matches, kept, first_ms: firstMs, last_ms: lastMs })
            .where('hunt_id', '=', huntId)
            .where('rule_id', '=', ruleId)
            .execute();
        }
        for (let from = 0; from < groups.length; from += 100) {
          const rows = groups.slice(from, from + 100).map(({ ruleId, atMs, fields, events, count }, at) => ({
            hunt_id: huntId,
            ordinal: from + at,
            rule_id: ruleId,
            at_ms: atMs,
            detail: seal(groupName(huntId, from + at), { fields, events, count }),
          }));
          await own.insertInto('hunt_groups').values(rows).execute();
        }
      });
    },
    async groups(huntId, { ruleId, after, limit }) {
      let query = tables.selectFrom('hunt_groups').selectAll().where('hunt_id', '=', huntId);
      if (ruleId !== undefined) query = query.where('rule_id', '=', ruleId);
      if (after !== undefined) query = query.where('ordinal', '>', after);
      const rows = await query.orderBy('ordinal').limit(limit).execute();
      return rows.map(({ ordinal, rule_id, at_ms, detail }) => ({
        ordinal,
        ruleId: rule_id,
        atMs: at_ms,
        ...detailIn(open(groupName(huntId, ordinal), detail)),
      }));
    },
    async dropCounted(transaction, huntId) {
      await transaction.withTables<HuntTables>().deleteFrom('hunt_counted').where('hunt_id', '=', huntId).execute();
    },
    async drop(huntId) {
      await tables.deleteFrom('hunt_counted').where('hunt_id', '=', huntId).execute();
      await tables.deleteFrom('hunt_groups').where('hunt_id', '=', huntId).execute();
    },
    async forget(ranges) {
      for (const range of ranges) erasedLately.push(range);
      const isErased = erasedBy(ranges);
      const [counted, groups] = await Promise.all([
        tables.selectFrom('hunt_counted').select('hunt_id').distinct().execute(),
        tables.selectFrom('hunt_groups').select('hunt_id').distinct().execute(),
      ]);
      let forgotten = 0;
      for (const id of new Set([...counted, ...groups].map(({ hunt_id }) => hunt_id)))
        forgotten += await forgetOf(id, isErased);
      return forgotten;
    },
    beginReading() {
      erasedLately = [];
    },
    async settle(huntId) {
      if (erasedLately.length > 0) await forgetOf(huntId, erasedBy(erasedLately));
    },
  };
}

function erasedBy(ranges: readonly ErasedRange[]): (position: Position) => boolean {
  return ({ log, index }) => ranges.some((range) => range.log === log && index >= range.from && index < range.to);
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw damaged();
  const list: readonly JsonValue[] = value;
  return list;
}

function objectOf(value: JsonValue | undefined) {
  if (!isJsonObject(value)) throw damaged();
  return value;
}

function numberIn(value: JsonValue | undefined): number {
  if (typeof value !== 'number') throw damaged();
  return value;
}

function textIn(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw damaged();
  return value;
}

function positionIn(value: JsonValue | undefined): Position {
  const { log, index } = objectOf(value);
  return { log: numberIn(log), index: numberIn(index) };
}

function eventIn(value: JsonValue): CountedEvent {
  const { position, timeMs, groups } = objectOf(value);
  return { position: positionIn(position), timeMs: numberIn(timeMs), groups: listOf(groups).map(groupIn) };
}

function groupIn(entry: JsonValue): CorrelationGroup {
  const { correlationId, member, group, value, fields, chained } = objectOf(entry);
  return {
    correlationId: textIn(correlationId),
    member: numberIn(member),
    group: textIn(group),
    ...(typeof value === 'number' || typeof value === 'string' ? { value } : {}),
    fields: fieldsIn(fields),
    ...(chained === undefined ? {} : { chained: listOf(chained).map(groupIn) }),
  };
}

function fieldsIn(value: JsonValue | undefined): CorrelationGroup['fields'] {
  return listOf(value).map((entry) => {
    const { field, value: said } = objectOf(entry);
    return { field: textIn(field), value: textIn(said) };
  });
}

function detailIn(value: JsonValue | undefined): Pick<HuntGroup, 'fields' | 'events' | 'count'> {
  const { fields, events, count } = objectOf(value);
  return { fields: fieldsIn(fields), events: listOf(events).map(positionIn), count: numberIn(count) };
}

function damaged(): TypeError {
  return new TypeError('a hunt in the control database is damaged');
}
