import type { CompiledQuery, Kysely, KyselyPlugin, QueryId } from 'kysely';
import type { Database, Transaction } from '../database.ts';
import { createColumnCipher } from './column-cipher.ts';
import type { ColumnDeclaration, Opened, TableDeclaration, TableDeclarations } from './column-declaration.ts';
import type { ColumnKeys } from './column-keys.ts';
import type { EncryptedColumnError } from './encrypted-column-error.ts';
import { openRows } from './open-rows.ts';
import { prepareQuery } from './prepared-query.ts';
import type { ReencryptOptions, ReencryptProgress } from './reencrypt-options.ts';
import { reencryptTable } from './reencrypt-table.ts';
import { rewriteQuery } from './rewrite-query.ts';
import type { RowPlan } from './rewrite-selections.ts';

export { blindIndex, encrypted } from './column-declaration.ts';
export type { BlindIndex, Encrypted, Opened } from './column-declaration.ts';
export { openColumnKeys } from './column-keys.ts';
export { countRowsLeft, countStored } from './count-stored.ts';
export type { StoredCount } from './count-stored.ts';
export type { ColumnKeys, ProtectedTable } from './column-keys.ts';
export { EncryptedColumnError } from './encrypted-column-error.ts';
export type { EncryptedColumnErrorCode } from './encrypted-column-error.ts';
export type { ReencryptProgress } from './reencrypt-options.ts';

export type EncryptedColumns<Tables> = {
  /**
   * The tables with their encrypted columns as text, in this database or transaction. Queries that cannot be right on
   * encrypted columns throw `EncryptedColumnError` before they run. A value that does not open fails its query; with
   * `onDamaged` its row is handed over and left out instead.
   */
  on(
    where: Database | Transaction,
    options?: { readonly onDamaged?: (damage: EncryptedColumnError) => void },
  ): Kysely<Opened<Tables>>;
  /**
   * A query that is built and looked through at its first use with a database (or transaction), and asked with other values from then on: for what every
   * request asks. `build` is handed one placeholder for each value. It may seek by no encrypted column, whose index depends on the keys.
   */
  prepared<Row>(
    build: (tables: Kysely<Opened<Tables>>, ...placeholders: string[]) => { compile(): CompiledQuery<Row> },
  ): (where: Database | Transaction, ...values: string[]) => Promise<readonly Row[]>;
  /**
   * Seals with the newest keys whatever is sealed with older ones, and, with `earlier`, what an earlier version of the product
   * wrote in its own way. A few rows a transaction, so that others go on meanwhile; what is left shows in the rows themselves, so
   * that it may stop anywhere and be called again.
   */
  reencrypt(database: Database, table: keyof Tables & string, options?: ReencryptOptions): Promise<ReencryptProgress>;
};

/**
 * Encrypted columns of one module's tables:
 *
 *     type Tables = { notes: { id: string; title: Encrypted; title_key: BlindIndex; body: Encrypted<string | null> } };
 *     const columns = createEncryptedColumns<Tables>({ keys, random, tables: { notes: { row: 'id', columns: {
 *       title: encrypted({ index: blindIndex('title_key') }), body: encrypted() } } } });
 *     await columns.on(database).selectFrom('notes').select('body').where('title', '=', 'Gate').execute();
 */
export function createEncryptedColumns<Tables>(needs: {
  readonly keys: ColumnKeys;
  /** Unpredictable bytes; a source that repeats itself gives no key away. */
  readonly random: (length: number) => Uint8Array;
  readonly tables: TableDeclarations<Tables>;
}): EncryptedColumns<Tables> {
  const declarations = new Map<string, TableDeclaration>(Object.entries<TableDeclaration>(needs.tables));
  const declarationOf = (table: string, column: string): ColumnDeclaration => {
    const declaration = declarations.get(table)?.columns[column];
    if (declaration === undefined) throw new TypeError(`Cannot encrypt ${table}.${column}: must be declared`);
    return declaration;
  };
  const cipher = createColumnCipher({ keys: needs.keys, random: needs.random, declarationOf });
  for (const [table, declared] of declarations) {
    needs.keys.protect({
      table,
      columns: Object.keys(declared.columns),
      reencrypt: (database, options = {}) =>
        reencryptTable({ database, table, declared, cipher, keys: needs.keys }, options),
    });
  }

  const plans = new WeakMap<QueryId, RowPlan>();
  const on: EncryptedColumns<Tables>['on'] = (where, { onDamaged } = {}) => {
    const plugin: KyselyPlugin = {
      transformQuery({ node, queryId }) {
        const rewritten = rewriteQuery(node, { declarations, cipher });
        if (rewritten.plan !== undefined) plans.set(queryId, rewritten.plan);
        return rewritten.node;
      },
      async transformResult({ result, queryId }) {
        const plan = plans.get(queryId);
        if (plan === undefined) return result;
        const rows = openRows(result.rows, plan, { cipher, ...(onDamaged === undefined ? {} : { onDamaged }) });
        return { ...result, rows };
      },
    };
    return where.withTables<Opened<Tables>>().withPlugin(plugin);
  };

  return {
    on,
    prepared: (build) => prepareQuery(on, build),
    async reencrypt(database, table, options = {}) {
      const declared = declarations.get(table);
      if (declared === undefined) throw new TypeError(`Cannot encrypt "${table}" anew: must be declared`);
      return reencryptTable({ database, table, declared, cipher, keys: needs.keys }, options);
    },
  };
}
