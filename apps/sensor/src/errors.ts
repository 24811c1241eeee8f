import { CodedError } from '@sallyport/platform/errors';

export type SensorErrorCode =
  | 'usage'
  | 'configuration_invalid'
  | 'state_unusable'
  | 'state_gone'
  | 'key_unreadable'
  | 'server_unreachable'
  | 'server_answer';

/** What stops the sensor, or one try of it: the message and then the hint are printed. */
export class SensorError extends CodedError<SensorErrorCode> {}
