import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Log } from '@sallyport/platform/log';
import type { Frame } from '../frames/frame.ts';
import type { Perceived } from '../perception/perceived.ts';

/** A camera as far as the watch has to know it. Names are chosen by people, of other people's devices too: plain text. */
export type WatchedCamera = {
  readonly id: string;
  readonly name: string;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
};

/** What perception makes of one picture, as far as the watch looks at it. */
export type WatchedPicture = Pick<
  Perceived,
  'cameraId' | 'sequence' | 'jpeg' | 'capturedMs' | 'objects' | 'tamper' | 'learnt' | 'model' | 'looked'
>;

export type WatchingNeeds = {
  /** Migrated with `cameraWatchMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Runs `task` every `intervalMs` until the returned function is called. */
  readonly every: (intervalMs: number, task: () => void) => () => void;
  /** Resolves after `ms`, or at once when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 32 secret bytes, the same at every start: group moments, and open what earlier versions sealed. */
  readonly sealingKey: Uint8Array;
  readonly columnKeys: ColumnKeys;
  /** Undefined for a camera that is no more. */
  readonly findCamera: (id: string) => WatchedCamera | undefined;
  readonly subscribeFrames: (listener: (frame: Frame) => void) => () => void;
  readonly subscribePictures: (listener: (picture: WatchedPicture) => void) => () => void;
  /** Keeps a picture and gives its SHA-256, hex; pictures are told without when it rejects. */
  readonly savePicture?: (jpeg: Uint8Array) => Promise<string>;
  /** What the camera usually sees is learnt anew. Rejects when what was learnt is still kept. */
  readonly learnAnew: (cameraId: string) => Promise<void>;
  /** IANA name; of cameras for which nobody chose one. */
  readonly timeZone: string;
  readonly limits?: Partial<WatchingLimits>;
};

export type WatchingLimits = {
  /** Moments kept of one camera (1,000) and of all (20,000). */
  readonly momentsPerCamera: number;
  readonly moments: number;
  /** Notices that wait while the control database takes nothing (5,000). */
  readonly waiting: number;
  /** How long an event waits for its picture to be kept (500 ms). */
  readonly pictureMs: number;
};

export const defaultWatchingLimits: WatchingLimits = {
  momentsPerCamera: 1000,
  moments: 20_000,
  waiting: 5000,
  pictureMs: 500,
};
