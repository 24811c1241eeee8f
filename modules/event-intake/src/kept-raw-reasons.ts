import { unreadableReasons } from './records/record-format.ts';

/** Why an event was kept raw; the position in this list is what travels between the threads, 0 for a mapped event. */
export const keptRawReasons = [
  'none',
  'utf8_invalid',
  'json_invalid',
  'json_too_deep',
  'json_too_many_fields',
  'not_an_object',
  'line_too_long',
  'event_too_large',
  'normalise_failed',
  'evtx_damaged',
  'journal_damaged',
  'message_cut',
  ...unreadableReasons.filter((reason) => reason !== 'json_invalid' && reason !== 'not_an_object'),
] as const;

export type KeptRawReason = (typeof keptRawReasons)[number];
