// The Journal Export Format (systemd.io/JOURNAL_EXPORT_FORMATS): what `journalctl -o export` and systemd-journal-upload send.
import { Buffer, isUtf8 } from 'node:buffer';
import { quoted, refuse } from '../text/parsed.ts';
import type { Refusal } from '../text/parsed.ts';
import { defaultJournalLimits, isFieldName, journalEntry } from './entry.ts';
import type { JournalEntry, JournalLimits, JournalRefusalCode, JournalValue } from './entry.ts';

/** An entry, or a fault with the fields of its entry that stood before it. */
export type JournalItem =
  | { readonly ok: true; readonly value: JournalEntry }
  | (Refusal<JournalRefusalCode> & { readonly before: JournalEntry });

export type JournalExportReader = {
  /** What this chunk completes, in order. `at` of a refusal counts bytes of the whole stream. */
  push(chunk: Uint8Array): JournalItem[];
  /** The stream has ended: an entry without its empty line is given when it is whole. */
  end(): JournalItem[];
  heldBytes(): number;
};

const lineFeed = 10;
const maxNameBytes = 64;

/**
 * Reads the format as it comes in. A fault costs the entry it is in: the reader goes on behind the next empty line.
 * Values over the limits are cut and counted. Memory is bounded by `maxEntryBytes` and one field.
 */
export function createJournalExportReader(limits: JournalLimits = defaultJournalLimits): JournalExportReader {
  let fields = new Map<string, JournalValue[]>();
  let fieldCount = 0;
  let entryBytes = 0;
  let droppedBytes = 0;
  let position = 0;
  /** Bytes of the current line or length that a chunk cut off. */
  let rest = Buffer.alloc(0);
  /** The value that is being collected. `wanted` counts what is still to come of a binary one; -1 for a line. */
  let value: { readonly name: string; readonly parts: Buffer[]; bytes: number; wanted: number } | undefined;
  let expects: 'line' | 'length' | 'binary' | 'binary_end' | 'text' | 'skipping' = 'line';
  let binaryName = '';
  /** While skipping: the last byte was a line feed. */
  let sawFeed = false;

  function reset(): void {
    fields = new Map();
    fieldCount = 0;
    entryBytes = 0;
    droppedBytes = 0;
    value = undefined;
  }

  function fail(items: JournalItem[], code: JournalRefusalCode, message: string): void {
    items.push({ ...refuse(code, position, message), before: journalEntry(fields, droppedBytes) });
    reset();
    expects = 'skipping';
    sawFeed = false;
  }

  function finishEntry(items: JournalItem[]): void {
    if (fieldCount > 0) items.push({ ok: true, value: journalEntry(fields, droppedBytes) });
    reset();
  }

  function take(bytes: Buffer): void {
    if (value === undefined) return;
    const room = Math.max(0, Math.min(limits.maxFieldBytes - value.bytes, limits.maxEntryBytes - entryBytes));
    const kept = bytes.subarray(0, room);
    droppedBytes += bytes.length - kept.length;
    if (kept.length === 0) return;
    value.parts.push(kept);
    value.bytes += kept.length;
    entryBytes += kept.length;
  }

  /** What is kept must not be a view of the caller's memory, nor very many small pieces. */
  function own(): void {
    const last = value?.parts.pop();
    if (value === undefined || last === undefined) return;
    value.parts.push(Buffer.from(last));
    if (value.parts.length >= 1024) value.parts.splice(0, value.parts.length, Buffer.concat(value.parts));
  }

  function finishValue(items: JournalItem[]): void {
    if (value === undefined) return;
    const { name, parts } = value;
    value = undefined;
    expects = 'line';
    fieldCount += 1;
    if (fieldCount > limits.maxFields) {
      fail(items, 'journal_too_many_fields', `Entry has more than ${limits.maxFields} fields`);
      // The value ended with its line feed, so an empty line may come at once.
      sawFeed = true;
      return;
    }
    const [only] = parts;
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    const read = isUtf8(bytes) ? bytes.toString('utf8') : Uint8Array.from(bytes);
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [read]);
    else values.push(read);
  }

  function begin(name: string, wanted: number): void {
    value = { name, parts: [], bytes: 0, wanted };
    expects = wanted < 0 ? 'text' : 'binary';
  }

  /** At the beginning of a line: its name decides what follows. Gives the bytes used, or -1 for more wanted. */
  function takeLineStart(chunk: Buffer, at: number, items: JournalItem[]): number {
    const window = chunk.subarray(at, at + maxNameBytes + 1);
    const equals = window.indexOf(61);
    const feed = window.indexOf(lineFeed);
    const end = equals === -1 || (feed !== -1 && feed < equals) ? feed : equals;
    if (end === -1 && window.length <= maxNameBytes) return -1;
    const name = window.toString('latin1', 0, end === -1 ? window.length : end);
    if (end === 0 && window[0] === lineFeed) {
      finishEntry(items);
      return 1;
    }
    if (end === -1 || !isFieldName(name)) {
      fail(
        items,
        'journal_field_name',
        `Name of a field is ${quoted(name)}, must be capital letters, digits and underscores`,
      );
      return 0;
    }
    if (window[end] === 61) {
      begin(name, -1);
    } else {
      binaryName = name;
      expects = 'length';
    }
    return end + 1;
  }

  /** One step; gives the bytes used, or -1 when it takes more than there is. */
  function step(chunk: Buffer, at: number, items: JournalItem[]): number {
    switch (expects) {
      case 'line':
        return takeLineStart(chunk, at, items);
      case 'length': {
        if (chunk.length - at < 8) return -1;
        const length = chunk.readBigUInt64LE(at);
        if (length > 1n << 40n)
          fail(items, 'journal_framing', `Binary field says it has ${length.toString()} bytes, must be at most 2^40`);
        else begin(binaryName, Number(length));
        return 8;
      }
      case 'binary': {
        const wanted = value?.wanted ?? 0;
        const used = Math.min(wanted, chunk.length - at);
        take(chunk.subarray(at, at + used));
        if (value !== undefined) value.wanted -= used;
        if (used === wanted) expects = 'binary_end';
        return used;
      }
      case 'binary_end':
        if (chunk[at] === lineFeed) finishValue(items);
        else fail(items, 'journal_framing', 'Binary field is not followed by a line feed');
        return 1;
      case 'text': {
        const found = chunk.indexOf(lineFeed, at);
        take(chunk.subarray(at, found === -1 ? chunk.length : found));
        if (found === -1) return chunk.length - at;
        finishValue(items);
        return found + 1 - at;
      }
      case 'skipping': {
        if (sawFeed && chunk[at] === lineFeed) expects = 'line';
        const found = expects === 'line' ? at : chunk.indexOf(lineFeed, at);
        sawFeed = found !== -1;
        return found === -1 ? chunk.length - at : found + 1 - at;
      }
    }
  }

  function push(bytes: Uint8Array): JournalItem[] {
    const items: JournalItem[] = [];
    const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunk = rest.length === 0 ? given : Buffer.concat([rest, given]);
    rest = Buffer.alloc(0);
    let at = 0;
    while (at < chunk.length) {
      const used = step(chunk, at, items);
      if (used < 0) break;
      at += used;
      position += used;
    }
    rest = Buffer.from(chunk.subarray(at));
    own();
    return items;
  }

  function end(): JournalItem[] {
    const items: JournalItem[] = [];
    if (expects === 'text') finishValue(items);
    if (rest.length > 0 || (expects !== 'line' && expects !== 'skipping'))
      fail(items, 'journal_cut_off', 'Stream ends inside a field');
    else finishEntry(items);
    reset();
    rest = Buffer.alloc(0);
    expects = 'line';
    position = 0;
    return items;
  }

  return { push, end, heldBytes: () => entryBytes + rest.length };
}
