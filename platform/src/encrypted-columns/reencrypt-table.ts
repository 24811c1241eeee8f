import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { versionOf, type ColumnCipher } from './column-cipher.ts';
import type { TableDeclaration } from './column-declaration.ts';
import type { ColumnKeys } from './column-keys.ts';
import { notSealedWith } from './count-stored.ts';
import { EncryptedColumnError } from './encrypted-column-error.ts';
import type { ReencryptOptions, ReencryptProgress, StoredRow } from './reencrypt-options.ts';
import { rowIdOf } from './rewrite-condition.ts';

type Needs = {
  readonly database: Database;
  readonly table: string;
  readonly declared: TableDeclaration;
  readonly cipher: ColumnCipher;
  readonly keys: ColumnKeys;
};

export async function reencryptTable(needs: Needs, options: ReencryptOptions): Promise<ReencryptProgress> {
  const { database, table, declared, keys } = needs;
  const version = keys.newest();
  const columns = Object.keys(declared.columns);
  const id = sql.ref(declared.row);
  const old = notSealedWith(columns, version);
  let after: unknown;
  let resealed = 0;
  let damaged = 0;
  for (;;) {
    const later = after === undefined ? sql`` : sql` and ${id} > ${after}`;
    const progress = await database.transaction().execute(async (transaction): Promise<ReencryptProgress> => {
      const { rows } = await sql<Record<string, unknown>>`
        select * from ${sql.table(table)} where (${old})${later} order by ${id} limit ${options.rowsAtOnce ?? 100}
      `.execute(transaction);
      for (const row of rows) {
        const values = resealRow(needs, row, options);
        after = row[declared.row];
        if (values === undefined) {
          damaged += 1;
          continue;
        }
        const changes = [...values].map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
        // Only as long as it stands there as it was read: what somebody writes meanwhile is sealed with the newest keys already.
        const asRead = Object.keys(declared.columns)
          .filter((column) => values.has(column))
          .map((column) => sql` and ${sql.ref(column)} = ${row[column]}`);
        const { numAffectedRows = 0n } = await sql`
          update ${sql.table(table)} set ${sql.join(changes)} where ${id} = ${after}${sql.join(asRead, sql``)}
        `.execute(transaction);
        resealed += Number(numAffectedRows);
      }
      if (rows.length === 0) return { table, version, resealed, damaged, remaining: 0, done: true };
      const { rows: left } = await sql<{ remaining: number }>`
        select count(*) as remaining from ${sql.table(table)} where (${old}) and ${id} > ${after}
      `.execute(transaction);
      return { table, version, resealed, damaged, remaining: left[0]?.remaining ?? 0, done: false };
    });
    options.onProgress?.(progress);
    if (progress.done || options.signal?.aborted === true) return progress;
  }
}

/** What is to be written to one row, or undefined when a value of it does not open. */
function resealRow(
  { table, declared, cipher }: Needs,
  row: StoredRow,
  { earlier = {}, onDamaged }: ReencryptOptions,
): Map<string, string | null> | undefined {
  const rowId = rowIdOf(row[declared.row]) ?? '';
  const values = new Map<string, string | null>();
  try {
    for (const [column, { index }] of Object.entries(declared.columns)) {
      const stored = row[column];
      if (typeof stored !== 'string') continue;
      const cell = { table, column, row: rowId };
      const text = earlierText(stored, row, earlier[column], cell) ?? cipher.open(cell, stored);
      values.set(column, cipher.seal(cell, text));
      if (index !== undefined) values.set(index.column, cipher.newestIndex(table, column, text));
    }
    return values;
  } catch (error) {
    if (!(error instanceof EncryptedColumnError)) throw error;
    onDamaged?.(error);
    return undefined;
  }
}

function earlierText(
  stored: string,
  row: StoredRow,
  read: ((stored: string, row: StoredRow) => string) | undefined,
  cell: { readonly table: string; readonly column: string; readonly row: string },
): string | undefined {
  if (read === undefined || versionOf(stored) !== undefined) return undefined;
  try {
    return read(stored, row);
  } catch (error) {
    throw new EncryptedColumnError(
      'value_not_authentic',
      `Cannot take over ${cell.table}.${cell.column} of row "${cell.row}": it was changed, or belongs to another row`,
      { cause: error, details: { ...cell } },
    );
  }
}
