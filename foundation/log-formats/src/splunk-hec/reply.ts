/** The replies of Splunk's HTTP Event Collector that clients know, by code. */
export const hecReplies = {
  success: { status: 200, code: 0, text: 'Success' },
  token_disabled: { status: 403, code: 1, text: 'Token disabled' },
  token_required: { status: 401, code: 2, text: 'Token is required' },
  invalid_authorization: { status: 401, code: 3, text: 'Invalid authorization' },
  invalid_token: { status: 403, code: 4, text: 'Invalid token' },
  no_data: { status: 400, code: 5, text: 'No data' },
  invalid_data_format: { status: 400, code: 6, text: 'Invalid data format' },
  incorrect_index: { status: 400, code: 7, text: 'Incorrect index' },
  internal_error: { status: 500, code: 8, text: 'Internal server error' },
  busy: { status: 503, code: 9, text: 'Server is busy' },
  channel_missing: { status: 400, code: 10, text: 'Data channel is missing' },
  invalid_channel: { status: 400, code: 11, text: 'Invalid data channel' },
  event_required: { status: 400, code: 12, text: 'Event field is required' },
  event_blank: { status: 400, code: 13, text: 'Event field cannot be blank' },
  ack_disabled: { status: 400, code: 14, text: 'ACK is disabled' },
  indexed_fields: { status: 400, code: 15, text: 'Error in handling indexed fields' },
  query_authorization_disabled: { status: 400, code: 16, text: 'Query string authorization is not enabled' },
  healthy: { status: 200, code: 17, text: 'HEC is healthy' },
  unhealthy_queues_full: { status: 503, code: 18, text: 'HEC is unhealthy, queues are full' },
  unhealthy_ack: { status: 503, code: 19, text: 'HEC is unhealthy, ack service unavailable' },
  unhealthy_queues_full_ack: {
    status: 503,
    code: 20,
    text: 'HEC is unhealthy, queues are full, ack service unavailable',
  },
  shutting_down: { status: 503, code: 23, text: 'Server is shutting down' },
} as const;

export type HecReplyName = keyof typeof hecReplies;

/** The JSON body of a reply. Event numbers count from 0; `ackId` goes with success on a channel. */
export function hecReplyBody(
  name: HecReplyName,
  extra: { readonly invalidEventNumber?: number; readonly ackId?: number } = {},
): string {
  const { text, code } = hecReplies[name];
  return JSON.stringify({
    text,
    code,
    ...(extra.invalidEventNumber === undefined ? {} : { 'invalid-event-number': extra.invalidEventNumber }),
    ...(extra.ackId === undefined ? {} : { ackId: extra.ackId }),
  });
}
