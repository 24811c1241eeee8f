import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { HostFiles } from '../host/host-files.ts';
import { imageOf, isKernelThread, listProcesses, readProcess, readStat } from '../host/proc-processes.ts';
import type { ProcessFacts } from '../host/proc-processes.ts';
import { isCount } from '../spool/frame-content.ts';
import type { SensorRecord } from '../record.ts';
import type { Collector } from './collector.ts';
import { processRecord } from './process-record.ts';
import type { ProcessNeeds } from './process-record.ts';

/** Of the 100 ticks a second that Linux shows to programs everywhere (USER_HZ). */
const tickMs = 10;
const reuseCheckEveryMs = 15_000;
const maxStartsAtOnce = 500;
const ruleForAll =
  'echo "-a always,exit -F arch=b64 -S execve,execveat -k sallyport" > /etc/audit/rules.d/sallyport.rules && augenrules --load';

/**
 * Processes that became another program without beginning anew, as exec does. Its name changes with that, which costs one read;
 * a process may also rename itself, so what runs decides.
 */
function createProgramWatch(files: HostFiles) {
  const known = new Map<number, { readonly name: string; readonly image: string | undefined }>();
  return {
    /** What was told of a process. */
    note: ({ processId, name, image }: ProcessFacts): void => void known.set(processId, { name, image }),
    /** Of these, which are all there are, those that are another program by now. */
    changed(processIds: ReadonlySet<number>): readonly number[] {
      for (const processId of known.keys()) if (!processIds.has(processId)) known.delete(processId);
      return [...processIds].filter((processId) => {
        const name = readStat(files, processId)?.name;
        if (name === undefined) return false;
        const before = known.get(processId);
        if (before?.name === name) return false;
        const image = imageOf(files.link(`/proc/${processId}/exe`));
        known.set(processId, { name, image });
        return before !== undefined && image !== undefined && before.image !== image;
      });
    },
  };
}

/** Which processes of a snapshot began since the one before; ids that are known are read again only when `mayBeReused`. */
export function startedSince(
  known: ReadonlyMap<number, number>,
  ids: readonly number[],
  startOf: (processId: number) => number | undefined,
  mayBeReused: boolean,
): { readonly started: readonly number[]; readonly now: Map<number, number> } {
  const now = new Map<number, number>();
  const started: number[] = [];
  for (const processId of ids) {
    const before = known.get(processId);
    const startTicks = before !== undefined && !mayBeReused ? before : startOf(processId);
    // Gone between being listed and being read.
    if (startTicks === undefined) continue;
    now.set(processId, startTicks);
    if (before !== startTicks) started.push(processId);
  }
  return { started, now };
}

/** Who else sees processes begin, all of them or those that somebody chose. */
export type OtherWatch = {
  isOn(): boolean;
  hasTold(processId: number, sinceMs: number): boolean;
};

/** So long the other one has time to tell, as its log is written with delay. */
const waitForOtherMs = 3000;
const maxHeld = 2000;

/**
 * Process starts by looking at /proc again and again. What begins and ends between two looks is not seen, so every record is
 * marked lossy. While the audit log tells of processes, only those are told here that it has not told of: its rules may leave
 * some out, and whoever may change them may change them for just one.
 */
export function createProcessCollector(
  needs: ProcessNeeds & {
    readonly clock: Clock;
    readonly position: string | undefined;
    readonly other: OtherWatch;
  },
): Collector {
  const { files, clock, other } = needs;
  const bootId = files.text('/proc/sys/kernel/random/boot_id', 100)?.trim() ?? '';
  const bootMs = Number(/^btime (\d+)$/m.exec(files.text('/proc/stat', 1 << 20) ?? '')?.[1] ?? 0) * 1000;
  let newestTicks = lastTicks(needs.position, bootId);
  let isFirst = true;
  let known = new Map<number, number>();
  let lastReuseCheckMs = Number.NEGATIVE_INFINITY;
  const programs = createProgramWatch(files);
  let hidden = 0;
  let leftOut = 0;
  let held: { readonly record: SensorRecord; readonly processId: number; readonly untilMs: number }[] = [];

  function timeOf(facts: ProcessFacts): number {
    return bootMs === 0 ? clock.nowMs() : Math.min(clock.nowMs(), bootMs + facts.startTicks * tickMs);
  }

  /** Those that waited long enough for the other one. */
  function takeUntold(): SensorRecord[] {
    const isOver = ({ untilMs }: { untilMs: number }): boolean => clock.monotonicMs() >= untilMs || !other.isOn();
    const untold = held
      .filter(isOver)
      .filter(({ processId, record }) => !other.hasTold(processId, record.timeMs))
      .map(({ record }) => record);
    held = held.filter((one) => !isOver(one));
    if (other.isOn()) leftOut += untold.length;
    return untold;
  }

  return {
    name: 'processes',
    everyMs: 500,
    async collect() {
      const mayBeReused = clock.monotonicMs() - lastReuseCheckMs >= reuseCheckEveryMs;
      if (mayBeReused) lastReuseCheckMs = clock.monotonicMs();
      const { started, now } = startedSince(
        known,
        listProcesses(files),
        (id) => readStat(files, id)?.startTicks,
        mayBeReused,
      );
      // Those that just began are told as they are by now.
      const begun = new Set(started);
      const became = mayBeReused ? programs.changed(new Set(now.keys())).filter((id) => !begun.has(id)) : [];
      const since = newestTicks;
      newestTicks = Math.max(newestTicks ?? 0, ...now.values());
      known = now;
      const wasFirst = isFirst;
      isFirst = false;
      // At the first look ever there is nothing to compare with; after a restart, what began since the last look is new.
      if (wasFirst && since === undefined) return { records: [], position: newestPosition() };
      const records = takeUntold();
      for (const processId of [...started.slice(0, maxStartsAtOnce), ...became]) {
        const facts = readProcess(files, processId);
        const isOld = wasFirst && (facts?.startTicks ?? 0) <= (since ?? 0);
        if (facts === undefined || isKernelThread(facts) || isOld) continue;
        programs.note(facts);
        if (facts.image === undefined) hidden += 1;
        const isAnother = !begun.has(processId);
        const timeMs = isAnother ? clock.nowMs() : timeOf(facts);
        if (other.isOn() && other.hasTold(processId, isAnother ? clock.nowMs() - reuseCheckEveryMs : timeMs)) continue;
        const more = isAnother ? { StartedBy: 'exec' } : {};
        const told = { collector: 'processes', lossy: true, timeMs };
        const record = await processRecord({ ...facts, loginUserId: undefined, more }, told, needs);
        if (!other.isOn() || held.length >= maxHeld) records.push(record);
        else held.push({ record, processId, untilMs: clock.monotonicMs() + waitForOtherMs });
      }
      if (started.length > maxStartsAtOnce) records.push(untoldRecord(started.length - maxStartsAtOnce, clock.nowMs()));
      return { records, position: records.length === 0 && !wasFirst ? undefined : newestPosition() };
    },
    coverage() {
      if (other.isOn())
        return {
          collector: 'processes',
          state: leftOut === 0 ? 'full' : 'partial',
          sees:
            leftOut === 0 ? 'every process start, from the audit log' : 'process starts, from the audit log and /proc',
          misses:
            leftOut === 0
              ? ''
              : `processes shorter than half a second that the audit rules leave out (${leftOut} longer ones were)`,
          remedy: leftOut === 0 ? undefined : ruleForAll,
        };
      const misses = [
        'processes shorter than half a second',
        ...(hidden > 0 ? ['the executables of other users’ processes'] : []),
      ];
      return {
        collector: 'processes',
        state: listProcesses(files).length > 0 ? 'partial' : 'none',
        sees: 'process starts with parent, user, command line and hash, by looking at /proc twice a second',
        misses: misses.join('; '),
        remedy: `apt install auditd && ${ruleForAll}`,
      };
    },
    problem: () => (known.size === 0 ? '/proc shows no process' : undefined),
  };

  function newestPosition(): string {
    return JSON.stringify({ bootId, ticks: newestTicks ?? 0 });
  }
}

/** So many at once are a flood, perhaps made to hide one of them. */
function untoldRecord(count: number, timeMs: number): SensorRecord {
  const reason = 'more processes began at once than are looked at';
  return {
    kind: 'process',
    collector: 'processes',
    lossy: true,
    timeMs,
    event: 'processes_untold',
    fields: { count, reason },
  };
}

/** After a boot every process is new. */
function lastTicks(position: string | undefined, bootId: string): number | undefined {
  if (position === undefined) return undefined;
  let value: JsonValue;
  try {
    value = parseJson(position);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value) || !isCount(value['ticks'])) return undefined;
  return value['bootId'] === bootId ? value['ticks'] : 0;
}
