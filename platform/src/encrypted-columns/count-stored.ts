import { sql, type RawBuilder } from 'kysely';
import type { Database } from '../database.ts';
import { sealedPrefix } from './column-cipher.ts';

export type StoredCount = {
  readonly column: string;
  /** Values that are not null. */
  readonly values: number;
  /** Not in the form of this version of the product: in clear, or sealed some other way. */
  readonly clear: number;
  /** Sealed with another version of the keys than `newest`; 0 when that was not given. */
  readonly older: number;
};

/** What stands in encrypted columns, by the form of each value. Needs no keys. */
export async function countStored(
  database: Database,
  table: string,
  columns: readonly string[],
  newest?: number,
): Promise<readonly StoredCount[]> {
  const counts: StoredCount[] = [];
  for (const column of columns) {
    const name = sql.ref(column);
    const count = async (condition: ReturnType<typeof sql>): Promise<number> => {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from ${sql.table(table)} where ${name} is not null and ${condition}
      `.execute(database);
      return rows[0]?.count ?? 0;
    };
    const clear = await count(sql`${name} not like ${'sealed1.%'}`);
    const older =
      newest === undefined
        ? 0
        : await count(sql`${name} like ${'sealed1.%'} and ${name} not like ${`${sealedPrefix(newest)}%`}`);
    counts.push({ column, values: await count(sql`1 = 1`), clear, older });
  }
  return counts;
}

/** Rows with a value that is not sealed with the version `newest` of the keys. */
export async function countRowsLeft(
  database: Database,
  table: string,
  columns: readonly string[],
  newest: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from ${sql.table(table)} where ${notSealedWith(columns, newest)}
  `.execute(database);
  return rows[0]?.count ?? 0;
}

/** The condition of a row that has to be sealed anew. */
export function notSealedWith(columns: readonly string[], newest: number): RawBuilder<unknown> {
  const pattern = `${sealedPrefix(newest)}%`;
  return sql.join(
    columns.map((column) => sql`(${sql.ref(column)} is not null and ${sql.ref(column)} not like ${pattern})`),
    sql` or `,
  );
}
