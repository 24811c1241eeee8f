import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type DeviceFleetErrorCode = 'sensor_unknown' | 'sensor_key_unknown' | 'sensor_bundle_missing';

/** What the fleet refuses. */
export class DeviceFleetError extends CodedError<DeviceFleetErrorCode> {}

/** How the module's codes appear over HTTP. */
export const deviceFleetProblems: ProblemTable = {
  sensor_unknown: { status: 404, title: 'No such sensor' },
  sensor_key_unknown: { status: 409, title: 'The sensor has not shown this key' },
  sensor_bundle_missing: { status: 404, title: 'This server has no sensor to give out' },
};
