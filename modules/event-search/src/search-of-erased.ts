import type { ErasedRows } from './erased-rows.ts';
import type { EventFilter } from './search-request.ts';
import type { Cost, Search } from './search.ts';

/** The same searches, which tell how many events of the time they are about were erased. */
export function createSearchOfErased(search: Search, erasedRows: Pick<ErasedRows, 'count'>): Search {
  async function told<Answer extends Cost>(filter: EventFilter, work: () => Promise<Answer>): Promise<Answer> {
    const [answer, erased] = await Promise.all([work(), erasedRows.count(filter)]);
    return erased === 0 ? answer : { ...answer, erased };
  }
  return {
    ...search,
    search: (request) => told(request, () => search.search(request)),
    count: (filter) => told(filter, () => search.count(filter)),
    histogram: (filter, intervalMs) => told(filter, () => search.histogram(filter, intervalMs)),
    table: (filter, stage) => told(filter, () => search.table(filter, stage)),
    topValues: (filter, field, limit) => told(filter, () => search.topValues(filter, field, limit)),
  };
}
