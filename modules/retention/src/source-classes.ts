import { isRetentionClass } from '@sallyport/ledger';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { RetentionError } from './errors.ts';
import { createRecordChange } from './retention-event.ts';

type Tables = { retention_sources: { source: string; class: string } };

/** Which class the events of a source get, from the next event on; what is there keeps the one it has. */
export type SourceClasses = {
  /** Undefined: `events`. */
  classOf(source: string): string | undefined;
  all(): ReadonlyMap<string, string>;
  /** Throws `RetentionError` `class_invalid`, `class_reserved`. */
  set(source: string, name: string, actor: Principal): Promise<void>;
  /** Throws `RetentionError` `source_class_unknown`. */
  clear(source: string, actor: Principal): Promise<void>;
};

const maxSources = 10_000;

export async function createSourceClasses(needs: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
}): Promise<SourceClasses> {
  const record = createRecordChange(needs);
  const rows = await needs.database
    .withTables<Tables>()
    .selectFrom('retention_sources')
    .selectAll()
    .limit(maxSources)
    .execute();
  const classes = new Map(rows.map((row) => [row.source, row.class]));
  return {
    classOf: (source) => classes.get(source),
    all: () => classes,
    async set(source, name, actor) {
      requireClass(name);
      if (name === 'audit' || name === 'findings')
        throw new RetentionError(
          'class_reserved',
          `Cannot give "${source}" class "${name}": that is for what this server says`,
        );
      const before = classes.get(source) ?? 'events';
      await record(
        {
          actor,
          action: 'retention.source',
          target: { type: 'source', id: source },
          details: { class: name, before },
        },
        async (transaction) => {
          await transaction
            .withTables<Tables>()
            .insertInto('retention_sources')
            .values({ source, class: name })
            .onConflict((conflict) => conflict.column('source').doUpdateSet({ class: name }))
            .execute();
        },
      );
      classes.set(source, name);
    },
    async clear(source, actor) {
      const before = classes.get(source);
      if (before === undefined)
        throw new RetentionError(
          'source_class_unknown',
          `Cannot take the class of "${source}" away: it has none of its own`,
        );
      await record(
        {
          actor,
          action: 'retention.source',
          target: { type: 'source', id: source },
          details: { class: 'events', before },
        },
        async (transaction) => {
          await transaction.withTables<Tables>().deleteFrom('retention_sources').where('source', '=', source).execute();
        },
      );
      classes.delete(source);
    },
  };
}

/** Throws `RetentionError` `class_invalid`. */
export function requireClass(name: string): void {
  if (!isRetentionClass(name))
    throw new RetentionError(
      'class_invalid',
      `Cannot use class "${name.slice(0, 40)}": must be 1 to 31 lowercase letters, digits and hyphens, a letter first`,
    );
}
