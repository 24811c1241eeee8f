import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { clockOffByMs, hasChanged, readTimeState, troubleOf } from '@sallyport/platform/time-service';
import type { ClockTrouble, RunCommand, TimeMeasurement, TimeState } from '@sallyport/platform/time-service';
import type { HostFiles } from '../host/host-files.ts';

import { present } from '../record.ts';
import type { SensorRecord } from '../record.ts';
import type { SenderStatus } from '../send/sender.ts';
import type { Collector } from './collector.ts';

const reportEveryMs = 15 * 60_000;
const lookEveryMs = 60_000;
const measureEveryMs = 15 * 60_000;
/** A change of the offset that is told at once. */
const changeMs = 100;
/** A wall clock that moves this much more or less than the time that passed was set by somebody. */
const stepMs = 2000;
/** So long must a clock be wrong, or right again, before that is told: after a boot it takes a while to be set. */
const lastingMs = 5 * 60_000;

/** Evidence of how this host's clock is kept and how far it is from the server's: at the start, when it changes, and every quarter of an hour. */
export function createClockCollector(needs: {
  readonly files: HostFiles;
  readonly clock: Clock;
  readonly run: RunCommand;
  readonly sender: () => SenderStatus;
  /** Asks a time server beside it, where one is configured. */
  readonly measure?: { readonly server: string; readonly ask: () => Promise<TimeMeasurement> };
}): Collector {
  const { files, clock, run, sender } = needs;
  let last: TimeState | undefined;
  let told: TimeState | undefined;
  let lastToldMs = Number.NEGATIVE_INFINITY;
  let lastLookMs = Number.NEGATIVE_INFINITY;
  let nextMeasureMs = Number.NEGATIVE_INFINITY;
  let driftMs = clock.nowMs() - clock.monotonicMs();
  let toldOffset = false;
  let measured: TimeMeasurement | undefined;
  let toldTrouble: ClockTrouble | undefined;
  let pending: { readonly trouble: ClockTrouble | undefined; readonly sinceMs: number } | undefined;

  async function measureNow(): Promise<void> {
    if (needs.measure === undefined || clock.monotonicMs() < nextMeasureMs) return;
    nextMeasureMs = clock.monotonicMs() + measureEveryMs;
    measured = await needs.measure.ask();
  }

  const recordOf = (event: string, fields: JsonObject): SensorRecord => ({
    kind: 'clock',
    collector: 'clock',
    lossy: false,
    timeMs: clock.nowMs(),
    event,
    fields,
  });

  const fieldsOf = (state: TimeState): JsonObject => {
    const { clockOffsetMs, clockUncertaintyMs } = sender();
    return present({
      method: state.method,
      synchronised: state.isSynchronised === undefined ? 'unknown' : state.isSynchronised ? 'yes' : 'no',
      reference: state.source,
      stratum: state.stratum,
      offset_ms: state.offsetMs,
      jitter_ms: state.jitterMs,
      root_distance_ms: state.rootDistanceMs,
      leap: state.leap,
      server_offset_ms: clockOffsetMs,
      server_offset_uncertainty_ms: clockUncertaintyMs,
      time_server: needs.measure?.server,
      measured_offset_ms: measured?.ok === true ? Math.round(measured.offsetMs * 1000) / 1000 : undefined,
      measured_uncertainty_ms: measured?.ok === true ? Math.round(measured.uncertaintyMs * 1000) / 1000 : undefined,
      time_server_problem: measured?.ok === false ? measured.reason : undefined,
    });
  };

  /** Told once when it has lasted, and once when it is over. */
  function troubleRecords(state: TimeState): SensorRecord[] {
    const trouble = troubleOf(state, worstOffset(sender(), measured));
    if (trouble === toldTrouble) {
      pending = undefined;
      return [];
    }
    if (pending === undefined || pending.trouble !== trouble) pending = { trouble, sinceMs: clock.monotonicMs() };
    if (clock.monotonicMs() - pending.sinceMs < lastingMs) return [];
    toldTrouble = trouble;
    pending = undefined;
    return [recordOf(trouble === undefined ? 'clock_right' : `clock_${trouble}`, fieldsOf(state))];
  }

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
      const isFirstOffset = sender().clockOffsetMs !== undefined && !toldOffset;
      const isDue = clock.monotonicMs() - lastLookMs >= lookEveryMs;
      if (!isDue && records.length === 0 && !isFirstOffset) return { records };
      lastLookMs = clock.monotonicMs();
      const state = await readTimeState({ run, exists: (path) => files.facts(path) !== undefined });
      await measureNow();
      last = state;
      const isOld = clock.monotonicMs() - lastToldMs >= reportEveryMs;
      if (hasChanged(told, state, changeMs) || isFirstOffset || records.length > 0 || isOld) {
        lastToldMs = clock.monotonicMs();
        told = state;
        toldOffset = sender().clockOffsetMs !== undefined;
        records.push(recordOf('clock_state', fieldsOf(state)));
      }
      records.push(...troubleRecords(state));
      return { records };
    },
    coverage() {
      const jumps = 'jumps of the clock, and its distance from the server’s';
      if (last === undefined || last.method === 'none')
        return {
          collector: 'clock',
          state: 'partial',
          sees: jumps,
          misses: 'whether and by what the clock is synchronised',
          remedy: 'apt install chrony',
        };
      const isRight = last.isSynchronised !== false;
      return {
        collector: 'clock',
        state: isRight ? 'full' : 'partial',
        sees: `${keptWords(last)}; ${jumps}`,
        misses: isRight ? '' : 'the right time: the clock of this host is not synchronised',
        remedy: undefined,
      };
    },
  };
}

/** Who keeps the clock, in a line. */
function keptWords({ method, isSynchronised, source, stratum, offsetMs }: TimeState): string {
  const who = isSynchronised === false ? `a clock that ${method} does not keep` : `a clock kept by ${method}`;
  const from = source === undefined ? '' : ` after ${source}`;
  const level = stratum === undefined ? '' : ` (stratum ${stratum})`;
  const off = offsetMs === undefined ? '' : `, ${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'behind' : 'ahead of'} it`;
  return `${who}${from}${level}${off}`;
}

/** The larger of the distances from the server and from a time server, each less what it may be wrong by. */
function worstOffset(
  { clockOffsetMs, clockUncertaintyMs }: SenderStatus,
  measured: TimeMeasurement | undefined,
): number | undefined {
  const sure = (offsetMs: number, uncertaintyMs: number): number =>
    Math.abs(offsetMs) - uncertaintyMs > clockOffByMs ? offsetMs : 0;
  const offsets = [
    ...(clockOffsetMs === undefined ? [] : [sure(clockOffsetMs, clockUncertaintyMs ?? 0)]),
    ...(measured?.ok === true ? [sure(measured.offsetMs, measured.uncertaintyMs)] : []),
  ];
  return offsets.toSorted((a, b) => Math.abs(b) - Math.abs(a))[0];
}
