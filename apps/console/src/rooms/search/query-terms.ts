/** A term of the query language that means exactly this value. */
export function formatTerm(field: string, value: string, negated = false): string {
  const isPlain = /^[\w.-]+$/.test(value);
  const written = isPlain ? value : `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return `${negated ? '-' : ''}${field}:${written}`;
}

/** The query with one term more; once is enough. */
export function addTerm(query: string, term: string): string {
  const trimmed = query.trim();
  if (` ${trimmed} `.includes(` ${term} `)) return trimmed;
  return trimmed === '' ? term : `${trimmed} ${term}`;
}
