import type { Ledger, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { Log } from '@sallyport/platform/log';
import type { FrameHub } from '../frames/frame-hub.ts';
import type { RecordingFiles } from './recording-files.ts';
import type { TimelineMoment } from './timeline-schema.ts';

export type RecordingNeeds = {
  readonly hub: Pick<FrameHub, 'subscribe' | 'subscribeAudio'>;
  /** Migrated with `cameraWatchMigrations`. */
  readonly database: Database;
  readonly ledger: Pick<Ledger, 'append' | 'prove'>;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Runs `task` every `intervalMs` until the returned function is called. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 32 secret bytes, the same at every start: they wrap the key of every camera and day. */
  readonly sealingKey: Uint8Array;
  readonly files: RecordingFiles;
  /** Whether this device, as long as it is approved, signed `value` as a segment's for this host. */
  readonly isSignedBy: (
    deviceId: string,
    proof: { readonly purpose: 'segment'; readonly host: string; readonly value: string },
    signature: string,
  ) => boolean;
  /** How a camera is called now, undefined when there is none under this id. */
  readonly describeCamera: (cameraId: string) => Promise<CameraNames | undefined>;
  /** What stood out in this time, for the timeline. */
  readonly momentsBetween: (cameraId: string, fromMs: number, toMs: number) => Promise<readonly TimelineMoment[]>;
  /** The page a clip is put into, with `clipPlace` where its bytes go; undefined when the console was not built. */
  readonly clipPage: () => string | undefined;
  /** Times of which nothing is deleted, for whatever reason: a legal hold. While they cannot be told, nothing is. */
  readonly heldTimes?: () => Promise<readonly HeldTime[]>;
  readonly limits?: Partial<RecordingLimits>;
};

/** From, included, to, not included. */
export type HeldTime = { readonly fromMs: number; readonly toMs: number };

export type CameraNames = { readonly name: string; readonly place: string };

export type RecordingLimits = {
  /** A segment is closed when it is this long; 10 s. */
  readonly segmentMs: number;
  /** Pictures further apart than this are not one recording: the segment ends, and the time between is a gap; 3 s. */
  readonly shortestGapMs: number;
  /** What one camera's running segment may hold before it is closed early; 64 MiB less its frame. */
  readonly runningBytes: number;
  /** What all running and closing segments may hold together; 512 MiB. */
  readonly memoryBytes: number;
  /** With less free on the disk the oldest recordings go, those of the last day aside; 2 GiB. */
  readonly lowDiskBytes: number;
  /** With less free nothing is recorded; 1 GiB. */
  readonly fullDiskBytes: number;
  /** Of a segment that a device sends later; 16 MiB. */
  readonly lateBytes: number;
  /** Plain bytes in one clip; 128 MiB. */
  readonly clipBytes: number;
};

const mebibyte = 1024 * 1024;

export const defaultLimits: RecordingLimits = {
  segmentMs: 10_000,
  shortestGapMs: 3000,
  runningBytes: 62 * mebibyte,
  memoryBytes: 512 * mebibyte,
  lowDiskBytes: 2048 * mebibyte,
  fullDiskBytes: 1024 * mebibyte,
  lateBytes: 16 * mebibyte,
  clipBytes: 128 * mebibyte,
};
