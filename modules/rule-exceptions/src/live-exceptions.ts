import { comparePositions, ocsfClass } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { Exceptions, HiddenMatch, MatchException } from '@sallyport/detection';
import { auditEvent } from '@sallyport/ledger';
import type { Database, Transaction } from '@sallyport/platform/database';
import { dayMs, exceptionLimits, watchesExceptions } from './exception.ts';
import type { ExceptionText, ExceptionVersion, HiddenPosition } from './exception.ts';
import type { ExceptionTables } from './exception-store.ts';
import { groupConditionOf } from './group-condition.ts';
import type { GroupCondition } from './group-condition.ts';
import type { RuleExceptionNeeds } from './needs.ts';
import { isRise, promisedADay } from './review.ts';
import { openVersion, positionsIn, positionsText } from './stored-exception.ts';

export type LiveExceptions = Exceptions & {
  /**
   * Carries out a change of exceptions: `change` gets the ledger time from which on it is in force. No event received from then on is scanned before the
   * change is either done or given up, and none that is scanned already was received then.
   */
  change<Result>(change: (fromMs: number) => Promise<Result>): Promise<Result>;
  /** Everything before this ledger time was scanned; 0 when nothing is known. */
  throughMs(): number;
};

type Live = {
  readonly id: string;
  readonly key: string;
  readonly text: ExceptionText;
  readonly trial: ExceptionVersion['trial'];
  readonly fromMs: number;
  readonly toMs: number;
  group?: GroupCondition;
};

type Counted = { hidden: number; lastAtMs: number; positions: HiddenPosition[]; readonly days: Map<string, number> };

const progressName = 'detection';
/** Ledger time goes by whole seconds: a change is in force from the next one on. */
const ledgerStepMs = 1000;

/** Exceptions as detection asks for them, and the counts of what they hid. */
export function createLiveExceptions(
  needs: Pick<RuleExceptionNeeds, 'database' | 'outbox' | 'clock' | 'sealingKey' | 'rules'>,
): LiveExceptions {
  let live = new Map<string, Live>();
  let revision = 0;
  let conditions: readonly MatchException[] = [];
  let isLoaded = false;
  let through = 0;
  let newest = 0;
  let pending: Promise<unknown> = Promise.resolve();
  let counted = new Map<string, Counted>();

  async function load(): Promise<void> {
    live = await readLive(needs.database, needs.sealingKey, through);
    conditions = [...live.values()].map(({ key, text }) => ({
      key,
      rules: text.rules,
      condition: text.condition,
      ...(text.host === undefined ? {} : { host: text.host }),
      ...(text.user === undefined ? {} : { user: text.user }),
      ...(text.site === undefined ? {} : { site: text.site }),
    }));
    revision += 1;
    isLoaded = true;
  }

  function isInForce({ fromMs, toMs }: Live, atMs: number): boolean {
    return fromMs <= atMs && atMs < toMs;
  }

  function count({ id }: Live, { ruleId, position, receivedAtMs: atMs }: HiddenMatch): void {
    let own = counted.get(id);
    if (own === undefined) {
      own = { hidden: 0, lastAtMs: 0, positions: [], days: new Map() };
      counted.set(id, own);
    }
    own.hidden += 1;
    own.lastAtMs = Math.max(own.lastAtMs, atMs);
    own.positions.push({ position, atMs, ruleId });
    if (own.positions.length > exceptionLimits.positions * 2) own.positions.splice(0, exceptionLimits.positions);
    const day = `${Math.floor(atMs / dayMs)}/${ruleId}`;
    own.days.set(day, (own.days.get(day) ?? 0) + 1);
  }

  async function saveCount(transaction: Transaction, id: string, own: Counted): Promise<void> {
    const tables = transaction.withTables<ExceptionTables>();
    const row = await tables.selectFrom('rule_exceptions').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return;
    for (const [name, hidden] of own.days) {
      const at = name.indexOf('/');
      const [day, ruleId] = [Number(name.slice(0, at)), name.slice(at + 1)];
      await tables
        .insertInto('rule_exception_days')
        .values({ exception_id: id, rule_id: ruleId, day, hidden })
        .onConflict((conflict) =>
          conflict
            .columns(['exception_id', 'rule_id', 'day'])
            .doUpdateSet(({ eb }) => ({ hidden: eb('rule_exception_days.hidden', '+', hidden) })),
        )
        .execute();
    }
    const today = Math.floor(own.lastAtMs / dayMs);
    const told = row.told_day < today && (await tellRise(transaction, id, today));
    await tables
      .updateTable('rule_exceptions')
      .set({
        hidden: row.hidden + own.hidden,
        last_hidden_at_ms: Math.max(row.last_hidden_at_ms ?? 0, own.lastAtMs),
        positions: positionsText(newestOf([...positionsIn(row.positions), ...own.positions])),
        told_day: told ? today : row.told_day,
      })
      .where('id', '=', id)
      .execute();
  }

  /** Once a day: it hides a lot more than it was tried to hide, or than it did on the days before. */
  async function tellRise(transaction: Transaction, id: string, today: number): Promise<boolean> {
    const newestVersion = [...live.values()].findLast((one) => one.id === id);
    if (newestVersion === undefined) return false;
    const rows = await transaction
      .withTables<ExceptionTables>()
      .selectFrom('rule_exception_days')
      .select(['day', ({ fn }) => fn.sum('hidden').as('held')])
      .where('exception_id', '=', id)
      .where('day', '>', today - 8)
      .groupBy('day')
      .execute();
    const days = rows.map((row) => ({ day: row.day, hidden: Number(row.held) }));
    const rise = isRise(days, today, newestVersion);
    if (rise === undefined) return false;
    const { text } = newestVersion;
    const event = auditEvent({
      nowMs: needs.clock.nowMs(),
      actor: { kind: 'system', id: 'rule-exceptions', name: 'Exceptions' },
      action: 'exception.rise',
      classUid: ocsfClass.entityManagement,
      activityId: 99,
      outcome: 'success',
      target: { type: 'exception', id, name: text.name },
      details: {
        rule_ids: text.rules === 'all' ? ['all'] : [...text.rules],
        hidden_today: rise.hidden,
        usual_a_day: rise.usual,
        tried_a_day: promisedADay(newestVersion.trial) ?? null,
      },
    });
    await needs.outbox.record(transaction, event);
    return true;
  }

  /** What counts what is done with exceptions is told whatever an exception of all rules says. */
  function isWatch(ruleId: string): boolean {
    return watchesExceptions(ruleId, new Map(needs.rules().map((rule) => [rule.id, rule])));
  }

  return {
    throughMs: () => through,
    change(work) {
      const done = pending.then(async () => {
        const fromMs = Math.ceil(Math.max(needs.clock.nowMs(), newest + 1) / ledgerStepMs) * ledgerStepMs;
        try {
          return await work(fromMs);
        } finally {
          isLoaded = false;
        }
      });
      pending = done.catch(() => undefined);
      return done;
    },
    async before(newestMs) {
      newest = Math.max(newest, newestMs);
      for (let waited: unknown; waited !== pending;) {
        waited = pending;
        await pending;
      }
      if (!isLoaded) await load();
      return { revision, conditions };
    },
    hides(match) {
      for (const key of match.keys) {
        const one = live.get(key);
        if (one === undefined || !isInForce(one, match.receivedAtMs)) continue;
        count(one, match);
        return true;
      }
      return false;
    },
    hidesCorrelation(match) {
      for (const one of live.values()) {
        const { rules } = one.text;
        if (rules !== 'all' && !rules.includes(match.ruleId)) continue;
        if (!isInForce(one, match.receivedAtMs)) continue;
        one.group ??= groupConditionOf(one.text);
        if (!one.group(match) || isWatch(match.ruleId)) continue;
        count(one, match);
        return true;
      }
      return false;
    },
    async restore(head) {
      counted = new Map();
      if (head !== undefined) await forgetPositionsFrom(needs.database, head);
      through = await readProgress(needs.database);
      newest = Math.max(newest, through);
      isLoaded = false;
    },
    async save(transaction) {
      const taken = counted;
      counted = new Map();
      for (const [id, own] of taken) await saveCount(transaction, id, own);
      if (live.size === 0 || newest === through) return;
      await writeProgress(transaction, newest);
      through = newest;
      // What ended before everything that is to come is not needed any more.
      if ([...live.values()].some(({ toMs }) => toMs <= through)) isLoaded = false;
    },
  };
}

async function readLive(database: Database, key: Uint8Array, throughMs: number): Promise<Map<string, Live>> {
  const rows = await database
    .withTables<ExceptionTables>()
    .selectFrom('rule_exception_versions')
    .selectAll()
    .where('from_ms', 'is not', null)
    .where(({ eb, or }) => or([eb('to_ms', 'is', null), eb('to_ms', '>', throughMs)]))
    .orderBy('from_ms')
    .orderBy('exception_id')
    .orderBy('version')
    .execute();
  const live = new Map<string, Live>();
  for (const row of rows) {
    const { exception_id: id, version, from_ms: fromMs, to_ms: toMs } = row;
    const opened = openVersion(key, id, version, row.sealed);
    if (opened === undefined || fromMs === null) continue;
    const name = `${id}/${version}`;
    const { text, trial } = opened;
    live.set(name, { id, key: name, text, trial, fromMs, toMs: toMs ?? Number.POSITIVE_INFINITY });
  }
  return live;
}

function newestOf(positions: readonly HiddenPosition[]): HiddenPosition[] {
  return positions.toSorted((a, b) => comparePositions(a.position, b.position)).slice(-exceptionLimits.positions);
}

async function readProgress(database: Database): Promise<number> {
  const row = await database
    .withTables<ExceptionTables>()
    .selectFrom('rule_exception_progress')
    .selectAll()
    .where('name', '=', progressName)
    .executeTakeFirst();
  return row?.through_ms ?? 0;
}

async function writeProgress(transaction: Transaction, throughMs: number): Promise<void> {
  await transaction
    .withTables<ExceptionTables>()
    .insertInto('rule_exception_progress')
    .values({ name: progressName, through_ms: throughMs })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ through_ms: throughMs }))
    .execute();
}

/** The ledger was put back: nothing stands there any more. What was hidden stays counted. */
async function forgetPositionsFrom(database: Database, head: Position): Promise<void> {
  const tables = database.withTables<ExceptionTables>();
  await database.withTables<ExceptionTables>().deleteFrom('rule_exception_progress').execute();
  for (const { id, positions } of await tables.selectFrom('rule_exceptions').select(['id', 'positions']).execute()) {
    const kept = positionsIn(positions).filter(({ position }) => comparePositions(position, head) < 0);
    await tables
      .updateTable('rule_exceptions')
      .set({ positions: positionsText(kept) })
      .where('id', '=', id)
      .execute();
  }
}
