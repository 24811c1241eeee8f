import { useDebouncedValue } from '@mantine/hooks';
import { useQueries, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import type { ListedEvent } from '../../parts/listed-event.ts';
import { forgetFarPages, pageQuery, pageRows } from './search-queries.ts';
import type { EventsPage, PinnedFilter } from './search-queries.ts';

const ahead = 40;
const settleMs = 45;

/**
 * The rows of a pinned list around those in sight. What is in sight is asked for first, and what lies around it once that
 * is there. Pages that are only passed on the way are never asked for, and those left behind before they came are given up.
 */
export function useEventRows(
  filter: PinnedFilter,
  { first, last, count }: { readonly first: number; readonly last: number; readonly count: number },
): { readonly rowAt: (row: number) => ListedEvent | undefined; readonly error: Error | null } {
  const queries = useQueryClient();
  const from = Math.floor(Math.max(0, first - ahead) / pageRows);
  const to = Math.floor(Math.max(0, Math.min(count - 1, last + ahead)) / pageRows);
  const middle = Math.floor(Math.max(0, Math.min(count - 1, (first + last) / 2)) / pageRows);
  const [settled] = useDebouncedValue(`${from}-${to}-${middle}`, settleMs, { leading: true });
  const { pages, main } = useMemo(() => {
    const [start = 0, end = 0, main = 0] = settled.split('-').map(Number);
    return { pages: Array.from({ length: end - start + 1 }, (_, at) => start + at), main };
  }, [settled]);
  // The engine answers one search after the other: what nobody sees yet would stand in the way of what is in sight.
  const isMainThere = queries.getQueryData<EventsPage>(pageQuery(filter, main).queryKey) !== undefined;
  const answers = useQueries({
    queries: pages.map((page) => ({ ...pageQuery(filter, page), enabled: page === main || isMainThere })),
  });
  useEffect(() => forgetFarPages(queries), [queries, settled, filter]);
  const arrived = answers.map(({ dataUpdatedAt }) => dataUpdatedAt).join();
  const rowAt = useCallback(
    (row: number): ListedEvent | undefined => {
      const page = Math.floor(row / pageRows);
      // Also what is kept from before, while what is wanted now settles.
      return queries.getQueryData<EventsPage>(pageQuery(filter, page).queryKey)?.rows[row % pageRows];
    },
    // `arrived` says that the cache holds more than before.
    [queries, filter, arrived],
  );
  return { rowAt, error: answers.find(({ error }) => error !== null)?.error ?? null };
}
