/** Why a sender was not let in, in words, and what whoever sets it up can do. */
export type RefusalWords = { readonly words: string; readonly remedy: string };

const refusals: ReadonlyMap<string, RefusalWords> = new Map([
  [
    'authentication_failed',
    {
      words: 'the key is wrong, was revoked or has ended',
      remedy: 'Copy the key again, whole, without quotes or a line break around it; if it is lost, make a new one.',
    },
  ],
  [
    'authentication_required',
    {
      words: 'it showed no key',
      remedy:
        'It belongs into the header the snippet names: “Authorization: Bearer” or, for Splunk HEC, “Authorization: Splunk”.',
    },
  ],
  ['scope_missing', { words: 'the key may not send events', remedy: 'Use the key of this page: it has events:write.' }],
  [
    'source_not_allowed',
    {
      words: 'the key belongs to another source',
      remedy: 'Take ?source= out of the address, or use the key of this source.',
    },
  ],
  [
    'source_invalid',
    { words: 'the name of the source is not valid', remedy: 'Letters, digits and . _ - only, at most 64.' },
  ],
  [
    'rate_limited',
    { words: 'it asks too often', remedy: 'Send more events in each request: one request a second is plenty.' },
  ],
  [
    'overloaded',
    { words: 'the server had no room just then', remedy: 'It sends again by itself; smaller batches help.' },
  ],
  [
    'disk_low',
    { words: 'the server’s disk is nearly full', remedy: 'Make room on the server; nothing that was taken is lost.' },
  ],
  [
    'content_type_unsupported',
    {
      words: 'the content type is none that is read',
      remedy: 'Say application/x-ndjson for JSON lines, text/plain for other lines.',
    },
  ],
  ['content_encoding_unsupported', { words: 'its compression is not read', remedy: 'gzip, zstd or none.' }],
  ['body_corrupt', { words: 'the compressed body is damaged', remedy: 'Check what stands between it and the server.' }],
  ['body_too_large', { words: 'the body is over 32 MiB', remedy: 'Send it in smaller parts.' }],
  ['events_too_large', { words: 'the body is too large', remedy: 'Send it in smaller parts.' }],
  ['too_many_events', { words: 'over 100,000 events in one body', remedy: 'Send it in smaller parts.' }],
  [
    'sequence_conflict',
    {
      words: 'a number that was used came with another event',
      remedy: 'Go on behind the last number, or take another source.',
    },
  ],
  ['too_many_sources', { words: 'the key has too many sources', remedy: 'Use fewer names, or another key.' }],
  [
    'request_invalid',
    { words: 'the request does not fit its description', remedy: 'Compare its address with the one of the snippet.' },
  ],
  [
    'host_not_allowed',
    {
      words: 'it asks for a host name that is not this server’s',
      remedy: 'Use the address of the snippet, or add the name in Settings.',
    },
  ],
  [
    'source_rate_exceeded',
    {
      words: 'it sends more events a second than it may',
      remedy: 'Raise the limit in the settings of the source, or send less.',
    },
  ],
  [
    'source_quota_exceeded',
    {
      words: 'it sent more today than it may',
      remedy: 'Raise the limit in the settings of the source; else it goes on after midnight, UTC.',
    },
  ],
  ['network', { words: 'its address may not send', remedy: 'Add its network to those that may send, above.' }],
  ['connections', { words: 'it has too many connections', remedy: 'At most 32 at once from one address.' }],
  [
    'handshake',
    {
      words: 'the TLS handshake failed',
      remedy: 'It must speak TLS 1.2 or later and trust the authority of this server.',
    },
  ],
  [
    'certificate',
    {
      words: 'it showed no certificate that is accepted',
      remedy: 'Give it one of the authority set for the listener.',
    },
  ],
  ['rate', { words: 'it sends faster than it may', remedy: 'Raise the limit of the listener, or send less.' }],
  ['room', { words: 'there was no room for its datagrams', remedy: 'Use TCP: it waits instead of losing them.' }],
]);

export function refusalWords(code: string): RefusalWords {
  return (
    refusals.get(code) ?? {
      words: code.replaceAll('_', ' '),
      remedy: 'The reply to the sender says more; so does its own log.',
    }
  );
}
