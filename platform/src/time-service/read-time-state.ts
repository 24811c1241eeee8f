import { parseChronyTracking, parseNtpVariables, parseTimedatectl, parseTimesyncStatus } from './parse-time-state.ts';
import { unknownTime } from './time-state.ts';
import type { TimeState } from './time-state.ts';

/** What a command printed, or undefined when it is not there, failed or took too long. */
export type RunCommand = (command: string, args: readonly string[]) => Promise<string | undefined>;

/**
 * Asks what keeps the clock of this host, the one that says most first. What the kernel itself believes (adjtimex) no command of a
 * usual system prints, and systemd says as much; without any of these nothing is known, and that is said.
 */
export async function readTimeState(needs: {
  readonly run: RunCommand;
  /** Whether there is such a file. */
  readonly exists: (path: string) => boolean;
}): Promise<TimeState> {
  const { run } = needs;
  const chrony = parseChronyTracking((await run('chronyc', ['-c', 'tracking'])) ?? '');
  if (chrony !== undefined) return chrony;
  const show = (await run('timedatectl', ['show'])) ?? '';
  const timesync = parseTimesyncStatus((await run('timedatectl', ['timesync-status'])) ?? '', show);
  if (timesync !== undefined) return timesync;
  const ntp = parseNtpVariables((await run('ntpq', ['-c', 'rv', '127.0.0.1'])) ?? '');
  if (ntp !== undefined) return ntp;
  const systemd = parseTimedatectl(show);
  if (systemd !== undefined) return systemd;
  return needs.exists('/run/systemd/timesync/synchronized')
    ? { ...unknownTime, method: 'timesyncd', isSynchronised: true }
    : unknownTime;
}
