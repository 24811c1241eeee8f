import { readFileSync } from 'node:fs';
import type { Clock } from '@sallyport/platform/clock';

/** Wall and monotonic time drift apart by this before it is looked whether the machine slept. */
const lookAfterMs = 1000;

/**
 * A clock whose monotonic time goes on while the machine is suspended. Linux stops the one that Node reads, so that after
 * a laptop's sleep the wall clock would seem to have jumped. A wall clock set by somebody changes nothing here.
 */
export function createBootClock(clock: Clock, uptimeMs: () => number | undefined = readUptimeMs): Clock {
  const awakeAtStartMs = clock.monotonicMs();
  const upAtStartMs = uptimeMs();
  let asleepMs = 0;
  let driftMs = clock.nowMs() - awakeAtStartMs;
  return {
    nowMs: () => clock.nowMs(),
    monotonicMs() {
      const awakeMs = clock.monotonicMs();
      const nowDriftMs = clock.nowMs() - awakeMs;
      if (upAtStartMs !== undefined && Math.abs(nowDriftMs - driftMs) > lookAfterMs) {
        driftMs = nowDriftMs;
        const upMs = (uptimeMs() ?? upAtStartMs) - upAtStartMs;
        asleepMs = Math.max(asleepMs, Math.floor(upMs - (awakeMs - awakeAtStartMs)));
      }
      return awakeMs + asleepMs;
    },
  };
}

/** Milliseconds since the machine started, sleep included (proc(5)). Undefined where there is no such file, as on macOS, whose clock goes on by itself. */
function readUptimeMs(): number | undefined {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ', 1)[0]);
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  } catch {
    return undefined;
  }
}
