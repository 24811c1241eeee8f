import { CodedError } from '@sallyport/platform/errors';

export type CertificateErrorCode =
  | 'authority_expired'
  | 'authority_unreadable'
  | 'server_name_invalid'
  | 'server_name_not_permitted';

export class CertificateError extends CodedError<CertificateErrorCode> {}
