/** How far one log is archived in one place. */
export type ArchiveCursor = {
  readonly log: number;
  readonly segment: number;
  readonly offset: number;
  readonly index: number;
  readonly tilesUntil: number;
  readonly checkpointSize: number;
};

export type ArchiveTotals = {
  readonly files: number;
  readonly bytes: number;
  readonly held: number;
  readonly problems: number;
  readonly neverRead: number;
  readonly oldestCheckMs: number | undefined;
};
