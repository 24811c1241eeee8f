/** The table `intake_sources`. What is text is read by its own parser, which takes anything. */
export type SourceTables = {
  intake_sources: {
    key_id: string;
    name: string;
    created_at_ms: number;
    /** source-rhythm.ts */
    rhythm: string | null;
    /** source-settings.ts */
    settings: string | null;
    /** source-figures.ts */
    figures: string | null;
    /** volume-floor.ts */
    volume: string | null;
    /** source-alarms.ts */
    alarms: string | null;
    /** Of the settings. */
    revision: number;
  };
};

export type SourceRow = SourceTables['intake_sources'];

/** What a source has that was just registered. */
export const emptyRow = {
  rhythm: null,
  settings: null,
  figures: null,
  volume: null,
  alarms: null,
  revision: 0,
} as const satisfies Partial<SourceRow>;
