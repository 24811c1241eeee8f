import { fieldAliases, promotedFields, rowFields } from './promoted-fields.ts';
import type { Condition } from './search-request.ts';

const withColumn: ReadonlySet<string> = new Set([
  ...promotedFields.map(({ name }) => name),
  ...rowFields.map(({ name }) => name),
  ...Object.keys(fieldAliases),
]);

/** The fields a query asks for that have no column of their own: those that a slip of the pen makes find nothing. */
export function pathsIn(condition: Condition | undefined): string[] {
  if (condition === undefined) return [];
  switch (condition.kind) {
    case 'filter':
      return withColumn.has(condition.filter.field) ? [] : [condition.filter.field];
    case 'text':
      return [];
    case 'not':
      return pathsIn(condition.part);
    case 'all':
    case 'any':
      return condition.parts.flatMap(pathsIn);
  }
}
