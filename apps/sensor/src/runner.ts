import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import type { Collector } from './collectors/collector.ts';
import type { Governor } from './liveness/governor.ts';
import { recordLine, worthOfKind } from './record.ts';
import type { Sender as RecordSender, SensorRecord } from './record.ts';
import type { Spool } from './spool/spool.ts';

export type CollectorHealth = {
  readonly name: string;
  readonly lastReadMs: number | undefined;
  readonly failures: number;
  readonly records: number;
  readonly problem: string | undefined;
};

export type RunnerNeeds = {
  readonly collectors: readonly Collector[];
  readonly spool: Spool;
  readonly governor: Governor;
  readonly clock: Clock;
  readonly log: Log;
  readonly sender: RecordSender;
  /** Signs what the sensor says about itself, with the place it gets in the order of all that was collected. */
  readonly signed?: (record: SensorRecord, order: number) => SensorRecord;
};

/** Asks each collector when it is due and puts what it tells into the spool. */
export type Runner = {
  /** Asks all that are due, one after another. Milliseconds until the next one is. Never rejects. */
  tick(): Promise<number>;
  health(): readonly CollectorHealth[];
  put(records: readonly SensorRecord[]): void;
  close(): void;
};

type Slot = {
  readonly collector: Collector;
  dueMs: number;
  lastReadMs: number | undefined;
  failures: number;
  records: number;
  error: string | undefined;
  told: string | undefined;
};

const syncEveryMs = 1000;
/** It never waits longer than a second by itself. */
const tellPauseMs = 10_000;
const longestFailureWaitMs = 300_000;

export function createRunner(needs: RunnerNeeds): Runner {
  const { spool, governor, clock, log, sender } = needs;
  const slots: Slot[] = needs.collectors.map((collector) => ({
    collector,
    dueMs: 0,
    lastReadMs: undefined,
    failures: 0,
    records: 0,
    error: undefined,
    told: undefined,
  }));
  let lastSyncMs = clock.monotonicMs();
  let waitingSinceMs: number | undefined;

  function put(records: readonly SensorRecord[], position?: { collector: string; value: string }): void {
    const order = records.some(isAboutItself) ? spool.status().collected : 0;
    spool.append(
      records.map((record, at) => {
        const said = isAboutItself(record) ? (needs.signed?.(record, order + at) ?? record) : record;
        return { kind: record.kind, line: recordLine(said, sender) };
      }),
      position,
    );
    // What must survive even a power cut that follows at once.
    if (records.some(({ kind }) => worthOfKind(kind) === 'kept')) spool.sync();
  }

  async function ask(slot: Slot): Promise<void> {
    const { collector } = slot;
    try {
      const { records, position } = await collector.collect();
      put(records, position === undefined ? undefined : { collector: collector.name, value: position });
      collector.committed?.();
      slot.records += records.length;
      slot.failures = 0;
      slot.error = undefined;
      slot.lastReadMs = clock.nowMs();
    } catch (error) {
      slot.failures += 1;
      slot.error = messageOf(error);
    }
    const waitMs =
      collector.everyMs * (collector.steady === true ? 1 : governor.factor()) * 2 ** Math.min(slot.failures, 10);
    slot.dueMs = clock.monotonicMs() + (slot.failures === 0 ? waitMs : Math.min(waitMs, longestFailureWaitMs));
    tellProblem(slot);
  }

  /** Somebody held this process, or everything stood still: the monotonic clock, which nobody can set, shows how long. */
  function tellPause(): void {
    const pausedMs = waitingSinceMs === undefined ? 0 : clock.monotonicMs() - waitingSinceMs;
    if (pausedMs < tellPauseMs) return;
    log.warn('the sensor was held up', { pausedMs: Math.round(pausedMs) });
    put([
      {
        kind: 'sensor',
        collector: 'sensor',
        lossy: false,
        timeMs: clock.nowMs(),
        event: 'sensor.paused',
        fields: { paused_ms: Math.round(pausedMs), reason: 'this process was not run for so long' },
      },
    ]);
  }

  /** Once when it begins, once when it is over. */
  function tellProblem(slot: Slot): void {
    const now = problemOf(slot);
    if (now === slot.told) return;
    slot.told = now;
    if (now === undefined) log.info('a collector sees again', { collector: slot.collector.name });
    else log.warn('a collector does not see', { collector: slot.collector.name, problem: now });
    put([
      {
        kind: 'sensor',
        collector: slot.collector.name,
        lossy: false,
        timeMs: clock.nowMs(),
        event: now === undefined ? 'sensor.collector_recovered' : 'sensor.collector_blind',
        fields: { covers: slot.collector.name, ...(now === undefined ? {} : { problem: now }) },
      },
    ]);
  }

  return {
    put,
    async tick() {
      tellPause();
      governor.look();
      for (const slot of slots) if (slot.dueMs <= clock.monotonicMs()) await ask(slot);
      if (clock.monotonicMs() - lastSyncMs >= syncEveryMs) {
        spool.sync();
        lastSyncMs = clock.monotonicMs();
      }
      waitingSinceMs = clock.monotonicMs();
      const nextMs =
        slots.reduce((least, { dueMs }) => Math.min(least, dueMs), Number.POSITIVE_INFINITY) - clock.monotonicMs();
      return Math.min(Math.max(nextMs, 0), syncEveryMs);
    },
    health: () =>
      slots.map((slot) => ({
        name: slot.collector.name,
        lastReadMs: slot.lastReadMs,
        failures: slot.failures,
        records: slot.records,
        problem: problemOf(slot),
      })),
    close() {
      for (const { collector } of slots) collector.close?.();
    },
  };
}

function isAboutItself({ kind }: SensorRecord): boolean {
  return kind === 'sensor';
}

function problemOf({ collector, error }: Slot): string | undefined {
  return error ?? collector.problem?.();
}
