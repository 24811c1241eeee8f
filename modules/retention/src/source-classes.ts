import { custodyClass, isRetentionClass } from '@sallyport/ledger';
import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { RetentionError } from './errors.ts';
import type { Policy } from './expiry.ts';
import { createRecordChange } from './retention-event.ts';

type Tables = {
  retention_sources: { source: string; class: string };
  retention_source_history: { source: string; class: string };
};

/** Which class the events of a source get, from the next event on; what is there keeps the one it has. */
export type SourceClasses = {
  /** Undefined: `events`. */
  classOf(source: string): string | undefined;
  all(): ReadonlyMap<string, string>;
  /** Every class it has or had: there are events of it in each. */
  everOf(source: string): Promise<readonly string[]>;
  /**
   * Two people agree to keep less, in a policy; giving a source a class that is kept shorter than the one it has would do the same
   * with one. Throws `RetentionError` `class_invalid`, `class_reserved`, `class_kept_shorter`, `classes_too_many`.
   */
  set(source: string, name: string, actor: Principal): Promise<void>;
  /** Throws `RetentionError` `source_class_unknown`, `class_kept_shorter`. */
  clear(source: string, actor: Principal): Promise<void>;
};

const maxSources = 10_000;
/** Each costs a key a day and a block in each commit. */
const maxClasses = 100;

export async function createSourceClasses(needs: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'record' | 'flushed'>;
  readonly clock: Clock;
  readonly policies: () => Promise<readonly Policy[]>;
}): Promise<SourceClasses> {
  const record = createRecordChange(needs);
  const refuseShorter = async (source: string, before: string, after: string): Promise<void> => {
    const policies = await needs.policies();
    const daysOf = (name: string): number =>
      policies.find((policy) => policy.class === name)?.keepDays ?? Number.POSITIVE_INFINITY;
    if (daysOf(after) >= daysOf(before)) return;
    throw new RetentionError(
      'class_kept_shorter',
      `Cannot give "${source}" class "${after}": it is kept ${daysOf(after)} days, which is shorter than "${before}"`,
      { hint: 'give it a class of its own, and have two people agree how long that is kept' },
    );
  };
  const rows = await needs.database
    .withTables<Tables>()
    .selectFrom('retention_sources')
    .selectAll()
    .limit(maxSources)
    .execute();
  // Reserved since: what had it is kept as any other event.
  const classes = new Map(rows.filter((row) => row.class !== custodyClass).map((row) => [row.source, row.class]));
  return {
    classOf: (source) => classes.get(source),
    all: () => classes,
    async everOf(source) {
      const former = await needs.database
        .withTables<Tables>()
        .selectFrom('retention_source_history')
        .select('class')
        .where('source', '=', source)
        .execute();
      return [...new Set([classes.get(source) ?? 'events', ...former.map((row) => row.class)])];
    },
    async set(source, name, actor) {
      requireClass(name);
      if (name === 'audit' || name === 'findings' || name === custodyClass)
        throw new RetentionError(
          'class_reserved',
          `Cannot give "${source}" class "${name}": that is for what this server says`,
        );
      const before = classes.get(source) ?? 'events';
      await refuseShorter(source, before, name);
      if (!classes.has(source) && classes.size >= maxSources)
        throw new RetentionError('classes_too_many', `Cannot give "${source}" a class: ${maxSources} sources have one`);
      const names = new Set(classes.values());
      if (!names.has(name) && names.size >= maxClasses)
        throw new RetentionError(
          'classes_too_many',
          `Cannot give "${source}" class "${name}": there are ${maxClasses} classes of sources already`,
        );
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
            .insertInto('retention_source_history')
            .values([before, name].map((one) => ({ source, class: one })))
            .onConflict((conflict) => conflict.columns(['source', 'class']).doNothing())
            .execute();
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
      await refuseShorter(source, before, 'events');
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
