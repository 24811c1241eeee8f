/** An event on its way into the log, its names already replaced by keyed hashes. */
export type LogEntry = {
  readonly stream: string;
  readonly streamId: Uint8Array;
  readonly collectorId: Uint8Array;
  /** What it is kept with, and how long; see `retention-class.ts`. */
  readonly retention: string;
  readonly sequence: number;
  readonly classUid: number;
  readonly body: Buffer;
};
