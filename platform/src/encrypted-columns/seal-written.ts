import {
  ColumnNode,
  ColumnUpdateNode,
  PrimitiveValueListNode,
  ReferenceNode,
  TableNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
} from 'kysely';
import type { InsertQueryNode, OperationNode } from 'kysely';
import type { ColumnCipher } from './column-cipher.ts';
import { EncryptedColumnError } from './encrypted-column-error.ts';
import { refusal, type KnownColumn, type QueryScope, type ScopedTable } from './query-scope.ts';
import { rowIdOf } from './rewrite-condition.ts';

type Needs = { readonly scope: QueryScope; readonly cipher: ColumnCipher };
type EncryptedColumn = Extract<KnownColumn, { kind: 'encrypted' }>;

/** Every value sealed for its row, blind indexes beside them. */
export function sealInsert(root: InsertQueryNode, table: ScopedTable, needs: Needs): InsertQueryNode {
  const { columns = [], values, onConflict } = root;
  if (values === undefined || !ValuesNode.is(values) || root.onDuplicateKey !== undefined)
    throw refusal('query_refused', `it fills "${table.table}" from elsewhere, must be given the rows`);
  const known = columns.map((column) => needs.scope.resolve(column));
  refuseIndexes(known);
  const encrypted = known.flatMap((column, at) => (column?.kind === 'encrypted' ? [{ column, at }] : []));
  const rowAt = known.findIndex((column) => column?.kind === 'row');
  const indexed = encrypted.flatMap(({ column }) => column.declaration.index?.column ?? []);
  const ids: (string | undefined)[] = [];
  const rows = values.values.map((list) => {
    const given = list.values.map((value) => writtenValue(value));
    const row = rowIdOf(given[rowAt]?.value);
    ids.push(row);
    const sealed = given.map(({ node }) => node);
    const indexes: OperationNode[] = [];
    for (const { column, at } of encrypted) {
      const { value, index } = sealValue(column, given[at], row, needs.cipher);
      sealed[at] = ValueNode.create(value);
      if (column.declaration.index !== undefined) indexes.push(ValueNode.create(index));
    }
    const all = [...sealed, ...indexes];
    const plain = all.flatMap((node) => (ValueNode.is(node) && node.immediate !== true ? [node.value] : []));
    return plain.length === all.length ? PrimitiveValueListNode.create(plain) : ValueListNode.create(all);
  });
  const sealed: InsertQueryNode = {
    ...root,
    columns: [...columns, ...indexed.map((name) => ColumnNode.create(name))],
    values: ValuesNode.create(rows),
  };
  if (onConflict === undefined) return sealed;
  const { updates, ...rest } = onConflict;
  needs.scope.refuseMentions(Object.values(rest));
  if (updates === undefined) return sealed;
  // Only a conflict of the id itself updates the row the values were sealed for.
  const sameRow = rest.columns?.length === 1 && rest.columns.every(({ column }) => column.name === table.declared.row);
  const [row] = sameRow && ids.length === 1 ? ids : [];
  const written = sealUpdates(updates, { ...needs, table, row, excludedIsSameRow: sameRow });
  return { ...sealed, onConflict: { ...onConflict, updates: written } };
}

/** Values of an update, sealed for the one row it changes. Throws `row_id_missing` when it may change others. */
export function sealUpdates(
  updates: readonly ColumnUpdateNode[],
  needs: Needs & {
    readonly table: ScopedTable;
    readonly row: string | undefined;
    readonly excludedIsSameRow?: boolean;
  },
): readonly ColumnUpdateNode[] {
  const { scope, cipher, row } = needs;
  return updates.flatMap((update) => {
    const column = scope.resolve(update.column);
    refuseIndexes([column]);
    if (column?.kind === 'row')
      throw refusal(
        'query_refused',
        `it changes "${column.column}", to which the encrypted columns of "${column.table}" are bound`,
      );
    if (column?.kind !== 'encrypted') {
      scope.refuseMentions(update.value);
      return [update];
    }
    const name = column.declaration.index?.column;
    if (needs.excludedIsSameRow === true && isExcluded(update.value, column.column)) {
      const index = (at: string): OperationNode =>
        ReferenceNode.create(ColumnNode.create(at), TableNode.create('excluded'));
      return name === undefined ? [update] : [update, ColumnUpdateNode.create(ColumnNode.create(name), index(name))];
    }
    const { value, index } = sealValue(column, writtenValue(update.value), row, cipher);
    const sealed = ColumnUpdateNode.create(update.column, ValueNode.create(value));
    return name === undefined
      ? [sealed]
      : [sealed, ColumnUpdateNode.create(ColumnNode.create(name), ValueNode.create(index))];
  });
}

type Written = { readonly node: OperationNode; readonly value: unknown };

/** What is written, as a node; without a value when the database would compute it. */
function writtenValue(given: unknown): Written {
  if (typeof given !== 'object' || given === null || !('kind' in given))
    return { node: ValueNode.create(given), value: given };
  const node = asNode(given);
  return { node, value: ValueNode.is(node) ? node.value : undefined };
}

function asNode(given: object): OperationNode {
  if (isOperation(given)) return given;
  throw new TypeError('Cannot read the values of a query: must be nodes or plain values');
}

function isOperation(given: object): given is OperationNode {
  return 'kind' in given && typeof given.kind === 'string';
}

function sealValue(
  { table, column, declaration }: EncryptedColumn,
  written: Written | undefined,
  row: string | undefined,
  cipher: ColumnCipher,
): { value: string | null; index: string | null } {
  const text = written?.value;
  if (text === null) return { value: null, index: null };
  if (typeof text !== 'string' || !text.isWellFormed()) {
    throw new EncryptedColumnError(
      'value_not_text',
      `Cannot write ${table}.${column}: must be given well-formed text or null`,
      {
        details: { table, column },
      },
    );
  }
  if (row === undefined) {
    throw new EncryptedColumnError(
      'row_id_missing',
      `Cannot write ${table}.${column}: a value is sealed for one row, must be written with the row's id`,
      { details: { table, column } },
    );
  }
  const index = declaration.index === undefined ? null : cipher.newestIndex(table, column, text);
  return { value: cipher.seal({ table, column, row }, text), index };
}

function refuseIndexes(columns: readonly (KnownColumn | undefined)[]): void {
  const index = columns.find((column) => column?.kind === 'index');
  if (index !== undefined)
    throw refusal('query_refused', `it writes the blind index "${index.column}", which is filled by itself`);
}

function isExcluded(node: OperationNode, column: string): boolean {
  return (
    ReferenceNode.is(node) &&
    node.table?.table.identifier.name === 'excluded' &&
    ColumnNode.is(node.column) &&
    node.column.column.name === column
  );
}
