import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type DeviceFleetErrorCode =
  | 'sensor_unknown'
  | 'sensor_key_unknown'
  | 'sensor_bundle_missing'
  | 'device_unknown'
  | 'device_text_invalid'
  | 'device_site_refused'
  | 'device_key_invalid'
  | 'device_proof_wrong'
  | 'device_waiting'
  | 'device_revoked'
  | 'device_not_waiting'
  | 'device_limit_reached'
  | 'enrolment_unknown'
  | 'enrolment_used';

/** What the fleet refuses. */
export class DeviceFleetError extends CodedError<DeviceFleetErrorCode> {}

/** How the module's codes appear over HTTP. */
export const deviceFleetProblems: ProblemTable = {
  sensor_unknown: { status: 404, title: 'No such sensor' },
  sensor_key_unknown: { status: 409, title: 'The sensor has not shown this key' },
  sensor_bundle_missing: { status: 404, title: 'This server has no sensor to give out' },
  device_unknown: { status: 404, title: 'No such device' },
  device_site_refused: { status: 403, title: 'You may not change devices at that site' },
  device_text_invalid: { status: 400, title: 'The name or place is not valid' },
  device_key_invalid: { status: 400, title: 'The public key is not valid' },
  device_proof_wrong: { status: 401, title: 'The proof is wrong' },
  device_waiting: { status: 403, title: 'The device waits to be approved' },
  device_revoked: { status: 403, title: 'The device was revoked' },
  device_not_waiting: { status: 409, title: 'The device does not wait to be approved' },
  device_limit_reached: { status: 409, title: 'Too many devices or codes' },
  enrolment_unknown: { status: 404, title: 'The code is not valid any more' },
  enrolment_used: { status: 409, title: 'The code was used by another device' },
};
