import { CodedError } from '@sallyport/platform/errors';

export type CliErrorCode =
  | 'usage'
  | 'input_unreadable'
  | 'output_unwritable'
  | 'configuration_invalid'
  | 'source_taken'
  | 'no_rules'
  | 'not_verified'
  | 'not_proven'
  | 'incomplete'
  | 'server_unreachable'
  | 'server_busy'
  | 'server_answer'
  | 'request_refused'
  | 'access_denied';

/** Whatever ends a command: the message and then the hint are printed, the code decides the exit code. */
export class CliError extends CodedError<CliErrorCode> {}
