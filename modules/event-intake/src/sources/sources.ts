import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import { isUniqueViolation } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { EventIntakeError } from '../errors.ts';
import { createHeldSources } from './held-sources.ts';
import type { HeldSource } from './held-sources.ts';
import type { Received, Refusal } from './source-figures.ts';
import { heardAgain } from './source-rhythm.ts';
import { changedSettings, settingsDocument } from './source-settings.ts';
import type { SettingsChange } from './source-settings.ts';
import { statusOf } from './source-status.ts';
import type { SourceStatus } from './source-status.ts';
import { emptyRow } from './source-table.ts';
import type { SourceRow, SourceTables } from './source-table.ts';
import { createSourceWatch } from './source-watch.ts';
import type { WatchTime } from './watch-time.ts';

/** Whose sources these are: a key, a person, or the server itself for those who cannot say who they are. */
export type SourceOwner = Pick<Actor, 'kind' | 'id' | 'name'>;

export type SourcePage = {
  readonly limit: number;
  readonly after?: { readonly keyId: string; readonly name: string } | undefined;
};

/** One source while it sends. */
export type OpenSource = {
  /** Throws `source_rate_exceeded`, `source_quota_exceeded`. */
  admit(): void;
  /** Events on their way, of a request that was let in. */
  spend(events: number): void;
  /** Where people say it stands. */
  site(): string | undefined;
  /** What of a request is durable; kept now and then, so that a restart forgets little. */
  received(received: Received): Promise<void>;
};

export type Sources = {
  /** A key's source, which is registered on first use, with an audit event. Throws `too_many_sources`. */
  open(principal: SourceOwner, name: string): Promise<OpenSource>;
  /** Counts a refusal; who is refused the first time is registered too, so that there is something to see. */
  refused(principal: SourceOwner, name: string, refusal: Refusal): Promise<void>;
  list(page: SourcePage): Promise<readonly SourceStatus[]>;
  /** Throws `source_unknown`. */
  read(keyId: string, name: string): Promise<SourceStatus>;
  /** Change and audit event in one transaction. Throws `source_unknown`, `source_changed` when `revision` is not what it was. */
  change(
    wanted: SettingsChange & {
      readonly keyId: string;
      readonly name: string;
      readonly revision?: number | undefined;
      readonly by: Actor;
    },
  ): Promise<SourceStatus>;
  /** Looks after all of them: to be called every `tickMs`. */
  look(): Promise<void>;
  /** Of the last look. */
  states(): ReadonlyMap<string, number>;
  /** In memory, the last to send first. */
  lately(limit: number): readonly Pick<SourceStatus, 'keyId' | 'name' | 'figures'>[];
  /** Keeps what was counted since it was last kept. */
  close(): Promise<void>;
};

const updateActivity = 3;

export function createSources(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly watch: WatchTime;
  readonly maxSourcesPerKey: number;
  readonly maxSourcesHeld: number;
}): Sources {
  const { clock, outbox, watch } = needs;
  const database = needs.database.withTables<SourceTables>();
  const held = createHeldSources({ database: needs.database, clock, watch, maxSources: needs.maxSourcesHeld });
  const sourceWatch = createSourceWatch({ ...needs, held });
  const opening = new Map<string, Promise<HeldSource>>();

  async function find(keyId: string, name: string): Promise<SourceRow | undefined> {
    return database
      .selectFrom('intake_sources')
      .selectAll()
      .where('key_id', '=', keyId)
      .where('name', '=', name)
      .executeTakeFirst();
  }

  async function register(principal: SourceOwner, name: string): Promise<void> {
    const nowMs = clock.nowMs();
    await needs.database.transaction().execute(async (transaction) => {
      const tables = transaction.withTables<SourceTables>();
      const { count } = await tables
        .selectFrom('intake_sources')
        .select(({ fn }) => fn.countAll().as('count'))
        .where('key_id', '=', principal.id)
        .executeTakeFirstOrThrow();
      if (Number(count) >= needs.maxSourcesPerKey) {
        throw new EventIntakeError(
          'too_many_sources',
          `Cannot add source "${name}": the key has ${Number(count)}, must have at most ${needs.maxSourcesPerKey}`,
        );
      }
      await tables
        .insertInto('intake_sources')
        .values({ key_id: principal.id, name, created_at_ms: nowMs, ...emptyRow })
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
      await outbox.record(transaction, event);
    });
  }

  async function load(principal: SourceOwner, name: string): Promise<HeldSource> {
    if ((await find(principal.id, name)) === undefined) {
      try {
        await register(principal, name);
      } catch (error) {
        // Another process of this server was faster.
        if (!isUniqueViolation(error)) throw error;
      }
    }
    // Also when the row was there already: its event may still wait since the ledger was away.
    await outbox.flushed();
    // Only now: somebody may have changed it while the ledger was waited for.
    const row = await find(principal.id, name);
    if (row === undefined) throw unknown(principal.id, name);
    return held.hold(row);
  }

  async function openHeld(principal: SourceOwner, name: string): Promise<HeldSource> {
    const known = held.use(principal.id, name);
    if (known !== undefined) return known;
    const key = `${principal.id}/${name}`;
    const begun = opening.get(key) ?? load(principal, name).finally(() => opening.delete(key));
    opening.set(key, begun);
    return begun;
  }

  async function read(keyId: string, name: string): Promise<SourceStatus> {
    const row = await find(keyId, name);
    if (row === undefined) throw unknown(keyId, name);
    return statusOf(row, held.find(keyId, name), { clock, watch });
  }

  return {
    async open(principal, name) {
      const opened = await openHeld(principal, name);
      // A request may take so long that its source was forgotten meanwhile, and opened anew by another.
      const current = (): HeldSource => held.find(principal.id, name) ?? opened;
      return {
        admit: () => current().limits.admit(),
        spend: (events) => current().limits.spend(events),
        site: () => current().settings.site,
        async received(received) {
          const source = current();
          source.figures.receive(received);
          if (received.accepted > 0) {
            source.rhythm = heardAgain(source.rhythm, watch.nowMs());
            source.volume.add(received.accepted, watch.nowMs());
          }
          await held.keep(source);
        },
      };
    },
    async refused(principal, name, refusal) {
      const source = await openHeld(principal, name);
      source.figures.refuse(refusal);
      await held.keep(source);
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
      return rows.map((row) => statusOf(row, held.find(row.key_id, row.name), { clock, watch }));
    },
    read,
    async change({ keyId, name, revision, by, ...change }) {
      await needs.database.transaction().execute(async (transaction) => {
        const tables = transaction.withTables<SourceTables>();
        const row = await tables
          .selectFrom('intake_sources')
          .selectAll()
          .where('key_id', '=', keyId)
          .where('name', '=', name)
          .executeTakeFirst();
        if (row === undefined) throw unknown(keyId, name);
        if (revision !== undefined && revision !== row.revision) {
          throw new EventIntakeError(
            'source_changed',
            `Cannot change source "${name}": somebody changed it since revision ${revision}, must be made on revision ${row.revision}`,
            { details: { revision: row.revision } },
          );
        }
        const before = statusOf(row, undefined, { clock, watch }).settings;
        const settings = settingsDocument(changedSettings(before, change));
        await tables
          .updateTable('intake_sources')
          .set({ settings: JSON.stringify(settings), revision: row.revision + 1 })
          .where('key_id', '=', keyId)
          .where('name', '=', name)
          .execute();
        const event = auditEvent({
          nowMs: clock.nowMs(),
          actor: { kind: by.kind, id: by.id, name: by.name },
          action: 'source.change',
          classUid: ocsfClass.entityManagement,
          activityId: updateActivity,
          outcome: 'success',
          target: { type: 'source', id: `${keyId}/${name}`, name },
          details: { before: settingsDocument(before), after: settings },
        });
        await outbox.record(transaction, event);
      });
      // Whoever opens it meanwhile may have read the row of before, and would hold it after this.
      await opening.get(`${keyId}/${name}`)?.catch(() => undefined);
      const changed = await find(keyId, name);
      const source = held.find(keyId, name);
      if (changed !== undefined && source !== undefined) held.applySettings(source, changed);
      await outbox.flushed();
      return read(keyId, name);
    },
    look: () => sourceWatch.look(),
    states: () => sourceWatch.states(),
    lately: (limit) => [...held.all()].slice(-limit).toReversed(),
    close: () => held.keepAll(),
  };
}

function unknown(keyId: string, name: string): EventIntakeError {
  return new EventIntakeError('source_unknown', `Cannot find source "${name}" of "${keyId}": nothing came from it yet`);
}
