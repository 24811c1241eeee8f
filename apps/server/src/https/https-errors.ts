import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type HttpsErrorCode =
  | 'acme_terms_not_agreed'
  | 'https_certificate_needed'
  | 'https_change_under_way'
  | 'https_host_invalid'
  | 'https_names_invalid'
  | 'https_not_on'
  | 'authority_none';

export class HttpsError extends CodedError<HttpsErrorCode> {}

export const httpsProblems = {
  acme_terms_not_agreed: { status: 400, title: 'The terms must be agreed to first' },
  authority_none: { status: 404, title: 'This server has no authority of its own' },
  https_certificate_needed: { status: 400, title: 'A certificate and its key are needed' },
  https_change_under_way: { status: 409, title: 'Somebody is changing HTTPS right now' },
  https_host_invalid: { status: 400, title: 'This is no address to listen on' },
  https_names_invalid: { status: 400, title: 'A name for others is needed' },
  https_not_on: { status: 409, title: 'HTTPS for others is not set up this way' },
} as const satisfies ProblemTable;
