import { endOfDigits } from './characters.ts';
import { readHeaderTime } from './header-time.ts';
import type { LogTime, TimeReference } from './timestamp.ts';

/** The time in a field of CEF or LEEF: milliseconds or seconds since 1970, or written out with its month. The whole text must be it. */
export function readDeviceTime(text: string, reference: TimeReference): LogTime | undefined {
  const digits = endOfDigits(text, 0);
  if (digits === text.length && digits >= 11 && digits <= 14) {
    return { unixMs: Number(text), text, year: 'given', zone: 'given' };
  }
  const read = readHeaderTime(text, 0, reference);
  return read?.end === text.length ? read.time : undefined;
}
