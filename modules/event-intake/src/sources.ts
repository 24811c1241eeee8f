import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import { isUniqueViolation } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { EventIntakeError } from './errors.ts';
import { formatRhythm, heardAgain, parseRhythm } from './source-rhythm.ts';
import type { SourceRhythm } from './source-rhythm.ts';

type SourceTables = { intake_sources: { key_id: string; name: string; created_at_ms: number; rhythm: string | null } };

/** Counted since the server started. */
export type SourceCounts = {
  accepted: number;
  bytes: number;
  keptRaw: Map<string, number>;
  lastSeenMs: number | undefined;
  /** Learned over restarts. */
  rhythm: SourceRhythm | undefined;
};

export type SourceStatus = Readonly<SourceCounts> & {
  readonly keyId: string;
  readonly name: string;
  readonly createdAtMs: number;
};

/** Whose sources these are: a key, a person, or the server itself for those who cannot say who they are. */
export type SourceOwner = Pick<Actor, 'kind' | 'id' | 'name'>;

export type SourcePage = {
  readonly limit: number;
  readonly after?: { readonly keyId: string; readonly name: string } | undefined;
};

export type Sources = {
  /** The counters of a key's source, which is registered on first use, with an audit event. Throws `too_many_sources`. */
  open(principal: SourceOwner, name: string): Promise<SourceCounts>;
  /** Something came from it; kept now and then, so that a restart forgets little. */
  heard(keyId: string, name: string, nowMs: number): Promise<void>;
  list(page: SourcePage): Promise<readonly SourceStatus[]>;
};

const keepEveryMs = 60_000;

export function createSources(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly maxSourcesPerKey: number;
}): Sources {
  const database = needs.database.withTables<SourceTables>();
  const counts = new Map<string, SourceCounts>();
  const opening = new Map<string, Promise<SourceCounts>>();

  const keptAtMs = new Map<string, number>();

  async function find(keyId: string, name: string): Promise<{ rhythm: string | null } | undefined> {
    return database
      .selectFrom('intake_sources')
      .select('rhythm')
      .where('key_id', '=', keyId)
      .where('name', '=', name)
      .executeTakeFirst();
  }

  async function register(principal: SourceOwner, name: string): Promise<void> {
    const nowMs = needs.clock.nowMs();
    await needs.database.transaction().execute(async (transaction) => {
      const tables = transaction.withTables<SourceTables>();
      const { held } = await tables
        .selectFrom('intake_sources')
        .select(({ fn }) => fn.countAll().as('held'))
        .where('key_id', '=', principal.id)
        .executeTakeFirstOrThrow();
      if (Number(held) >= needs.maxSourcesPerKey) {
        throw new EventIntakeError(
          'too_many_sources',
          `Cannot add source "${name}": the key has ${Number(held)}, must have at most ${needs.maxSourcesPerKey}`,
        );
      }
      await tables
        .insertInto('intake_sources')
        .values({ key_id: principal.id, name, created_at_ms: nowMs, rhythm: null })
        .execute();
      const event = auditEvent({
        nowMs,
        actor: { kind: principal.kind, id: principal.id, name: principal.name },
        action: 'source.create',
        classUid: ocsfClass.entityManagement,
        activityId: 1,
        outcome: 'success',
        target: { type: 'source', id: `${principal.id}/${name}`, name },
      });
      await needs.outbox.record(transaction, event);
    });
  }

  async function load(principal: SourceOwner, name: string): Promise<SourceCounts> {
    const known = await find(principal.id, name);
    if (known === undefined) {
      try {
        await register(principal, name);
      } catch (error) {
        // Another process of this server was faster.
        if (!isUniqueViolation(error)) throw error;
      }
    }
    // Also when the row was there already: its event may still wait since the ledger was away.
    await needs.outbox.flushed();
    const fresh: SourceCounts = {
      accepted: 0,
      bytes: 0,
      keptRaw: new Map(),
      lastSeenMs: undefined,
      rhythm: parseRhythm(known?.rhythm ?? null),
    };
    counts.set(`${principal.id}/${name}`, fresh);
    return fresh;
  }

  return {
    async open(principal, name) {
      const key = `${principal.id}/${name}`;
      const known = counts.get(key);
      if (known !== undefined) return known;
      const begun = opening.get(key) ?? load(principal, name).finally(() => opening.delete(key));
      opening.set(key, begun);
      return begun;
    },
    async heard(keyId, name, nowMs) {
      const key = `${keyId}/${name}`;
      const found = counts.get(key);
      if (found === undefined) return;
      found.rhythm = heardAgain(found.rhythm, nowMs);
      if (nowMs - (keptAtMs.get(key) ?? -keepEveryMs) < keepEveryMs) return;
      keptAtMs.set(key, nowMs);
      await database
        .updateTable('intake_sources')
        .set({ rhythm: formatRhythm(found.rhythm) })
        .where('key_id', '=', keyId)
        .where('name', '=', name)
        .execute();
    },
    async list({ limit, after }) {
      let query = database.selectFrom('intake_sources').selectAll().orderBy('key_id').orderBy('name').limit(limit);
      if (after !== undefined) {
        query = query.where((where) =>
          where.or([
            where('key_id', '>', after.keyId),
            where.and([where('key_id', '=', after.keyId), where('name', '>', after.name)]),
          ]),
        );
      }
      const rows = await query.execute();
      return rows.map((row) => {
        const found = counts.get(`${row.key_id}/${row.name}`);
        return {
          keyId: row.key_id,
          name: row.name,
          createdAtMs: row.created_at_ms,
          accepted: found?.accepted ?? 0,
          bytes: found?.bytes ?? 0,
          keptRaw: found?.keptRaw ?? new Map(),
          lastSeenMs: found?.lastSeenMs,
          rhythm: found?.rhythm ?? parseRhythm(row.rhythm),
        };
      });
    },
  };
}
