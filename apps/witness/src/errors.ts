import { CodedError } from '@sallyport/platform/errors';

export type WitnessErrorCode =
  | 'usage'
  | 'configuration_invalid'
  | 'state_exists'
  | 'state_missing'
  | 'state_damaged'
  | 'state_locked'
  | 'unseal_failed'
  | 'log_unknown';

/** What stops a command: the message and then the hint are printed. */
export class WitnessError extends CodedError<WitnessErrorCode> {}
