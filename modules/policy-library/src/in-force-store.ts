import type { Database, Transaction } from '@sallyport/platform/database';
import { InForceUnreadable } from './in-force-mark.ts';
import { createInForceRow } from './in-force-row.ts';
import type { Standing } from './in-force-row.ts';
import type { SealedStoreNeeds } from './sealed-json.ts';
import type { PolicyVersion } from './policy-version.ts';

type InForceRow = { name: string; version: number; sealed: string };
type Tables = { policy_in_force: InForceRow };

const inForce = 'policies';

/** Which version is in force: one row, under which two who put something there at once both say what they believe is there; one of them is wrong. */
export function createInForceStore(needs: SealedStoreNeeds) {
  const { database } = needs;
  const tables = (on: Database | Transaction = database) => on.withTables<Tables>();
  const row = createInForceRow(needs, 'in-force');
  const found = (on?: Transaction): Promise<InForceRow | undefined> =>
    tables(on).selectFrom('policy_in_force').selectAll().where('name', '=', inForce).executeTakeFirst();

  async function write(
    on: Transaction,
    before: InForceRow | undefined,
    to: Omit<InForceRow, 'name'>,
  ): Promise<boolean> {
    if (before === undefined) {
      const written = await tables(on)
        .insertInto('policy_in_force')
        .values({ name: inForce, ...to })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .executeTakeFirst();
      return (written.numInsertedOrUpdatedRows ?? 0n) > 0n;
    }
    const written = await tables(on)
      .updateTable('policy_in_force')
      .set(to)
      .where('name', '=', inForce)
      .where('sealed', '=', before.sealed)
      .executeTakeFirst();
    return written.numUpdatedRows > 0n;
  }

  return {
    /** Throws `InForceUnreadable`. */
    standing: async (on?: Transaction): Promise<Standing> => row.open(await found(on)),
    /** The number in the row, sealed or not: it is never given again. */
    named: async (on: Transaction): Promise<number> => (await found(on))?.version ?? 0,
    /** Binds what is in force to its texts, where a version of the product put it there that did not: once. */
    async bind(on: Transaction, made: Pick<PolicyVersion, 'version' | 'hash'>): Promise<void> {
      const before = await found(on);
      const standing = row.open(before);
      if (standing.version !== made.version || standing.digest !== undefined) return;
      const { version, hash: digest } = made;
      await write(on, before, { version, sealed: row.seal({ version, digest }, Math.max(1, standing.activations)) });
    },
    /**
     * False when another version is in force than `before`; where nobody can tell what is, `before` is undefined. It counts on from the database and
     * from `last`, whichever is greater.
     */
    async activate(
      on: Transaction,
      { version, hash: digest }: Pick<PolicyVersion, 'version' | 'hash'>,
      before: number | undefined,
      last: number,
    ): Promise<boolean> {
      const stands = await found(on);
      let told: Standing = { version: 0, activations: 0 };
      try {
        told = row.open(stands);
      } catch (error) {
        if (before !== undefined || !(error instanceof InForceUnreadable)) throw error;
      }
      if (before !== undefined && told.version !== before) return false;
      const sealed = row.seal({ version, digest }, Math.max(last, told.activations) + 1);
      return write(on, stands, { version, sealed });
    },
  };
}
