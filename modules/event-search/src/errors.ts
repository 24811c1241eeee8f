import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type EventSearchErrorCode =
  | 'query_invalid'
  | 'query_field_unknown'
  | 'query_is_table'
  | 'query_is_list'
  | 'query_timeout'
  | 'query_too_large'
  | 'query_failed'
  | 'event_not_found'
  | 'store_unavailable'
  | 'store_busy'
  | 'store_key_invalid'
  | 'store_key_wrong'
  | 'store_not_encrypted'
  | 'store_open_failed'
  | 'store_write_failed'
  | 'store_row_invalid'
  | 'history_asked'
  | 'history_busy'
  | 'range_mismatch'
  | 'range_incomplete';

/** What event-search refuses or cannot do. Messages never hold the content of an event or a value searched for. */
export class EventSearchError extends CodedError<EventSearchErrorCode> {}

export const eventSearchProblems: ProblemTable = {
  query_invalid: { status: 400, title: 'The search is not well formed' },
  query_field_unknown: { status: 400, title: 'No event can have this field' },
  query_is_table: { status: 400, title: 'The query asks for a table' },
  query_is_list: { status: 400, title: 'The query asks for events' },
  query_timeout: { status: 504, title: 'The search took too long' },
  query_too_large: { status: 422, title: 'The search needs or returns too much' },
  query_failed: { status: 500, title: 'The search could not be run' },
  event_not_found: { status: 404, title: 'No event has this position' },
  store_unavailable: { status: 503, title: 'The event store is not running' },
  store_busy: { status: 503, title: 'The event store is busy' },
  store_key_invalid: { status: 503, title: 'The event store has no usable key' },
  store_key_wrong: { status: 503, title: 'The event store was written with another key' },
  store_not_encrypted: { status: 503, title: 'The event store holds a table that is not encrypted' },
  store_open_failed: { status: 503, title: 'The event store could not be opened' },
  store_write_failed: { status: 503, title: 'The event store could not be written' },
  store_row_invalid: { status: 500, title: 'The event store was sent malformed rows' },
  history_asked: { status: 503, title: 'The event store is to be filled again' },
  history_busy: { status: 409, title: 'The event store is being filled again' },
  range_mismatch: { status: 500, title: 'The projection was given a range it did not begin' },
  range_incomplete: { status: 500, title: 'The event store holds less than was inserted' },
};

const codes: ReadonlySet<string> = new Set(Object.keys(eventSearchProblems));

export function isEventSearchErrorCode(code: string): code is EventSearchErrorCode {
  return codes.has(code);
}
