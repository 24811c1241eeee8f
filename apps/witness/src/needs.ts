import type { Clock } from '@sallyport/platform/clock';
import type { Log } from '@sallyport/platform/log';

/** The disk, as the state of a witness needs it. */
export type StateFiles = {
  /** The content, or undefined when there is no such file. */
  readonly read: (path: string) => Uint8Array | undefined;
  /** Old or new content after a crash at any moment, never a mix; the new one for certain once it returns. Mode 0600. */
  readonly writeDurably: (path: string, bytes: Uint8Array) => void;
  /** Changes whenever the file is replaced; empty when there is none. */
  readonly stamp: (path: string) => string;
};

export type WitnessNeeds = {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: StateFiles;
};

/** Cryptographically secure random bytes. */
export type RandomBytes = (bytes: number) => Buffer;
