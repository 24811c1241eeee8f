import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Log } from '@sallyport/platform/log';

/** Runs `task` every `intervalMs` until the returned function is called. */
export type Every = (intervalMs: number, task: () => void) => () => void;

export type SensorsNeeds = {
  /** Migrated with `deviceFleetMigrations`. */
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append' | 'head'>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly every: Every;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 32 secret bytes, the same at every start: names sensors, and opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  /** What sensors say lies in an encrypted column. */
  readonly columnKeys: ColumnKeys;
  /** Whether a record that is sent now would be taken; silence is not judged while it would not. True when left out. */
  readonly isTakingRecords?: () => Promise<boolean>;
  /** Whether it is the key of the sensor that runs beside this server, which stops and starts with it. */
  readonly isOwnKey?: (apiKeyId: string) => boolean;
  /** The source that a live API key was issued for; undefined for one that may send as any. Without it a person accepts every sensor. */
  readonly sourceOfKey?: (apiKeyId: string) => Promise<string | undefined>;
  readonly limits?: Partial<SensorLimits>;
};

/** How many sensors are kept; records of others are counted and told once an hour. */
export type SensorLimits = {
  /** 5,000. */
  readonly sensors: number;
  /** That one API key may bring; 1,000. */
  readonly sensorsPerKey: number;
};

export type DevicesNeeds = {
  /** Migrated with `deviceFleetMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly every: Every;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 32 secret bytes, the same at every start: opens what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  /** What is known of devices lies in encrypted columns. */
  readonly columnKeys: ColumnKeys;
  readonly limits?: Partial<DeviceLimits>;
};

export type DeviceLimits = {
  /** Waiting and approved; 2,000. */
  readonly devices: number;
  /** Waiting to be approved; 100. */
  readonly waiting: number;
  /** Revoked ones that are remembered, the newest; 1,000. */
  readonly revoked: number;
  /** Codes that are good at one time; 100. */
  readonly codes: number;
};
