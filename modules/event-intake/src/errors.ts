import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type EventIntakeErrorCode =
  | 'body_corrupt'
  | 'body_expands_too_much'
  | 'body_too_slow'
  | 'content_encoding_unsupported'
  | 'content_type_unsupported'
  | 'events_too_large'
  | 'intake_closed'
  | 'listener_cannot_open'
  | 'listener_certificate_missing'
  | 'listener_change_under_way'
  | 'listener_settings_invalid'
  | 'preview_busy'
  | 'request_aborted'
  | 'sequence_conflict'
  | 'sequence_exhausted'
  | 'source_changed'
  | 'source_invalid'
  | 'source_not_allowed'
  | 'source_quota_exceeded'
  | 'source_rate_exceeded'
  | 'source_unknown'
  | 'too_many_events'
  | 'too_many_sources';

/** The ledger's refusals (`overloaded`, `disk_low`, `unavailable`) keep their own codes. */
export class EventIntakeError extends CodedError<EventIntakeErrorCode> {}

export const eventIntakeProblems = {
  body_corrupt: { status: 400, title: 'The body cannot be decompressed' },
  body_expands_too_much: { status: 413, title: 'The body expands too much' },
  body_too_slow: { status: 408, title: 'The body arrived too slowly' },
  content_encoding_unsupported: { status: 415, title: 'The content encoding is not supported' },
  content_type_unsupported: { status: 415, title: 'The content type is not supported' },
  events_too_large: { status: 413, title: 'The events are too large for one body' },
  intake_closed: { status: 503, title: 'The server is stopping' },
  listener_cannot_open: { status: 409, title: 'The listener cannot be opened' },
  listener_certificate_missing: { status: 409, title: 'The server has no certificate for it' },
  listener_change_under_way: { status: 409, title: 'Somebody is changing the listeners right now' },
  listener_settings_invalid: { status: 400, title: 'The settings of the listeners are not valid' },
  preview_busy: { status: 429, title: 'Too many events are being previewed' },
  request_aborted: { status: 400, title: 'The request was aborted' },
  sequence_conflict: { status: 409, title: 'Another event has this sequence' },
  sequence_exhausted: { status: 400, title: 'The sequence is too high' },
  source_changed: { status: 409, title: 'Somebody else was faster' },
  source_invalid: { status: 400, title: 'The source name is not valid' },
  source_not_allowed: { status: 403, title: 'The key may not send as this source' },
  source_quota_exceeded: { status: 429, title: 'The source sent as much as it may today' },
  source_rate_exceeded: { status: 429, title: 'The source sends faster than it may' },
  source_unknown: { status: 404, title: 'There is no such source' },
  too_many_events: { status: 413, title: 'The body holds too many events' },
  too_many_sources: { status: 409, title: 'There are too many sources' },
} as const satisfies Record<EventIntakeErrorCode, ProblemTable[string]>;
