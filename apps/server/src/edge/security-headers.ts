/** On every reply. Replies hold control data and events: nothing may cache, frame, sniff or run them. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Two years, on TLS. */
export const strictTransport = { 'strict-transport-security': 'max-age=63072000' } as const;
