import { EventSearchError } from './errors.ts';
import { fieldStanding } from './known-fields.ts';
import { fieldAliases, promotedFields, rowFields } from './promoted-fields.ts';
import type { QueryParameters } from './query-parameters.ts';
import { searchLimits } from './search-request.ts';

export type FieldExpression = { readonly sql: string; readonly kind: 'text' | 'number' | 'time' };

const columns: ReadonlyMap<string, FieldExpression> = new Map<string, FieldExpression>([
  ...promotedFields.map((field) => [field.name, { sql: `\`${field.name}\``, kind: field.kind }] as const),
  ...rowFields.map(
    (field) => [field.name, { sql: field.name === 'received' ? 'received_at' : field.name, kind: field.kind }] as const,
  ),
]);

/**
 * SQL for the value of a field. Names of columns come from our own list; every part of a path is a parameter, so a field name can
 * hold anything. A path gives text, NULL where it does not lead anywhere; numbers, objects and arrays as their JSON.
 * Throws `EventSearchError` `query_invalid`, `query_field_unknown`.
 */
export function fieldExpression(name: string, parameters: QueryParameters): FieldExpression {
  const column = columns.get(Object.hasOwn(fieldAliases, name) ? (fieldAliases[name] ?? name) : name);
  if (column !== undefined) return column;
  const parts = name.split('.');
  if (name.length > searchLimits.maxFieldCharacters || parts.length > searchLimits.maxPathParts || parts.includes('')) {
    throw new EventSearchError(
      'query_invalid',
      `Cannot search field "${name.slice(0, 80)}": must be a name or a dotted path of at most ${searchLimits.maxPathParts} parts and ${searchLimits.maxFieldCharacters} characters`,
    );
  }
  refuseUnknown(name);
  const [root, ...rest] = parts;
  if (root !== 'raw' || rest.length === 0) return { sql: extract('body', parts, parameters), kind: 'text' };
  const original = "JSONExtractString(body, 'raw_data')";
  const nested = extract(original, rest, parameters);
  // Flat records write the dots into the name: {"winlog.event_id": 1}.
  return {
    sql: rest.length === 1 ? nested : `coalesce(${nested}, ${extract(original, [rest.join('.')], parameters)})`,
    kind: 'text',
  };
}

/** A name that nothing can have would find nothing, and look like an answer. */
function refuseUnknown(name: string): void {
  const standing = fieldStanding(name);
  if (standing.kind === 'list') {
    throw new EventSearchError(
      'query_invalid',
      `Cannot search field "${name}": "${standing.at}" is a list, must be compared as a whole`,
      { hint: `write ${standing.at}:"*VALUE*" without the quotes, or search for the value as a word` },
    );
  }
  if (standing.kind === 'unknown') {
    const [first] = standing.suggestions;
    throw new EventSearchError('query_field_unknown', `Cannot search field "${name}": no event can have it`, {
      details: { field: name, suggestions: standing.suggestions },
      ...(first !== undefined && {
        hint: `did you mean ${standing.suggestions.join(', ')}? Original fields begin with raw.; text with a colon in it goes in quotes`,
      }),
    });
  }
}

function extract(json: string, path: readonly string[], parameters: QueryParameters): string {
  return `JSONExtract(${json}, ${path.map((part) => parameters.text(part)).join(', ')}, 'Nullable(String)')`;
}
