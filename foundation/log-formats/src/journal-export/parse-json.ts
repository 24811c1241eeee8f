import { isList, parseJsonObject } from '../text/bounded-json.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { Buffer, isUtf8 } from 'node:buffer';
import { defaultJournalLimits, journalEntry } from './entry.ts';
import type { JournalEntry, JournalLimits, JournalRefusalCode, JournalValue } from './entry.ts';

/**
 * One line of `journalctl -o json`: values are texts, lists of numbers for what is not UTF-8, null for what was too
 * large to print, or lists of these when a field has several.
 */
export function parseJournalJson(
  line: string,
  limits: JournalLimits = defaultJournalLimits,
): Parsed<JournalEntry, JournalRefusalCode> {
  const parsed = parseJsonObject(line, { maxCharacters: limits.maxEntryBytes, maxDepth: 3 });
  if (!parsed.ok) return refuse('journal_json', parsed.at, parsed.message);
  const fields = new Map<string, readonly JournalValue[]>();
  for (const [name, value] of Object.entries(parsed.value)) {
    if (fields.size === limits.maxFields)
      return refuse('journal_too_many_fields', 0, `Entry has more than ${limits.maxFields} fields`);
    const values = readValues(value);
    if (values === undefined)
      return refuse(
        'journal_shape',
        0,
        `Field ${quoted(name)} must be text, a list of bytes, null, or a list of these`,
      );
    fields.set(name, values);
  }
  return accept(journalEntry(fields, 0));
}

function readValues(value: unknown): readonly JournalValue[] | undefined {
  const one = readValue(value);
  if (one !== undefined) return [one];
  if (value === null) return [];
  if (!isList(value)) return undefined;
  const values: JournalValue[] = [];
  for (const item of value) {
    const read = readValue(item);
    if (read !== undefined) values.push(read);
    else if (item !== null) return undefined;
  }
  return values;
}

function readValue(value: unknown): JournalValue | undefined {
  if (typeof value === 'string') return value;
  // Not as journalctl writes them, but collectors that rewrite its lines do.
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!isList(value) || value.length === 0) return undefined;
  const bytes = Buffer.alloc(value.length);
  for (const [index, byte] of value.entries()) {
    if (typeof byte !== 'number' || !Number.isInteger(byte) || byte < 0 || byte > 255) return undefined;
    bytes[index] = byte;
  }
  return isUtf8(bytes) ? bytes.toString('utf8') : Uint8Array.from(bytes);
}
