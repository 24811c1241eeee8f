import { isJsonObject, parsePosition, type Position } from '@sallyport/contracts';
import type { Principal, Reach } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { EventSearchError } from './errors.ts';
import { parseInstant } from './instant.ts';
import { pathsIn } from './query-fields.ts';
import { parseQuery, type ParsedQuery } from './query-language.ts';
import { promotedValue } from './promoted-value.ts';
import type { QueryStage } from './query-stages.ts';
import type { FoundEvent, Search } from './search.ts';
import type { EventFilter } from './search-request.ts';

const instant = 'ISO 8601 (UTC unless it says otherwise) or milliseconds since 1970';

/** The part of the address that says which events are meant, the same for every route. */
export const filterParameters = {
  q: Type.Optional(
    Type.String({
      maxLength: 8192,
      description: 'Query, e.g. class:1007 (user:alice OR user:bob) raw.Image:*\\cmd.exe -host:web1 "free text"',
    }),
  ),
  from: Type.Optional(Type.String({ maxLength: 40, description: `Start of the time range, included; ${instant}` })),
  to: Type.Optional(Type.String({ maxLength: 40, description: `End of the time range, not included; ${instant}` })),
  time: Type.Optional(
    Type.Enum(['received', 'claimed'], { description: 'Which time from and to mean; default received' }),
  ),
  through: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'LOG/INDEX; only what stands at or before it: the same events for as long as it is asked',
    }),
  ),
  since: Type.Optional(
    Type.String({ maxLength: 40, description: 'LOG/INDEX; only what stands after it: what came since' }),
  ),
  own_reads: Type.Optional(
    Type.Enum(['show', 'hide'], {
      description:
        'Whether records of reads that this server let through (request.allowed) are among them; default show',
    }),
  ),
};

export type FilterQuery = {
  q?: string;
  from?: string;
  to?: string;
  time?: 'received' | 'claimed';
  through?: string;
  since?: string;
  own_reads?: 'show' | 'hide';
};

/** Who asks, and how far their right to read events goes. */
export type Reader = { readonly principal: Principal; readonly reach: Reach };

/** What is asked for, as far as the caller may see it. `paths`: fields asked for that an event may or may not have. */
export type VisibleEvents = {
  readonly filter: EventFilter;
  readonly paths: readonly string[];
  readonly hints: readonly string[];
  /** What is worth saying only where nothing was found. */
  readonly emptyHints: readonly string[];
};

/** Throws `EventSearchError` `query_invalid`, `query_is_table`. */
export function visibleEvents(query: FilterQuery, reader: Reader): VisibleEvents {
  const parsed = parseQuery(query.q ?? '');
  if (parsed.stage !== undefined)
    throw new EventSearchError(
      'query_is_table',
      `Cannot list events: the query asks for a table ("${parsed.stage.kind}")`,
      {
        hint: 'GET /v1/events/table gives it; a | in text goes in quotes',
      },
    );
  return visibleOf(parsed, query, reader);
}

/** The same for a query that asks for a table. Throws `EventSearchError` `query_invalid`, `query_is_list`. */
export function visibleTable(query: FilterQuery, reader: Reader): VisibleEvents & { readonly stage: QueryStage } {
  const parsed = parseQuery(query.q ?? '');
  if (parsed.stage === undefined)
    throw new EventSearchError('query_is_list', 'Cannot make a table: the query has no stage behind a |', {
      hint: 'as in class:3002 | count by user',
    });
  return { ...visibleOf(parsed, query, reader), stage: parsed.stage };
}

function visibleOf(
  { condition, hints, emptyHints }: ParsedQuery,
  query: FilterQuery,
  { principal, reach }: Reader,
): VisibleEvents {
  const withoutOwn = !maySeeAudit(principal) ? 'audit' : query.own_reads === 'hide' ? 'reads' : undefined;
  const filter: EventFilter = {
    ...(condition !== undefined && { query: condition }),
    ...(query.from !== undefined && { fromMs: instantOf('from', query.from) }),
    ...(query.to !== undefined && { toMs: instantOf('to', query.to) }),
    ...(query.time !== undefined && { timeField: query.time }),
    ...(query.through !== undefined && { through: position(query.through) }),
    ...(query.since !== undefined && { since: position(query.since) }),
    ...(withoutOwn !== undefined && { withoutOwn }),
    ...(!reach.everywhere && { sites: { only: reach.sites } }),
    ...(reach.except.length > 0 && { sites: { except: reach.except } }),
  };
  return { filter, paths: pathsIn(condition), hints, emptyHints };
}

/** What makes an answer smaller than its reader may think; `found` is how many events it has. */
export async function hintsFor(
  search: Pick<Search, 'absentFields'>,
  { filter, paths, hints, emptyHints }: VisibleEvents,
  found: number,
): Promise<string[]> {
  const absent = paths.length === 0 ? [] : await search.absentFields(filter, paths);
  return [
    ...hints,
    ...(found === 0 ? emptyHints : []),
    ...absent.map((field) => `no event in this time range has ${field}`),
  ];
}

/** Our own audit records name people and what they typed: only who may read the audit trail finds them among the events. */
export function maySeeAudit(principal: Principal): boolean {
  return principal.scopes.includes('audit:read');
}

/** Of what stands at a site of others, and of what was erased: nobody can tell where that was. */
export function isHiddenFrom({ principal, reach }: Reader, found: FoundEvent): boolean {
  if (!maySeeAudit(principal) && isAuditRecord(found)) return true;
  const site = found.event === undefined ? null : promotedValue(found.event, 'site');
  return !reach.includes(typeof site === 'string' ? site : undefined);
}

/** One of ours; what came from outside carries its original, whatever log it says it is of. */
function isAuditRecord({ event }: FoundEvent): boolean {
  const metadata = event?.['metadata'];
  return isJsonObject(metadata) && metadata['log_name'] === 'audit' && event?.['raw_data'] === undefined;
}

function instantOf(name: string, text: string): number {
  const timeMs = parseInstant(text);
  if (timeMs === undefined)
    throw new EventSearchError('query_invalid', `Cannot search: ${name} is "${text}", must be ${instant}`);
  return timeMs;
}

export function position(text: string): Position {
  const parsed = parsePosition(text);
  if (parsed === undefined)
    throw new EventSearchError('query_invalid', `Cannot search: "${text}" must be a position such as 1/42`);
  return parsed;
}
