import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { HostFiles } from '../host/host-files.ts';
import type { RunCommand } from '../host/run-command.ts';
import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { SenderStatus } from '../send/sender.ts';
import type { Collector } from './collector.ts';

export type ClockState = {
  readonly method: 'chrony' | 'systemd' | 'timesyncd' | 'none';
  /** Undefined when nobody on this host knows. */
  readonly isSynchronised: boolean | undefined;
  readonly details: JsonObject;
};

const reportEveryMs = 15 * 60_000;
const lookEveryMs = 60_000;
/** A wall clock that moves this much more or less than the time that passed was set by somebody. */
const stepMs = 2000;

/** `chronyc -c tracking`: reference id, name, stratum, reference time, offset of the system in seconds, last and RMS offset, … leap status. */
export function parseChronyTracking(text: string): ClockState | undefined {
  const [referenceId, reference, stratum, , offset, , rms, , , , , , , leap] = text.trim().split(',');
  if (leap === undefined || !/^\d+$/.test(stratum ?? '')) return undefined;
  const offsetMs = Number(offset) * 1000;
  const rmsMs = Number(rms) * 1000;
  return {
    method: 'chrony',
    isSynchronised: leap !== 'Not synchronised',
    details: present({
      reference: reference ?? referenceId,
      stratum: Number(stratum),
      offset_ms: Number.isFinite(offsetMs) ? offsetMs : undefined,
      rms_offset_ms: Number.isFinite(rmsMs) ? rmsMs : undefined,
      leap,
    }),
  };
}

/** `timedatectl show`. */
export function parseTimedatectl(text: string): ClockState | undefined {
  const value = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1];
  const synchronised = value('NTPSynchronized');
  if (synchronised === undefined) return undefined;
  return {
    method: 'systemd',
    isSynchronised: synchronised === 'yes',
    details: present({ ntp: value('NTP'), time_zone: value('Timezone') }),
  };
}

/** Evidence of how this host's clock is kept and how far it is from the server's: at the start, when it changes, and every quarter of an hour. */
export function createClockCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly run: RunCommand;
  readonly sender: () => SenderStatus;
}): Collector {
  const { files, clock, run, sender } = needs;
  let last: ClockState | undefined;
  let lastToldMs = Number.NEGATIVE_INFINITY;
  let lastLookMs = Number.NEGATIVE_INFINITY;
  let driftMs = clock.nowMs() - clock.monotonicMs();
  let toldOffset = false;

  async function look(): Promise<ClockState> {
    const chrony = parseChronyTracking((await run('chronyc', ['-c', 'tracking'])) ?? '');
    if (chrony !== undefined) return chrony;
    const systemd = parseTimedatectl((await run('timedatectl', ['show'])) ?? '');
    if (systemd !== undefined) return systemd;
    if (files.facts('/run/systemd/timesync/synchronized') !== undefined)
      return { method: 'timesyncd', isSynchronised: true, details: {} };
    return { method: 'none', isSynchronised: undefined, details: {} };
  }

  const recordOf = (event: string, fields: JsonObject): SensorRecord => ({
    kind: 'clock',
    collector: 'clock',
    lossy: false,
    timeMs: clock.nowMs(),
    event,
    fields,
  });

  return {
    name: 'clock',
    everyMs: 1000,
    async collect() {
      const records: SensorRecord[] = [];
      const nowDriftMs = clock.nowMs() - clock.monotonicMs();
      const steppedMs = nowDriftMs - driftMs;
      // Slow steering moves the reference along; only a jump is told.
      driftMs = nowDriftMs;
      if (Math.abs(steppedMs) >= stepMs) records.push(recordOf('clock_stepped', { stepped_ms: Math.round(steppedMs) }));
      const { clockOffsetMs, clockUncertaintyMs } = sender();
      const isFirstOffset = clockOffsetMs !== undefined && !toldOffset;
      if (clock.monotonicMs() - lastLookMs >= lookEveryMs || records.length > 0 || isFirstOffset) {
        lastLookMs = clock.monotonicMs();
        const state = await look();
        const isChanged = last?.method !== state.method || last.isSynchronised !== state.isSynchronised;
        last = state;
        if (isChanged || isFirstOffset || records.length > 0 || clock.monotonicMs() - lastToldMs >= reportEveryMs) {
          lastToldMs = clock.monotonicMs();
          toldOffset = clockOffsetMs !== undefined;
          records.push(
            recordOf(
              'clock_state',
              present({
                method: state.method,
                synchronised: state.isSynchronised === undefined ? 'unknown' : state.isSynchronised ? 'yes' : 'no',
                ...state.details,
                server_offset_ms: clockOffsetMs,
                server_offset_uncertainty_ms: clockUncertaintyMs,
              }),
            ),
          );
        }
      }
      return { records };
    },
    coverage() {
      const isKnown = last !== undefined && last.method !== 'none';
      return {
        collector: 'clock',
        state: isKnown ? 'full' : 'partial',
        sees: isKnown
          ? `whether the clock is synchronised (${last?.method ?? ''}), jumps, and its distance from the server’s`
          : 'jumps of the clock, and its distance from the server’s',
        misses: isKnown ? '' : 'whether and by what the clock is synchronised',
        remedy: isKnown ? undefined : 'apt install chrony',
      };
    },
  };
}
