import { hostname } from 'node:os';
import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { AuditEvent } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { clockOffByMs, hasChanged, readTimeState, troubleOf } from '@sallyport/platform/time-service';
import type { ClockTrouble, RunCommand, TimeMeasurement, TimeState } from '@sallyport/platform/time-service';
import { version } from './version.ts';

export type HostClockReport = {
  readonly state: TimeState | undefined;
  readonly lookedAtMs: number | undefined;
  readonly trouble: ClockTrouble | undefined;
  /** Of the time server in the settings, if there is one. */
  readonly measured: (TimeMeasurement & { readonly atMs: number; readonly server: string }) | undefined;
};

/** Evidence of how the clock of this host is kept (AU-4): at the start, hourly, and when it changes; alarms when it is not right. */
export type HostClock = {
  /** Called every second. */
  tick(): Promise<void>;
  report(): HostClockReport;
};

const lookEveryMs = 60_000;
const tellEveryMs = 3_600_000;
const measureEveryMs = 900_000;
/** A change of the offset that is told at once. */
const changeMs = 100;
/** So long must a clock be wrong, or right again, before that is told: after a boot it takes a while to be set. */
const lastingMs = 300_000;
const measureTimeoutMs = 5000;

export function createHostClock(needs: {
  readonly run: RunCommand;
  readonly exists: (path: string) => boolean;
  readonly clock: Clock;
  /** Asks the time server of the settings. */
  readonly measure?: { readonly server: string; readonly ask: (signal: AbortSignal) => Promise<TimeMeasurement> };
  readonly record: (event: AuditEvent) => Promise<void>;
  readonly deadline: (ms: number) => AbortSignal;
  readonly log: Log;
}): HostClock {
  const { clock } = needs;
  let isLooking = false;
  let nextLookMs = 0;
  let nextTellMs = 0;
  let nextMeasureMs = 0;
  let state: TimeState | undefined;
  let told: TimeState | undefined;
  let lookedAtMs: number | undefined;
  let measured: HostClockReport['measured'];
  let toldTrouble: ClockTrouble | undefined;
  /** What is seen now, where it differs from what was told, and since when by the monotonic clock. */
  let pending: { readonly trouble: ClockTrouble | undefined; readonly sinceMs: number } | undefined;

  async function measureNow(): Promise<void> {
    if (needs.measure === undefined || clock.monotonicMs() < nextMeasureMs) return;
    nextMeasureMs = clock.monotonicMs() + measureEveryMs;
    const { server, ask } = needs.measure;
    measured = { ...(await ask(needs.deadline(measureTimeoutMs))), atMs: clock.nowMs(), server };
  }

  async function judge(now: TimeState): Promise<void> {
    const trouble = troubleOf(now, sureOffset(measured));
    if (trouble === toldTrouble) {
      pending = undefined;
      return;
    }
    if (pending === undefined || pending.trouble !== trouble) pending = { trouble, sinceMs: clock.monotonicMs() };
    if (clock.monotonicMs() - pending.sinceMs < lastingMs) return;
    await needs.record(clockEvent(clock.nowMs(), codes[trouble ?? 'right'], now, measured));
    toldTrouble = trouble;
    pending = undefined;
  }

  return {
    async tick() {
      if (isLooking || clock.monotonicMs() < nextLookMs) return;
      isLooking = true;
      nextLookMs = clock.monotonicMs() + lookEveryMs;
      try {
        const now = await readTimeState(needs);
        await measureNow();
        state = now;
        lookedAtMs = clock.nowMs();
        if (hasChanged(told, now, changeMs) || clock.monotonicMs() >= nextTellMs) {
          await needs.record(clockEvent(clock.nowMs(), 'clock_state', now, measured));
          told = now;
          nextTellMs = clock.monotonicMs() + tellEveryMs;
        }
        await judge(now);
      } catch (error) {
        needs.log.warn('The clock of this host was not looked at', { message: messageOf(error) });
      } finally {
        isLooking = false;
      }
    },
    report: () => ({
      state,
      lookedAtMs,
      trouble: troubleOf(state ?? { isSynchronised: undefined, offsetMs: undefined }, sureOffset(measured)),
      measured,
    }),
  };
}

/** An offset that what was under way cannot explain. */
function sureOffset(measured: HostClockReport['measured']): number | undefined {
  if (measured?.ok !== true) return undefined;
  return Math.abs(measured.offsetMs) - measured.uncertaintyMs > clockOffByMs ? measured.offsetMs : 0;
}

const codes = { unsynchronised: 'clock_unsynchronised', off: 'clock_off', right: 'clock_right' } as const;
type ClockCode = 'clock_state' | (typeof codes)[keyof typeof codes];

/** As the sensors tell of other hosts: a state of the configuration of a device. */
function clockEvent(
  nowMs: number,
  code: ClockCode,
  state: TimeState,
  measured: HostClockReport['measured'],
): AuditEvent {
  const isBad = code === 'clock_unsynchronised' || code === 'clock_off';
  const classUid = ocsfClass.deviceConfigState;
  const details: JsonObject = {
    method: state.method,
    synchronised: synchronisedWord(state),
    ...present({
      source: state.source,
      stratum: state.stratum,
      offset_ms: state.offsetMs,
      jitter_ms: state.jitterMs,
      root_distance_ms: state.rootDistanceMs,
      leap: state.leap,
    }),
    ...(measured === undefined ? {} : { time_server: measured.server }),
    ...(measured?.ok === true
      ? { measured_offset_ms: round(measured.offsetMs), measured_uncertainty_ms: round(measured.uncertaintyMs) }
      : {}),
    ...(measured?.ok === false ? { time_server_problem: measured.reason } : {}),
  };
  return {
    classUid,
    event: {
      class_uid: classUid,
      category_uid: 5,
      activity_id: 1,
      type_uid: classUid * 100 + 1,
      severity_id: isBad ? 3 : 1,
      status_id: isBad ? 2 : 1,
      time: nowMs,
      message: `${code}: ${clockWords(state)}`,
      device: { type_id: 1, hostname: hostname() },
      metadata: {
        version: '1.8.0',
        product: { name: 'Sallyport', vendor_name: 'Sallyport', version },
        log_name: 'clock',
        event_code: code,
      },
      unmapped: { sallyport: { generation: 0, details } },
    },
  };
}

export function synchronisedWord({ isSynchronised }: Pick<TimeState, 'isSynchronised'>): 'yes' | 'no' | 'unknown' {
  return isSynchronised === undefined ? 'unknown' : isSynchronised ? 'yes' : 'no';
}

/** In a line, for people. */
export function clockWords({ method, isSynchronised, source, stratum, offsetMs }: TimeState): string {
  if (method === 'none') return 'nothing on this host says whether its clock is kept';
  const who = isSynchronised === false ? `not synchronised (${method})` : `kept by ${method}`;
  const from = source === undefined ? '' : ` after ${source}${stratum === undefined ? '' : ` (stratum ${stratum})`}`;
  const off = offsetMs === undefined ? '' : `, ${Math.abs(offsetMs)} ms ${offsetMs > 0 ? 'behind' : 'ahead of'} it`;
  return `${who}${from}${off}`;
}

function present(fields: Readonly<Record<string, string | number | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
