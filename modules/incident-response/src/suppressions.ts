import type { Finding, JsonObject } from '@sallyport/contracts';
import { isJsonObject, ocsfClass, parseJson, textOf } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { AlertError } from './errors.ts';
import type { AlertsNeeds } from './needs.ts';
import { openText, sealText } from '@sallyport/platform/sealed-text';
import type { SealingKey } from '@sallyport/platform/sealed-text';

/** Findings of a rule, all or under conditions, that nobody is to be alerted of. They stay in the ledger and are counted. */
export type Suppression = {
  readonly id: string;
  readonly ruleId: string;
  /** Compared without case, as `user` and the value of `field`; what is given must all be so. */
  readonly host?: string;
  readonly user?: string;
  /** A field that made the rule match, as the finding names it. */
  readonly field?: { readonly name: string; readonly value: string };
  readonly reason: string;
  /** Findings from then on alert again; never when undefined. */
  readonly untilMs?: number;
  readonly createdAtMs: number;
  readonly createdBy: { readonly id: string; readonly name: string };
  /** Findings it held back. */
  readonly hits: number;
  readonly lastHitAtMs?: number;
  /** Its conditions cannot be read: it holds nothing back. */
  readonly isDamaged?: true;
};

export type NewSuppression = Pick<Suppression, 'ruleId' | 'host' | 'user' | 'field' | 'reason' | 'untilMs'> & {
  readonly actor: Principal;
};

export type Suppressions = {
  /**
   * Whoever does not maintain rules may keep a rule quiet for a day. Without a condition it must end within 30 days, unless the caller
   * may manage settings; see `isWide`. Throws `AlertError` `suppression_until_past`, `suppression_too_long`,
   * `suppression_too_wide`, `suppressions_exhausted`.
   */
  create(request: NewSuppression): Promise<Suppression>;
  /** Newest first, those that are over included. */
  list(): Promise<readonly Suppression[]>;
  /** Throws `AlertError` `suppression_unknown`. Alerts it held back stay as they are. */
  remove(request: { readonly id: string; readonly actor: Principal }): Promise<void>;
};

type Row = {
  id: string;
  rule_id: string;
  sealed: string;
  until_ms: number | null;
  created_at_ms: number;
  created_by: string;
  created_by_name: string;
  hits: number;
  last_hit_at_ms: number | null;
};
type Tables = { alert_suppressions: Row };

const maxSuppressions = 1000;
const dayMs = 86_400_000;
const longestWithoutConditionMs = 30 * dayMs;
const longestOfGuardsMs = dayMs;
/** The clock of whoever asks may be ahead of ours: 30 days by theirs are 30 days. */
const clockSlackMs = 60_000;

/** Whether it keeps a rule quiet everywhere with no end in sight: who asks for that proves who they are first. */
export function isWide(request: Pick<Suppression, 'host' | 'user' | 'field' | 'untilMs'>, nowMs: number): boolean {
  const { host, user, field, untilMs } = request;
  if (host !== undefined || user !== undefined || field !== undefined) return false;
  return untilMs === undefined || untilMs - nowMs > longestWithoutConditionMs + clockSlackMs;
}

function refuseBeyondRole(request: NewSuppression, nowMs: number): void {
  const { untilMs } = request;
  const { scopes } = request.actor;
  if (
    !scopes.includes('rules:manage') &&
    (untilMs === undefined || untilMs - nowMs > longestOfGuardsMs + clockSlackMs)
  ) {
    throw new AlertError(
      'suppression_too_long',
      'Cannot suppress for so long: must end within 24 hours, unless the caller maintains rules',
    );
  }
  if (isWide(request, nowMs) && !scopes.includes('settings:manage')) {
    throw new AlertError(
      'suppression_too_wide',
      'Cannot suppress everywhere: must name a host, a user or a field, or end within 30 days',
    );
  }
}

/** Changes and their audit events are one transaction, durable in the ledger before the promise resolves. */
export function createSuppressions(needs: AlertsNeeds): Suppressions {
  const { database, outbox, clock } = needs;

  const audit = (suppression: Suppression, actor: Principal, action: string, activityId: number) =>
    auditEvent({
      nowMs: clock.nowMs(),
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      action,
      classUid: ocsfClass.entityManagement,
      activityId,
      outcome: 'success',
      target: { type: 'suppression', id: suppression.id },
      details: {
        rule_id: suppression.ruleId,
        reason: suppression.reason,
        host: suppression.host ?? null,
        user: suppression.user ?? null,
        field: suppression.field === undefined ? null : { ...suppression.field },
        until_ms: suppression.untilMs ?? null,
        hits: suppression.hits,
      },
    });

  return {
    async create({ actor, ...request }) {
      const nowMs = clock.nowMs();
      // Not a number: a second that only a leap has. The database would keep it as no end at all.
      if (request.untilMs !== undefined && !(request.untilMs > nowMs)) {
        throw new AlertError(
          'suppression_until_past',
          `Cannot suppress until ${request.untilMs} ms: must lie in the future`,
        );
      }
      refuseBeyondRole({ actor, ...request }, nowMs);
      const id = Buffer.from(needs.random(12)).toString('hex');
      const { id: by, name } = actor;
      const suppression = { ...request, id, createdAtMs: nowMs, createdBy: { id: by, name }, hits: 0 };
      await database.transaction().execute(async (transaction) => {
        const tables = transaction.withTables<Tables>();
        const counted = await tables
          .selectFrom('alert_suppressions')
          .select(({ fn }) => fn.countAll().as('held'))
          .executeTakeFirstOrThrow();
        if (Number(counted.held) >= maxSuppressions) {
          throw new AlertError(
            'suppressions_exhausted',
            `Cannot add a suppression: there are ${maxSuppressions}, remove one first`,
          );
        }
        await tables.insertInto('alert_suppressions').values(toRow(needs, suppression)).execute();
        await outbox.record(transaction, audit(suppression, actor, 'suppression.create', 1));
      });
      await outbox.flushed();
      return suppression;
    },
    async list() {
      const rows = await database
        .withTables<Tables>()
        .selectFrom('alert_suppressions')
        .selectAll()
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .execute();
      return rows.map((row) => fromRow(needs.sealingKey, row));
    },
    async remove({ id, actor }) {
      await database.transaction().execute(async (transaction) => {
        const tables = transaction.withTables<Tables>();
        const row = await tables.selectFrom('alert_suppressions').selectAll().where('id', '=', id).executeTakeFirst();
        if (row === undefined) throw new AlertError('suppression_unknown', `Cannot find suppression "${id}"`);
        await tables.deleteFrom('alert_suppressions').where('id', '=', id).execute();
        await outbox.record(transaction, audit(fromRow(needs.sealingKey, row), actor, 'suppression.delete', 4));
      });
      await outbox.flushed();
    },
  };
}

/** Which of these findings are suppressed, counted in the same transaction. */
export async function suppressFindings(
  transaction: Transaction,
  key: SealingKey,
  findings: readonly Finding[],
): Promise<boolean[]> {
  const tables = transaction.withTables<Tables>();
  const ruleIds = [...new Set(findings.map(({ rule }) => rule.id))];
  const rows: Row[] = [];
  for (let from = 0; from < ruleIds.length; from += 500) {
    const some = ruleIds.slice(from, from + 500);
    rows.push(...(await tables.selectFrom('alert_suppressions').selectAll().where('rule_id', 'in', some).execute()));
  }
  if (rows.length === 0) return findings.map(() => false);
  const suppressions = rows.map((row) => fromRow(key, row)).filter(({ isDamaged }) => isDamaged !== true);
  const hits = new Map<string, { count: number; lastAtMs: number }>();
  const answers = findings.map((finding) => {
    const found = suppressions.find((suppression) => covers(suppression, finding));
    if (found === undefined) return false;
    const before = hits.get(found.id);
    const lastAtMs = Math.max(before?.lastAtMs ?? 0, finding.createdAtMs);
    hits.set(found.id, { count: (before?.count ?? 0) + 1, lastAtMs });
    return true;
  });
  for (const [id, { count, lastAtMs }] of hits) {
    await tables
      .updateTable('alert_suppressions')
      .set(({ eb }) => ({ hits: eb('hits', '+', count), last_hit_at_ms: lastAtMs }))
      .where('id', '=', id)
      .execute();
  }
  return answers;
}

function covers(suppression: Suppression, finding: Finding): boolean {
  if (suppression.ruleId !== finding.rule.id) return false;
  if (suppression.untilMs !== undefined && finding.createdAtMs >= suppression.untilMs) return false;
  const { host, user, field } = suppression;
  if (host !== undefined && !isSame(host, finding.host)) return false;
  if (user !== undefined && !isSame(user, finding.user)) return false;
  return (
    field === undefined || finding.matched.some((one) => one.field === field.name && isSame(field.value, one.value))
  );
}

function isSame(wanted: string, found: string | undefined): boolean {
  return found !== undefined && wanted.toLowerCase() === found.toLowerCase();
}

function toRow(needs: Pick<AlertsNeeds, 'sealingKey' | 'random'>, suppression: Suppression): Row {
  const { id, host, user, field, reason } = suppression;
  const conditions = {
    ...(host === undefined ? {} : { host }),
    ...(user === undefined ? {} : { user }),
    ...(field === undefined ? {} : { field: field.name, value: field.value }),
  };
  return {
    id,
    rule_id: suppression.ruleId,
    // Conditions are content of events, and reasons quote it.
    sealed: sealText(needs, id, JSON.stringify({ reason, ...conditions })),
    until_ms: suppression.untilMs ?? null,
    created_at_ms: suppression.createdAtMs,
    created_by: suppression.createdBy.id,
    created_by_name: suppression.createdBy.name,
    hits: suppression.hits,
    last_hit_at_ms: null,
  };
}

function fromRow(key: SealingKey, row: Row): Suppression {
  const opened = openedConditions(key, row);
  const { host, user, field, value, reason } = opened ?? {};
  return {
    id: row.id,
    ruleId: row.rule_id,
    ...(typeof host === 'string' ? { host } : {}),
    ...(typeof user === 'string' ? { user } : {}),
    ...(typeof field === 'string' ? { field: { name: field, value: textOf(value) } } : {}),
    reason: opened === undefined ? 'Cannot be read: its row was damaged. It holds nothing back' : textOf(reason),
    ...(row.until_ms === null ? {} : { untilMs: row.until_ms }),
    createdAtMs: row.created_at_ms,
    createdBy: { id: row.created_by, name: row.created_by_name },
    hits: row.hits,
    ...(row.last_hit_at_ms === null ? {} : { lastHitAtMs: row.last_hit_at_ms }),
    ...(opened === undefined ? { isDamaged: true } : {}),
  };
}

/** Undefined for a row that was damaged: one such row must neither hold back every alert nor become one without conditions. */
function openedConditions(key: SealingKey, row: Row): JsonObject | undefined {
  try {
    const opened = parseJson(openText(key, row.id, row.sealed));
    return isJsonObject(opened) ? opened : undefined;
  } catch {
    return undefined;
  }
}
