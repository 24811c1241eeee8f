import type { CompiledQuery, Kysely } from 'kysely';
import type { Database, Transaction } from '../database.ts';

type Where = Database | Transaction;

/** As `EncryptedColumns.prepared`. How rows are opened goes with the id of the query, which stays the same. */
export function prepareQuery<Tables, Row>(
  on: (where: Where) => Kysely<Tables>,
  build: (tables: Kysely<Tables>, ...placeholders: string[]) => { compile(): CompiledQuery<Row> },
): (where: Where, ...values: string[]) => Promise<readonly Row[]> {
  const ready = new WeakMap<Where, { readonly tables: Kysely<Tables>; readonly query: CompiledQuery<Row> }>();

  function prepare(where: Where, count: number) {
    const tables = on(where);
    const placeholders = Array.from({ length: count }, (_, order) => `value ${order}`);
    const query = build(tables, ...placeholders).compile();
    // Each value has to stand where its placeholder did: of an encrypted column it would be the index of the placeholder.
    if (query.parameters.length !== count || query.parameters.some((one, order) => one !== placeholders[order]))
      throw new TypeError('Cannot prepare the query: its parameters must be its values, in their order');
    return { tables, query };
  }

  return async (where, ...values) => {
    const known = ready.get(where) ?? prepare(where, values.length);
    ready.set(where, known);
    if (known.query.parameters.length !== values.length)
      throw new TypeError(`Cannot ask with ${values.length} values: must be ${known.query.parameters.length}`);
    const query: CompiledQuery<Row> = { ...known.query, parameters: values };
    const { rows } = await known.tables.executeQuery(query);
    return rows;
  };
}
