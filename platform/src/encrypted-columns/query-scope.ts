import {
  AggregateFunctionNode,
  AliasNode,
  ColumnNode,
  IdentifierNode,
  ReferenceNode,
  SelectAllNode,
  SelectionNode,
  TableNode,
} from 'kysely';
import type { OperationNode } from 'kysely';
import type { ColumnDeclaration, TableDeclaration } from './column-declaration.ts';
import { EncryptedColumnError } from './encrypted-column-error.ts';

export type Declarations = ReadonlyMap<string, TableDeclaration>;
export type ScopedTable = { readonly visible: string; readonly table: string; readonly declared: TableDeclaration };

/** A column the encryption knows of, as a query names it. */
export type KnownColumn = ScopedTable & { readonly column: string } & (
    | { readonly kind: 'encrypted'; readonly declaration: ColumnDeclaration }
    | { readonly kind: 'index' }
    | { readonly kind: 'row' }
  );

/** The declared tables of a query, by the name they have in it. */
export type QueryScope = {
  readonly tables: ReadonlyMap<string, ScopedTable>;
  /** Undefined for all the encryption has no business with. A bare name is taken for that of a declared table. */
  resolve(node: OperationNode): KnownColumn | undefined;
  /** Throws `comparison_refused` when something in `value` names an encrypted column or a blind index. */
  refuseMentions(value: unknown, aliases?: ReadonlySet<string>): void;
};

export function createQueryScope(root: OperationNode, declarations: Declarations): QueryScope {
  const names = new Map<string, string>();
  for (const node of nodesIn(root)) for (const item of tablesOf(node)) addTable(names, item, declarations);
  const tables = new Map<string, ScopedTable>();
  for (const [visible, table] of names) {
    const declared = declarations.get(table);
    if (declared !== undefined) tables.set(visible, { visible, table, declared });
  }

  const resolveName = (column: string, qualifier: string | undefined): KnownColumn | undefined => {
    const scoped =
      qualifier === undefined ? [...tables.values()] : [tables.get(qualifier)].filter((it) => it !== undefined);
    const found = scoped.flatMap((table) => knownColumn(table, column) ?? []);
    if (found.length > 1 && found.some(({ kind }) => kind !== 'row'))
      throw refusal('query_refused', `"${column}" may be a column of several tables`, 'name the table of each column');
    return found[0];
  };
  const resolve = (node: OperationNode): KnownColumn | undefined => {
    if (ColumnNode.is(node)) return resolveName(node.column.name, undefined);
    if (!ReferenceNode.is(node) || !ColumnNode.is(node.column)) return undefined;
    return resolveName(node.column.column.name, node.table?.table.identifier.name);
  };
  const sealedWords = (): RegExp => {
    const words = [...tables.values()].flatMap(({ declared }) => namesOf(declared));
    return new RegExp(`\\b(?:${words.map((word) => word.replaceAll(/\W/g, String.raw`\$&`)).join('|')})\\b`, 'i');
  };

  return {
    tables,
    resolve,
    refuseMentions(value, aliases = new Set()) {
      const counted = new Set<unknown>();
      for (const node of nodesIn(value)) {
        // `count(*)` is no reading of all columns.
        if (AggregateFunctionNode.is(node)) for (const part of node.aggregated) counted.add(part);
        const known = resolve(node);
        if (known !== undefined && known.kind !== 'row') {
          throw refusal(
            'comparison_refused',
            `"${known.table}.${known.column}" is encrypted, must be selected, set, or asked for as equal in the outermost "where"`,
          );
        }
        if (isBareNameIn(node, aliases))
          throw refusal(
            'comparison_refused',
            'an encrypted column has no order and no groups, must be sorted after reading',
          );
        if (SelectionNode.is(node) && isSelectAll(node.selection) && !counted.has(node) && tables.size > 0)
          throw refusal('query_refused', 'an inner query selects all columns, must name those that are not encrypted');
        if (node.kind === 'RawNode' && 'sqlFragments' in node && tables.size > 0) {
          const words = sealedWords();
          if (Array.isArray(node.sqlFragments) && node.sqlFragments.some((part) => words.test(String(part))))
            throw refusal('query_refused', 'written SQL names an encrypted column, must be built without');
        }
      }
    },
  };
}

export function refusal(
  code: 'comparison_refused' | 'query_refused',
  why: string,
  hint?: string,
): EncryptedColumnError {
  return new EncryptedColumnError(code, `Cannot run the query: ${why}`, hint === undefined ? {} : { hint });
}

/** `*` or `table.*`. */
export function isSelectAll(node: OperationNode): boolean {
  return SelectAllNode.is(node) || (ReferenceNode.is(node) && SelectAllNode.is(node.column));
}

export function aliasOf(node: OperationNode): string | undefined {
  return AliasNode.is(node) && IdentifierNode.is(node.alias) ? node.alias.name : undefined;
}

/** The table a `from`, `join`, `into` or `update` names, under its own name or an alias. */
export function tableNameOf(node: OperationNode): { readonly visible: string; readonly table: string } | undefined {
  const table = AliasNode.is(node) ? node.node : node;
  if (!TableNode.is(table)) return undefined;
  const { name } = table.table.identifier;
  return { visible: aliasOf(node) ?? name, table: name };
}

function namesOf(declared: TableDeclaration): readonly string[] {
  return Object.entries(declared.columns).flatMap(([column, { index }]) =>
    index === undefined ? [column] : [column, index.column],
  );
}

function knownColumn(table: ScopedTable, column: string): KnownColumn | undefined {
  const { declared } = table;
  if (column === declared.row) return { ...table, column, kind: 'row' };
  const declaration = Object.hasOwn(declared.columns, column) ? declared.columns[column] : undefined;
  if (declaration !== undefined) return { ...table, column, kind: 'encrypted', declaration };
  const isIndex = Object.values(declared.columns).some(({ index }) => index?.column === column);
  return isIndex ? { ...table, column, kind: 'index' } : undefined;
}

function addTable(names: Map<string, string>, item: OperationNode, declarations: Declarations): void {
  const named = tableNameOf(item);
  if (named === undefined) return;
  const other = names.get(named.visible);
  if (other !== undefined && other !== named.table && (declarations.has(other) || declarations.has(named.table)))
    throw refusal('query_refused', `"${named.visible}" names two tables`, 'give each table a name of its own');
  names.set(named.visible, named.table);
}

/** The nodes in the places of `node` where tables are named. */
function tablesOf(node: OperationNode): readonly OperationNode[] {
  const places: unknown[] = [];
  if ('froms' in node) places.push(node.froms);
  if (node.kind === 'UsingNode' && 'tables' in node) places.push(node.tables);
  if (node.kind !== 'ReferenceNode' && 'table' in node) places.push(node.table);
  if ('into' in node) places.push(node.into);
  return places.flat().filter(isNode);
}

function isBareNameIn(node: OperationNode, aliases: ReadonlySet<string>): boolean {
  return (
    ReferenceNode.is(node) &&
    node.table === undefined &&
    ColumnNode.is(node.column) &&
    aliases.has(node.column.column.name)
  );
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

/** Every node of a tree; not what stands in values, which is the callers'. */
function* nodesIn(value: unknown): Generator<OperationNode> {
  if (Array.isArray(value)) {
    for (const item of value) yield* nodesIn(item);
    return;
  }
  if (!isNode(value)) return;
  yield value;
  // A reference is understood as a whole; its parts alone would lose the table. Values are no nodes.
  if (value.kind === 'ValueNode' || value.kind === 'PrimitiveValueListNode' || value.kind === 'ReferenceNode') return;
  for (const part of Object.values(value)) yield* nodesIn(part);
}
