import {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  TableNode,
  ValueNode,
} from 'kysely';
import type { OperationNode } from 'kysely';
import type { ColumnCipher } from './column-cipher.ts';
import { refusal, type KnownColumn, type QueryScope, type ScopedTable } from './query-scope.ts';

/** What was asked of an encrypted column: found rows are held against it after they are opened. */
export type Sought = {
  readonly column: Extract<KnownColumn, { kind: 'encrypted' }>;
  /** Normalised. */
  readonly values: ReadonlySet<string>;
};

/** Equality of encrypted columns becomes equality of their blind indexes. Throws `comparison_refused` for all else about them. */
export function rewriteCondition(
  node: OperationNode,
  needs: { readonly scope: QueryScope; readonly cipher: ColumnCipher; readonly sought: Sought[] },
): OperationNode {
  if (AndNode.is(node)) return AndNode.create(rewriteCondition(node.left, needs), rewriteCondition(node.right, needs));
  if (ParensNode.is(node)) return ParensNode.create(rewriteCondition(node.node, needs));
  const column = BinaryOperationNode.is(node) ? needs.scope.resolve(node.leftOperand) : undefined;
  if (!BinaryOperationNode.is(node) || column?.kind !== 'encrypted') {
    needs.scope.refuseMentions(node);
    return node;
  }
  const operator = OperatorNode.is(node.operator) ? node.operator.operator : '';
  if ((operator === 'is' || operator === 'is not') && isNull(node.rightOperand)) return node;
  const { index } = column.declaration;
  const values = operator === '=' || operator === 'in' ? textsOf(node.rightOperand) : undefined;
  if (index === undefined || values === undefined) {
    throw refusal(
      'comparison_refused',
      `"${column.table}.${column.column}" is encrypted, must ${index === undefined ? 'not be compared' : 'only be asked for as equal to texts'}`,
      'read the rows and compare what they hold',
    );
  }
  needs.sought.push({ column, values: new Set(values.map((value) => index.normalise(value))) });
  return BinaryOperationNode.create(
    ReferenceNode.create(ColumnNode.create(index.column), TableNode.create(column.visible)),
    OperatorNode.create('in'),
    PrimitiveValueListNode.create(values.flatMap((value) => needs.cipher.indexes(column.table, column.column, value))),
  );
}

/** The id when the condition holds for one row of `table` only: `row = id`, alone or as one of several that must all hold. */
export function rowSought(node: OperationNode, scope: QueryScope, table: ScopedTable): string | undefined {
  if (AndNode.is(node)) return rowSought(node.left, scope, table) ?? rowSought(node.right, scope, table);
  if (ParensNode.is(node)) return rowSought(node.node, scope, table);
  if (!BinaryOperationNode.is(node) || !OperatorNode.is(node.operator) || node.operator.operator !== '=')
    return undefined;
  const column = scope.resolve(node.leftOperand);
  if (column?.kind !== 'row' || column.visible !== table.visible) return undefined;
  return ValueNode.is(node.rightOperand) ? rowIdOf(node.rightOperand.value) : undefined;
}

/** A row's id as it is bound into its values. */
export function rowIdOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
}

function isNull(node: OperationNode): boolean {
  return ValueNode.is(node) && node.value === null;
}

function textsOf(node: OperationNode): readonly string[] | undefined {
  const values = ValueNode.is(node) ? [node.value] : PrimitiveValueListNode.is(node) ? node.values : [];
  const texts = values.filter((value) => typeof value === 'string');
  return texts.length > 0 && texts.length === values.length ? texts : undefined;
}
