import type { SensorRecord } from '../record.ts';

/** What a collector can see on this host, and the exact line that would make it see more. */
export type Coverage = {
  readonly collector: string;
  readonly state: 'full' | 'partial' | 'none';
  readonly sees: string;
  /** Empty when it sees everything it is for. */
  readonly misses: string;
  /** A command for an administrator of this host. */
  readonly remedy: string | undefined;
};

export type Collected = {
  readonly records: readonly SensorRecord[];
  /** How far it has read, in its own words; written together with the records. Absent when it has not moved. */
  readonly position?: string | undefined;
};

/**
 * One source of records. It is asked again and again, remembers by itself what it has told, and is given its last position
 * when it is made: what was told before a crash is not told again where the source allows that.
 */
export type Collector = {
  readonly name: string;
  readonly everyMs: number;
  /** Asked as often as ever while the sensor limits itself. */
  readonly steady?: boolean;
  /** May throw: that is counted, told, and tried again. */
  collect(): Promise<Collected> | Collected;
  /** The records given last are in the spool. */
  committed?(): void;
  coverage(): Coverage;
  /** What keeps it from seeing what it should, right now. */
  problem?(): string | undefined;
  /** Processor time of the processes it runs, milliseconds. */
  usedMs?(): number;
  close?(): void;
};

export const nothing: Collected = { records: [] };
