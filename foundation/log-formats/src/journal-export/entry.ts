/** A value of the journal: text, or bytes that are not UTF-8. */
export type JournalValue = string | Uint8Array;

/** One entry of the systemd journal. Names are foreign, and a name may have several values. */
export type JournalEntry = {
  readonly fields: ReadonlyMap<string, readonly JournalValue[]>;
  /** `__CURSOR`: where to go on reading. */
  readonly cursor: string | undefined;
  /** From `__REALTIME_TIMESTAMP`, whole milliseconds since 1970. */
  readonly unixMs: number | undefined;
  /** Bytes of values that were over the limit and are gone. */
  readonly droppedBytes: number;
};

export type JournalRefusalCode =
  | 'journal_field_name'
  | 'journal_framing'
  | 'journal_too_many_fields'
  | 'journal_cut_off'
  | 'journal_json'
  | 'journal_shape';

export type JournalLimits = {
  readonly maxFieldBytes: number;
  readonly maxEntryBytes: number;
  readonly maxFields: number;
};
export const defaultJournalLimits: JournalLimits = {
  maxFieldBytes: 768 * 1024,
  maxEntryBytes: 4 << 20,
  maxFields: 1024,
};

export function journalEntry(fields: ReadonlyMap<string, readonly JournalValue[]>, droppedBytes: number): JournalEntry {
  const real = textIn(fields, '__REALTIME_TIMESTAMP');
  const unixMs = real !== undefined && /^\d{4,18}$/.test(real) ? Number(real.slice(0, -3)) : undefined;
  return { fields, cursor: textIn(fields, '__CURSOR'), unixMs, droppedBytes };
}

function textIn(fields: JournalEntry['fields'], name: string): string | undefined {
  const value = fields.get(name)?.[0];
  return typeof value === 'string' ? value : undefined;
}

/** The first value of a field, when it is text. */
export function journalText(entry: JournalEntry, name: string): string | undefined {
  return textIn(entry.fields, name);
}

/** Field names: uppercase letters, digits and underscores, not beginning with a digit, at most 64 of them. */
export function isFieldName(name: string): boolean {
  return /^[A-Z_][A-Z0-9_]{0,63}$/.test(name);
}
