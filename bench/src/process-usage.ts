import { cpuSecondsOf, residentMebibytesOf } from './machine.ts';
import type { ProcessName, RunningServer } from './running-server.ts';
import { rounded } from './statistics.ts';

/** CPU seconds each process has used so far. */
export function cpuSeconds(server: RunningServer): Record<ProcessName, number> {
  return eachProcess((name) => cpuSecondsOf(server.pids[name]) ?? 0);
}

/** CPU microseconds each process spent for one event between two readings. Unlike a rate, it hardly depends on who else is working. */
export function cpuMicrosecondsEach(
  before: Record<ProcessName, number>,
  after: Record<ProcessName, number>,
  events: number,
): Record<ProcessName, number> {
  return eachProcess((name) => rounded(((after[name] - before[name]) / Math.max(1, events)) * 1e6));
}

/** Resident memory of each process now, in MiB. */
export function residentMebibytes(server: RunningServer): Record<ProcessName, number> {
  return eachProcess((name) => residentMebibytesOf(server.pids[name]) ?? 0);
}

export function eachProcess<Value>(value: (name: ProcessName) => Value): Record<ProcessName, Value> {
  return { server: value('server'), sealer: value('sealer'), store: value('store') };
}
