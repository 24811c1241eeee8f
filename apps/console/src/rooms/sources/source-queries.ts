import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Problem } from '../../api/problem.ts';
import type { EventRow } from '../../api/queries.ts';
import { sourceTerms } from '../../parts/source-address.ts';
import type { SourceName } from '../../parts/source-address.ts';

export type SourceRow = Answer<'GET /v1/sources'>['sources'][number];
export type SourceDetails = Answer<'GET /v1/sources/{key_id}/{name}'>;
export type Recipe = Answer<'GET /v1/sources/recipes'>['recipes'][number];
export type Listeners = Answer<'GET /v1/settings/listeners'>;
export type Preview = Answer<'POST /v1/events/preview'>;

const refreshMs = 5000;
/** As many as one page of the list holds. */
const mostListed = 1000;
const newestLimit = 200;
const newestWhenLarge = 20;

export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => call('GET /v1/sources', { query: { limit: mostListed }, signal }),
  refetchInterval: refreshMs,
});

export const sourceQuery = ({ key_id, name }: SourceName) =>
  queryOptions({
    queryKey: ['sources', 'one', key_id, name],
    queryFn: ({ signal }) => call('GET /v1/sources/{key_id}/{name}', { params: { key_id, name }, signal }),
    refetchInterval: refreshMs,
  });

export const recipesQuery = queryOptions({
  queryKey: ['recipes'],
  queryFn: ({ signal }) => call('GET /v1/sources/recipes', { signal }),
  staleTime: Infinity,
});

export const listenersQuery = queryOptions({
  queryKey: ['settings', 'listeners'],
  queryFn: ({ signal }) => call('GET /v1/settings/listeners', { signal }),
});

/** The sources of some keys. The list is ordered by key and name, so it is asked for from before the first of each. */
export const sourcesOfQuery = (keyIds: readonly string[]) =>
  queryOptions({
    queryKey: ['sources', 'of', keyIds],
    queryFn: async ({ signal }) => {
      const pages = await Promise.all(
        keyIds.map((keyId) => call('GET /v1/sources', { query: { limit: mostListed, after: `${keyId}/-` }, signal })),
      );
      return pages.flatMap(({ sources }) => sources.filter(({ key_id }) => keyIds.includes(key_id)));
    },
  });

/** The newest events of a source; fewer where many would be too large for one answer. */
export const newestOfSourceQuery = (source: SourceName, from?: string) =>
  queryOptions({
    queryKey: ['source-events', source.key_id, source.name, from],
    queryFn: async ({ signal }): Promise<readonly EventRow[]> => {
      const query = { q: sourceTerms(source), ...(from === undefined ? {} : { from }) };
      try {
        return (await call('GET /v1/events', { query: { ...query, limit: newestLimit }, signal })).events;
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'query_too_large') throw error;
        return (await call('GET /v1/events', { query: { ...query, limit: newestWhenLarge }, signal })).events;
      }
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

/** Of a source that has no name people gave it, its own. */
export function sourceTitle({ label, name }: { readonly label?: string | undefined; readonly name: string }): string {
  return label === undefined || label === '' ? name : label;
}

export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
