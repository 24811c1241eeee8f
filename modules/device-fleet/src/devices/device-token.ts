import { deviceTokenPrefix } from './device-sessions.ts';
import { streamKeyPrefix } from './stream-keys.ts';

/** Whether a bearer is a device's: of a session, or a stream key. Says nothing of whether it is good. */
export function isDeviceToken(token: string): boolean {
  return token.startsWith(deviceTokenPrefix) || token.startsWith(streamKeyPrefix);
}
