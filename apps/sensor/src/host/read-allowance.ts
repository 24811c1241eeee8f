import type { Clock } from '@sallyport/platform/clock';

/** Bytes that may be read for hashing. Whoever makes large files for nothing must not keep the sensor from looking elsewhere. */
export type ReadAllowance = {
  /** Whether some is left; the last file may go beyond it, and is waited for. */
  has(): boolean;
  use(bytes: number): void;
};

export function createReadAllowance(clock: Clock, bytesPerSecond: number, burstBytes: number): ReadAllowance {
  let left = burstBytes;
  let atMs = clock.monotonicMs();
  return {
    has() {
      const nowMs = clock.monotonicMs();
      left = Math.min(burstBytes, left + ((nowMs - atMs) / 1000) * bytesPerSecond);
      atMs = nowMs;
      return left > 0;
    },
    use(bytes) {
      left -= bytes;
    },
  };
}
