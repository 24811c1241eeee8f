import { formatTerm } from '../rooms/search/query-terms.ts';

/** A source is named by the key it sends with and its own name. */
export type SourceName = { readonly key_id: string; readonly name: string };

/** The page of a source. */
export function sourceAddress({ key_id, name }: SourceName): string {
  return `/sources/${encodeURIComponent(key_id)}/${encodeURIComponent(name)}`;
}

/** The query that finds what a source sent. Intake writes both into every event, whatever the event claims. */
export function sourceTerms({ key_id, name }: SourceName): string {
  return `${formatTerm('metadata.reporter.uid', key_id)} ${formatTerm('metadata.reporter.name', name)}`;
}

/** Search with a query in it. */
export function searchAddress(query: string, range?: string): string {
  return `/search?${new URLSearchParams({ q: query, ...(range === undefined ? {} : { range }) }).toString()}`;
}
