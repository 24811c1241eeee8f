import { comparePositions, origin, type Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';
import { codeOf } from '@sallyport/platform/errors';
import { EventSearchError } from '../errors.ts';
import type { RangeJournal } from '../range-journal.ts';
import {
  eventNotFoundMessage,
  parseBody,
  type Cost,
  type FoundEvent,
  type Rebuilding,
  type Search,
} from '../search.ts';

type Needs = {
  readonly search: Search;
  readonly journal: RangeJournal;
  readonly ledger: Pick<Ledger, 'read' | 'head'>;
};

/**
 * The same searches, which say so while the store is being filled again. One event by its position is always what the ledger holds,
 * also where search shows it by another mapping or has not got it back yet.
 */
export function createSearchOfHistory({ search, journal, ledger }: Needs): Search & {
  rebuilding(): Promise<Rebuilding | undefined>;
} {
  async function rebuilding(): Promise<Rebuilding | undefined> {
    const history = await journal.history.read();
    if (history === undefined || history.state === 'done') return undefined;
    if (history.state === 'asked') return { through: origin, until: ledger.head() };
    return { through: (await journal.read()).cursor, until: history.until };
  }

  /** Asked before and after: it may begin or end in between. */
  async function told<Answer extends Cost>(work: () => Promise<Answer>): Promise<Answer> {
    const before = await rebuilding();
    const answer = await work();
    const found = before ?? (await rebuilding());
    return found === undefined ? answer : { ...answer, rebuilding: found };
  }

  async function sealed(position: Position): Promise<Omit<FoundEvent, 'remapped'>> {
    const isInLog = comparePositions(position, origin) >= 0 && comparePositions(position, ledger.head()) < 0;
    const { events } = isInLog ? await ledger.read(position, { maxEvents: 1, maxBytes: 1 }) : { events: [] };
    const found = events.find((event) => comparePositions(event.position, position) === 0);
    if (found === undefined) throw new EventSearchError('event_not_found', eventNotFoundMessage(position));
    const { body, receivedAtMs } = found;
    return { position, receivedAtMs, event: body === undefined ? undefined : parseBody(Buffer.from(body).toString()) };
  }

  return {
    ...search,
    rebuilding,
    search: (request) => told(() => search.search(request)),
    count: (filter) => told(() => search.count(filter)),
    histogram: (filter, intervalMs) => told(() => search.histogram(filter, intervalMs)),
    table: (filter, stage) => told(() => search.table(filter, stage)),
    topValues: (filter, field, limit) => told(() => search.topValues(filter, field, limit)),
    async event(position) {
      try {
        const found = await search.event(position);
        if (found.remapped === undefined) return found;
        return { ...(await sealed(position)), remapped: { ...found.remapped, holds: 'sealed' } };
      } catch (error) {
        const filled = codeOf(error) === 'event_not_found' ? await rebuilding() : undefined;
        if (filled === undefined || comparePositions(position, filled.until) >= 0) throw error;
        return sealed(position);
      }
    },
  };
}
