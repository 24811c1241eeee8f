import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { EventIntake } from '@sallyport/event-intake';
import { EventSearchError, parseQuery } from '@sallyport/event-search';
import type { EventSearch } from '@sallyport/event-search';
import { createEvidenceRoutes, LedgerError } from '@sallyport/ledger';
import type { EvidenceNeeds, EvidenceQuery, LedgerClient } from '@sallyport/ledger';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { delay } from './timers.ts';

const pageSize = 1000;
const maxLooks = 50;
const lookEveryMs = 100;
const maxMatches = 200_000;
/** Who appends besides sources. */
const ownCollectors = ['audit', 'detection', 'device-fleet'] as const;

/** Evidence of ranges, with search to mark what fits a query and intake to name the sources. */
export function createRangeEvidence(
  needs: Pick<EvidenceNeeds, 'clock' | 'recordAudit' | 'openings'> & {
    readonly ledger: LedgerClient;
    readonly search: Pick<EventSearch, 'search' | 'health'>;
    readonly intake: Pick<EventIntake, 'sources'>;
  },
): RoutePlugin {
  const { ledger, search, intake } = needs;
  return createEvidenceRoutes(ledger, {
    ...needs,
    async knownSources() {
      const names = new Set<string>(ownCollectors);
      let after: { readonly keyId: string; readonly name: string } | undefined;
      for (;;) {
        const page = await intake.sources.list({ limit: pageSize, after });
        for (const { name } of page) names.add(`intake/${name}`);
        after = page.at(-1);
        if (after === undefined || page.length < pageSize) return [...names];
      }
    },
    matches: (query, principal) => matchesOf(search, query, principal),
  });
}

/** Search follows the ledger within moments; marks made before it has would say of events that they do not fit. */
async function requireSearchable(search: Pick<EventSearch, 'health'>, until: Position): Promise<void> {
  for (let tries = 0; tries < maxLooks; tries += 1) {
    const { cursor, rebuilding } = await search.health();
    if (rebuilding === undefined && comparePositions(cursor, until) >= 0) return;
    await delay(lookEveryMs, AbortSignal.timeout(10 * lookEveryMs));
  }
  throw new LedgerError('overloaded', 'Cannot mark what fits the query: search has not seen all of the range yet', {
    hint: 'try again in a moment, or end the range earlier',
  });
}

/** Positions alone: what stands in the file comes from the ledger. */
async function matchesOf(
  search: Pick<EventSearch, 'search' | 'health'>,
  query: EvidenceQuery,
  principal: Principal,
): Promise<ReadonlySet<number>> {
  const { condition, stage } = parseQuery(query.text);
  if (stage !== undefined)
    throw new EventSearchError('query_is_table', 'Cannot collect evidence: the query asks for a table');
  const { log, from, to, fromMs, toMs } = query;
  await requireSearchable(search, { log, index: to });
  const found = new Set<number>();
  let after = from === 0 ? undefined : { log, index: from - 1 };
  for (;;) {
    const { events, next } = await search.search({
      ...(condition === undefined ? {} : { query: condition }),
      ...(fromMs === undefined ? {} : { fromMs }),
      ...(toMs === undefined ? {} : { toMs }),
      ...(principal.scopes.includes('audit:read') ? {} : { withoutOwn: 'audit' as const }),
      through: { log, index: to - 1 },
      sort: 'oldest',
      limit: pageSize,
      ...(after === undefined ? {} : { after }),
    });
    for (const { position } of events) if (position.log === log && position.index >= from) found.add(position.index);
    if (found.size > maxMatches)
      throw new LedgerError('evidence_too_large', `Cannot mark what fits the query: more than ${maxMatches} events do`);
    if (next === undefined) return found;
    after = next;
  }
}
