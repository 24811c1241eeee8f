import { createHash } from 'node:crypto';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';

type Tables = { sign_in_spent: { hash: string; expires_at_ms: number } };

/** What is good once and kept by somebody else. */
export type Spent = {
  /** False when it was used before; of all who try at once, one gets true. Forgotten after `untilMs`, when it is no good anyway. */
  spend(kind: 'attempt' | 'logout' | 'id-token', text: string, untilMs: number): Promise<boolean>;
};

export function createSpent({ database, clock }: { readonly database: Database; readonly clock: Clock }): Spent {
  const tables = database.withTables<Tables>();
  return {
    async spend(kind, text, untilMs) {
      await tables.deleteFrom('sign_in_spent').where('expires_at_ms', '<=', clock.nowMs()).execute();
      const hash = createHash('sha256').update(`sallyport spent ${kind}\0`).update(text).digest('hex');
      const inserted = await tables
        .insertInto('sign_in_spent')
        .values({ hash, expires_at_ms: untilMs })
        .onConflict((conflict) => conflict.column('hash').doNothing())
        .executeTakeFirstOrThrow();
      return inserted.numInsertedOrUpdatedRows === 1n;
    },
  };
}
