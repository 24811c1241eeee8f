import type { Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { FramePeer } from '@sallyport/platform/frames';
import type { Log } from '@sallyport/platform/log';
import type { WatchState } from './perception/perceived.ts';
import type { MediaAddress } from './webrtc/webrtc-protocol.ts';

/** Runs `task` every `intervalMs` until the returned function is called. */
export type Every = (intervalMs: number, task: () => void) => () => void;

/** A device that may send, as the fleet knows it. */
export type CameraDevice = {
  readonly id: string;
  readonly name: string;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
  readonly kind: string;
  readonly state: string;
  /** When its rights were taken. */
  readonly revoked_ms?: number | undefined;
};

/** The part of the fleet of devices that cameras need. */
export type CameraDevices = {
  /** Those that are no cameras, and those that may not send, included. */
  list(): readonly CameraDevice[];
  find(id: string): CameraDevice | undefined;
};

/** What was made out in a newest picture, boxes as parts of its width and height. */
export type Sight = {
  /** Of the frame it was made out in. */
  readonly sequence: number;
  readonly objects: readonly SeenObject[];
  readonly tampered?: string | undefined;
};

export type SeenObject = {
  readonly label: string;
  readonly score: number;
  readonly box: readonly [number, number, number, number];
  readonly track: number;
};

export type CamerasNeeds = {
  /** Migrated with `cameraWatchMigrations`. */
  readonly database: Database;
  readonly outbox: Outbox;
  readonly devices: CameraDevices;
  readonly clock: Clock;
  readonly every: Every;
  /** Resolves after `ms`, or at once when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Unpredictable bytes. */
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  /** 32 secret bytes: what earlier versions sealed addresses and names of cameras with. */
  readonly sealingKey: Uint8Array;
  /** Of the columns that hold addresses and names of cameras. */
  readonly columnKeys: ColumnKeys;
  /** Whether cameras may be fetched from on this machine itself: for tests and demonstrations. No, when left out. */
  readonly allowLoopback?: boolean;
  /** Certificates of authorities that cameras are trusted by, in PEM; those of Node and of the system when left out. */
  readonly authorities?: readonly string[];
  /** The program that decodes what comes by RTSP, `ffmpeg` when left out. */
  readonly ffmpeg?: string;
  /** Whether a camera is watched; without it rows do not say. */
  readonly watchOf?: (cameraId: string) => WatchState;
  /** Without it nobody can send by WebRTC. */
  readonly webrtc?: WebrtcNeeds;
};

export type WebrtcNeeds = {
  /** Starts a process that runs `runWebrtc`, for one sender. When the connection is closed, the process ends. */
  readonly connect: () => Promise<FramePeer>;
  /** Aborts after a while. */
  readonly deadline: (ms: number) => AbortSignal;
  readonly address: Omit<MediaAddress, 'host'>;
};
