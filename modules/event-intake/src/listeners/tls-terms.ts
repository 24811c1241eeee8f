import { constants } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

/** Authenticated encryption behind an ephemeral key exchange, nothing else: RFC 9325, section 4.2. Names of TLS 1.3 first. */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/**
 * What syslog over TLS is spoken with, whatever certificate is shown: 1.2 at least, as senders of the field know no more, without
 * renegotiation and without resumption, so that every connection proves anew who it is.
 */
export function tlsTerms(given: TlsOptions): TlsOptions {
  return {
    ...given,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_TICKET,
  };
}
