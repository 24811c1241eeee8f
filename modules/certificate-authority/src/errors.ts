import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type CertificateErrorCode =
  | 'acme_challenge_refused'
  | 'acme_challenge_unavailable'
  | 'acme_directory_invalid'
  | 'acme_name_unsupported'
  | 'acme_refused'
  | 'acme_timeout'
  | 'acme_unreachable'
  | 'authority_expired'
  | 'authority_unreadable'
  | 'certificate_chain_broken'
  | 'certificate_expired'
  | 'certificate_is_authority'
  | 'certificate_key_mismatch'
  | 'certificate_key_weak'
  | 'certificate_names_missing'
  | 'certificate_not_for_servers'
  | 'certificate_not_yet_valid'
  | 'certificate_sealed_unreadable'
  | 'certificate_unreadable'
  | 'challenge_port_in_use'
  | 'challenge_port_privileged'
  | 'private_key_encrypted'
  | 'private_key_unreadable'
  | 'server_name_invalid'
  | 'server_name_not_permitted';

export class CertificateError extends CodedError<CertificateErrorCode> {}

/** What somebody who sets up HTTPS may be told. An unreadable vault entry is a fault of the server's own. */
export const certificateProblems = {
  acme_challenge_refused: { status: 502, title: 'The ACME server could not check the name' },
  acme_challenge_unavailable: { status: 502, title: 'The ACME server does not offer this kind of check' },
  acme_directory_invalid: { status: 400, title: 'This is no address of an ACME server' },
  acme_name_unsupported: { status: 400, title: 'ACME certifies host names only' },
  acme_refused: { status: 502, title: 'The ACME server refused' },
  acme_timeout: { status: 504, title: 'The ACME server took too long' },
  acme_unreachable: { status: 502, title: 'The ACME server cannot be reached' },
  authority_expired: { status: 409, title: 'The authority has expired' },
  certificate_chain_broken: { status: 400, title: 'The certificates are no chain' },
  certificate_expired: { status: 400, title: 'The certificate has expired' },
  certificate_is_authority: { status: 400, title: 'This is the certificate of an authority' },
  certificate_key_mismatch: { status: 400, title: 'Key and certificate do not belong together' },
  certificate_key_weak: { status: 400, title: 'The key is not strong enough' },
  certificate_names_missing: { status: 400, title: 'The certificate is for other names' },
  certificate_not_for_servers: { status: 400, title: 'The certificate is not for servers' },
  certificate_not_yet_valid: { status: 400, title: 'The certificate is not valid yet' },
  certificate_unreadable: { status: 400, title: 'The certificate cannot be read' },
  challenge_port_in_use: { status: 409, title: 'The port for the challenge is in use' },
  challenge_port_privileged: { status: 409, title: 'The port for the challenge may not be opened' },
  private_key_encrypted: { status: 400, title: 'The private key is encrypted' },
  private_key_unreadable: { status: 400, title: 'The private key cannot be read' },
  server_name_invalid: { status: 400, title: 'This is no host name or address' },
  server_name_not_permitted: { status: 409, title: 'The authority may not vouch for this name' },
} as const satisfies ProblemTable;
