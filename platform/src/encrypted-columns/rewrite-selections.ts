import { AliasNode, ColumnNode, IdentifierNode, ReferenceNode, SelectionNode, TableNode } from 'kysely';
import type { OperationNode } from 'kysely';
import { exactIndexBytes } from './column-declaration.ts';
import { aliasOf, isSelectAll, refusal, type QueryScope, type ScopedTable } from './query-scope.ts';
import type { Sought } from './rewrite-condition.ts';

/** How the rows of one query are opened. */
export type RowPlan = {
  readonly opened: readonly OpenedOutput[];
  /** Names in the result that were not asked for. */
  readonly hidden: readonly string[];
};
export type OpenedOutput = {
  readonly output: string;
  /** The table's name in the query. */
  readonly visible: string;
  readonly table: string;
  readonly column: string;
  /** The name under which the row's id stands in the result. */
  readonly rowOutput: string;
  /** What its text must be among, for each condition that found the row. */
  readonly sought: readonly {
    readonly values: ReadonlySet<string>;
    readonly normalise: (text: string) => string;
    readonly exact: boolean;
  }[];
};

/** The selections of the outermost query, with what is needed to open them, and how that is done. */
export function rewriteSelections(
  selections: readonly SelectionNode[],
  needs: {
    readonly scope: QueryScope;
    readonly from: readonly (ScopedTable | undefined)[];
    readonly sought: readonly Sought[];
  },
): { readonly selections: readonly SelectionNode[]; readonly plan: RowPlan; readonly aliases: ReadonlySet<string> } {
  const { scope, from } = needs;
  const kept: SelectionNode[] = [];
  const opened: OpenedOutput[] = [];
  const hidden = new Set<string>();
  const aliases = new Set<string>();
  const rowOutputOf = ({ visible }: ScopedTable): string => `row_of_${visible}`;

  for (const selection of selections) {
    const node = selection.selection;
    if (isSelectAll(node)) {
      const [only] = from;
      if (from.length !== 1 || only === undefined)
        throw refusal('query_refused', 'all columns of several tables are selected, must be named one by one');
      kept.push(selection);
      for (const [column, { index }] of Object.entries(only.declared.columns)) {
        opened.push({ ...outputOf(only, column, column), rowOutput: only.declared.row });
        if (index !== undefined) hidden.add(index.column);
      }
      continue;
    }
    const alias = aliasOf(node);
    const column = scope.resolve(AliasNode.is(node) ? node.node : node);
    if (column?.kind !== 'encrypted') scope.refuseMentions(node);
    else {
      opened.push({ ...outputOf(column, column.column, alias ?? column.column), rowOutput: rowOutputOf(column) });
      if (alias !== undefined) aliases.add(alias);
    }
    kept.push(selection);
  }

  for (const [at, { column, values }] of needs.sought.entries()) {
    const { index } = column.declaration;
    if (index === undefined) continue;
    const check = { values, normalise: index.normalise, exact: index.bytes >= exactIndexBytes };
    const shown = opened.findIndex((output) => output.visible === column.visible && output.column === column.column);
    const output = opened[shown];
    if (output !== undefined) {
      opened[shown] = { ...output, sought: [...output.sought, check] };
      continue;
    }
    const name = `sought_${at}`;
    hidden.add(name);
    kept.push(selectAs(column, column.column, name));
    opened.push({ ...outputOf(column, column.column, name), rowOutput: rowOutputOf(column), sought: [check] });
  }
  for (const table of scope.tables.values()) {
    const rowOutput = rowOutputOf(table);
    if (!opened.some((output) => output.rowOutput === rowOutput)) continue;
    hidden.add(rowOutput);
    kept.push(selectAs(table, table.declared.row, rowOutput));
  }
  return { selections: kept, plan: { opened, hidden: [...hidden] }, aliases };
}

function outputOf({ visible, table }: ScopedTable, column: string, output: string): Omit<OpenedOutput, 'rowOutput'> {
  return { output, visible, table, column, sought: [] };
}

function selectAs({ visible }: ScopedTable, column: string, output: string): SelectionNode {
  const reference: OperationNode = ReferenceNode.create(ColumnNode.create(column), TableNode.create(visible));
  return SelectionNode.create(AliasNode.create(reference, IdentifierNode.create(output)));
}
