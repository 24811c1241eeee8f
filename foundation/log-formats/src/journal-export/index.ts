export { createJournalExportReader } from './export-reader.ts';
export type { JournalExportReader, JournalItem } from './export-reader.ts';
export { defaultJournalLimits, journalText } from './entry.ts';
export type { JournalEntry, JournalLimits, JournalRefusalCode, JournalValue } from './entry.ts';
export { journalSpeaker } from './speaker.ts';
export type { JournalSpeaker } from './speaker.ts';
export { parseJournalJson } from './parse-json.ts';
export { journalJson } from './write-json.ts';
