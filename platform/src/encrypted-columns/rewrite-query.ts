import {
  AggregateFunctionNode,
  AliasNode,
  DeleteQueryNode,
  InsertQueryNode,
  ReturningNode,
  SelectQueryNode,
  UpdateQueryNode,
  WhereNode,
} from 'kysely';
import type { OperationNode, RootOperationNode } from 'kysely';
import type { ColumnCipher } from './column-cipher.ts';
import { exactIndexBytes } from './column-declaration.ts';
import {
  createQueryScope,
  refusal,
  tableNameOf,
  type Declarations,
  type QueryScope,
  type ScopedTable,
} from './query-scope.ts';
import { rewriteCondition, rowSought, type Sought } from './rewrite-condition.ts';
import { rewriteSelections, type RowPlan } from './rewrite-selections.ts';
import { sealInsert, sealUpdates } from './seal-written.ts';

export type Rewritten = { readonly node: RootOperationNode; readonly plan: RowPlan | undefined };
type Needs = { readonly declarations: Declarations; readonly cipher: ColumnCipher };
type InScope = { readonly scope: QueryScope; readonly cipher: ColumnCipher };

/** The query as the database gets it. Throws `EncryptedColumnError` for what cannot be asked of encrypted columns. */
export function rewriteQuery(root: RootOperationNode, { declarations, cipher }: Needs): Rewritten {
  const scope = createQueryScope(root, declarations);
  const needs = { scope, cipher };
  if (root.kind === 'RawNode') refuseRaw(root, declarations);
  if (scope.tables.size === 0) return { node: root, plan: undefined };
  if ('with' in root && root.with !== undefined)
    throw refusal('query_refused', 'it has a "with" beside encrypted columns', 'run the parts one after another');
  if (SelectQueryNode.is(root)) return rewriteSelect(root, needs);
  if (InsertQueryNode.is(root)) return rewriteInsert(root, needs);
  if (UpdateQueryNode.is(root)) return rewriteUpdate(root, needs);
  if (DeleteQueryNode.is(root)) return rewriteDelete(root, needs);
  if (root.kind === 'MergeQueryNode') throw refusal('query_refused', 'it merges into a table with encrypted columns');
  return { node: root, plan: undefined };
}

function rewriteSelect(root: SelectQueryNode, { scope, cipher }: InScope): Rewritten {
  const { from, joins = [], where, selections = [], ...rest } = root;
  if (root.setOperations !== undefined)
    throw refusal('query_refused', 'it joins the rows of several queries', 'run the parts one after another');
  const sought: Sought[] = [];
  const condition = where === undefined ? undefined : rewriteCondition(where.where, { scope, cipher, sought });
  const places = [...(from?.froms ?? []), ...joins.map(({ table }) => table)];
  const rewritten = rewriteSelections(selections, {
    scope,
    from: places.map((place) => tableAt(place, scope)),
    sought,
  });
  scope.refuseMentions(Object.values(rest), rewritten.aliases);
  for (const place of places) if (tableNameOf(place) === undefined) scope.refuseMentions(place);
  for (const { on } of joins) scope.refuseMentions(on);
  if (rewritten.plan.opened.length > 0) refuseGathering(root);
  const short = sought.find(({ column }) => (column.declaration.index?.bytes ?? 0) < exactIndexBytes);
  if (short !== undefined && (root.limit ?? root.offset ?? root.fetch ?? root.top) !== undefined) {
    throw refusal(
      'query_refused',
      `it asks for a limited number of rows by the short index of "${short.column.column}", which also finds others`,
      'take what is needed of all rows',
    );
  }
  return {
    node: {
      ...root,
      selections: rewritten.selections,
      ...(condition === undefined ? {} : { where: WhereNode.create(condition) }),
    },
    plan: rewritten.plan,
  };
}

/** Rows that stand for several others have no id, and equal texts are sealed unlike each other. */
function refuseGathering(root: SelectQueryNode): void {
  const distinct = root.frontModifiers?.some(({ modifier }) => modifier === 'Distinct') ?? false;
  const gathered = (root.selections ?? []).some(({ selection }) => holdsAggregate(selection));
  if (!distinct && !gathered && root.distinctOn === undefined && root.groupBy === undefined) return;
  throw refusal('query_refused', 'it gathers rows by encrypted columns', 'read the rows and gather what they hold');
}

function holdsAggregate(node: OperationNode): boolean {
  return AliasNode.is(node) ? AggregateFunctionNode.is(node.node) : AggregateFunctionNode.is(node);
}

function rewriteInsert(root: InsertQueryNode, needs: InScope): Rewritten {
  const table = root.into === undefined ? undefined : tableAt(root.into, needs.scope);
  if (table === undefined) {
    needs.scope.refuseMentions(root);
    return { node: root, plan: undefined };
  }
  return withReturning(sealInsert(root, table, needs), table, needs);
}

function rewriteUpdate(root: UpdateQueryNode, needs: InScope): Rewritten {
  const table = root.table === undefined ? undefined : tableAt(root.table, needs.scope);
  const { where, returning, updates, table: _table, ...rest } = root;
  needs.scope.refuseMentions(Object.values(rest));
  needs.scope.refuseMentions(where);
  if (table === undefined) {
    needs.scope.refuseMentions([updates, returning]);
    return { node: root, plan: undefined };
  }
  const row = where === undefined ? undefined : rowSought(where.where, needs.scope, table);
  const sealed = { ...root, updates: sealUpdates(updates ?? [], { ...needs, table, row }) };
  return withReturning(sealed, table, needs);
}

function rewriteDelete(root: DeleteQueryNode, needs: InScope): Rewritten {
  const { returning, from, ...rest } = root;
  needs.scope.refuseMentions(Object.values(rest));
  const [place] = from.froms;
  const table = place === undefined ? undefined : tableAt(place, needs.scope);
  if (table !== undefined) return withReturning(root, table, needs);
  needs.scope.refuseMentions(returning);
  return { node: root, plan: undefined };
}

function withReturning(
  root: InsertQueryNode | UpdateQueryNode | DeleteQueryNode,
  table: ScopedTable,
  { scope }: InScope,
): Rewritten {
  if (root.returning === undefined) return { node: root, plan: undefined };
  const { selections, plan } = rewriteSelections(root.returning.selections, { scope, from: [table], sought: [] });
  return { node: { ...root, returning: ReturningNode.create(selections) }, plan };
}

function tableAt(place: OperationNode, scope: QueryScope): ScopedTable | undefined {
  const named = tableNameOf(place);
  return named === undefined ? undefined : scope.tables.get(named.visible);
}

/** What is written as SQL is not understood: it may not name a table with encrypted columns. */
function refuseRaw(root: Extract<RootOperationNode, { kind: 'RawNode' }>, declarations: Declarations): void {
  const text = root.sqlFragments.join(' ').toLowerCase();
  const named = [...declarations.keys()].find((table) => text.split(/\W+/).includes(table.toLowerCase()));
  if (named !== undefined) throw refusal('query_refused', `written SQL names "${named}", must be built`);
}
