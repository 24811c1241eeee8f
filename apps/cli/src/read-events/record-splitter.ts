import type { Wire } from './text-format.ts';
import { compactedLength, isRecordStart, matchesRecordsKey, nextRecordStart } from './record-boundaries.ts';

/**
 * One event's text as it stands in the input, uninterpreted. `json` is balanced but not yet parsed;
 * `broken` is a stretch that cannot be JSON; of an `oversize` record only the size is kept.
 */
export type SplitRecord =
  | { readonly kind: 'json'; readonly bytes: Buffer }
  | {
      readonly kind: 'broken';
      readonly bytes: Buffer;
      readonly reason: string;
      /** The input ended inside it. */ readonly atEnd: boolean;
    }
  /** Of a format other than JSON: as it stands there, and how it is to be sent. */
  | { readonly kind: 'text'; readonly bytes: Buffer; readonly wire: Wire; readonly atEnd: boolean }
  | { readonly kind: 'oversize'; readonly sizeBytes: number };

export type RecordSplitter = {
  /** The records this chunk completes. Keeps at most `maxRecordBytes` plus one chunk. */
  push(chunk: Buffer): SplitRecord[];
  /** What is left at the end of the input. */
  end(): SplitRecord[];
};

export type SplitLimits = { readonly maxRecordBytes: number; readonly maxDepth: number };

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const comma = 0x2c;
const colon = 0x3a;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const recordSeparator = 0x1e;
/** Past this, a failed record is not searched again from its second line: rescanning stays linear. */
const maxRescanBytes = 256 * 1024;

/**
 * Cuts a byte stream into events: NDJSON, JSON objects one after another (pretty-printed or not), the elements
 * of arrays, and the records of a CloudTrail document (`{"Records":[…]}`), in any mixture and across any chunk
 * boundary. Memory is bounded whatever the input: a record over the limit is skipped to its end.
 * A broken record costs itself and nothing else: cutting goes on at the next line that can begin a record.
 */
export function createRecordSplitter(limits: SplitLimits): RecordSplitter {
  const stack = new Uint8Array(limits.maxDepth + 1);
  let held: Buffer = Buffer.alloc(0);
  /** First byte of the record being read, and the byte to look at next. */
  let start = 0;
  let at = 0;
  let state: 'between' | 'value' | 'element' | 'broken-line' = 'between';
  let inArray = false;
  /** Inside a document whose records were already taken out of `Records`: the rest of it is passed over. */
  let afterRecords = false;
  let recordsOpen = false;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let previous = 0;
  let droppedBytes = 0;
  let reason = '';
  let ending = false;
  let found: SplitRecord[] = [];

  /** Asked anew each time: the functions below change it. */
  const isIn = (asked: typeof state): boolean => state === asked;

  const begin = (next: typeof state): void => {
    state = next;
    start = at;
    depth = 0;
    inString = false;
    escaped = false;
    previous = 0;
    droppedBytes = 0;
  };

  const emit = (kind: 'json' | 'broken', to: number): void => {
    const end = compactedLength(held, start, to);
    if (droppedBytes > 0) found.push({ kind: 'oversize', sizeBytes: droppedBytes + to - start });
    else if (end > start) {
      const bytes = Buffer.from(held.subarray(start, end));
      found.push(kind === 'json' ? { kind, bytes } : { kind, bytes, reason, atEnd: ending && to === held.length });
    }
    start = to;
    droppedBytes = 0;
    state = 'between';
  };

  /** Where the bytes before are gone, only the place itself can still be the beginning of a record. */
  const lineStartHere = (): number => (at > 0 && held[at - 1] === newline && isRecordStart(held[at]) ? at : -1);

  /** The record cannot be JSON: go on at the first line that can begin another, or after this line. */
  const breakOff = (why: string): void => {
    inArray = false;
    recordsOpen = false;
    reason = why;
    const gone = afterRecords || droppedBytes > 0;
    if (afterRecords) {
      afterRecords = false;
      begin('broken-line');
    }
    const resumeAt = gone
      ? lineStartHere()
      : nextRecordStart(held, Math.max(start, at - maxRescanBytes), Math.min(at + 1, held.length));
    if (resumeAt < 0) {
      state = 'broken-line';
      return;
    }
    emit('broken', resumeAt);
    at = resumeAt;
  };

  const close = (byte: number): void => {
    if (stack[depth] !== byte) return breakOff('a bracket does not match');
    depth -= 1;
    previous = byte;
    at += 1;
    if (depth > 0) return;
    if (afterRecords) {
      afterRecords = false;
      begin('between');
    } else emit('json', at);
  };

  const open = (byte: number): void => {
    const allowed = previous === 0 || previous === comma || previous === colon || previous === openArray;
    if (!allowed && !(previous === openObject && depth === 0)) return breakOff('a value stands where none may be');
    if (
      byte === openArray &&
      depth === 1 &&
      !inArray &&
      !afterRecords &&
      droppedBytes === 0 &&
      matchesRecordsKey(held, start, at)
    ) {
      inArray = true;
      recordsOpen = true;
      at += 1;
      begin('between');
      return;
    }
    if (depth >= limits.maxDepth) return breakOff(`nested deeper than ${limits.maxDepth} levels`);
    depth += 1;
    stack[depth] = byte === openObject ? closeObject : closeArray;
    previous = byte;
    at += 1;
  };

  const scanString = (): void => {
    while (at < held.length) {
      const byte = held[at];
      if (escaped) escaped = false;
      else if (byte === backslash) escaped = true;
      else if (byte === quote) {
        inString = false;
        previous = quote;
        at += 1;
        return;
      } else if (byte === newline) return breakOff('a string runs past the end of its line');
      at += 1;
    }
  };

  const scanValue = (): void => {
    while (at < held.length && isIn('value')) {
      if (inString) {
        scanString();
        continue;
      }
      const byte = held[at] ?? 0;
      if (byte === quote) {
        inString = true;
        at += 1;
      } else if (byte === openObject || byte === openArray) open(byte);
      else if (byte === closeObject || byte === closeArray) close(byte);
      else if (byte <= 0x20) {
        if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d))
          return breakOff('a control character stands outside a string');
        at += 1;
      } else {
        previous = byte;
        at += 1;
      }
    }
  };

  /** A number, string or word among the elements of an array. */
  const scanElement = (): void => {
    while (at < held.length && isIn('element')) {
      if (inString) {
        scanString();
        continue;
      }
      const byte = held[at] ?? 0;
      if (byte === comma || byte === closeArray || byte === newline) emit('json', at);
      else if (byte === openObject || byte === openArray || byte === closeObject)
        breakOff('a value stands where none may be');
      else {
        inString = byte === quote;
        at += 1;
      }
    }
  };

  /** False when more input must come first. */
  const scanBrokenLine = (): boolean => {
    while (at < held.length) {
      const lineEnd = held.indexOf(newline, at);
      // Without the byte after it, whether the next line begins a record is not known yet.
      if (lineEnd < 0 || lineEnd + 1 >= held.length) {
        at = lineEnd < 0 ? held.length : lineEnd;
        return false;
      }
      at = lineEnd + 1;
      if (isRecordStart(held[at])) emit('broken', at);
      if (isIn('between')) return true;
    }
    return false;
  };

  const scanBetween = (): void => {
    while (at < held.length && isIn('between')) {
      const byte = held[at] ?? 0;
      if (byte <= 0x20 && (byte === 0x20 || byte === recordSeparator || (byte >= 0x09 && byte <= 0x0d))) at += 1;
      else if (byte === comma) at += 1;
      else if (byte === openObject || (byte === openArray && inArray)) begin('value');
      else if (byte === openArray) {
        inArray = true;
        at += 1;
      } else if (byte === closeArray && inArray) {
        inArray = false;
        at += 1;
        if (recordsOpen) {
          recordsOpen = false;
          afterRecords = true;
          begin('value');
          depth = 1;
          stack[1] = closeObject;
          previous = closeArray;
        }
      } else if (inArray) begin('element');
      else {
        reason = 'not a JSON object';
        begin('broken-line');
      }
      start = state === 'between' ? at : start;
    }
  };

  const run = (): SplitRecord[] => {
    while (at < held.length) {
      if (state === 'between') scanBetween();
      else if (state === 'value') scanValue();
      else if (state === 'element') scanElement();
      else if (!scanBrokenLine()) break;
    }
    if (state !== 'between' && (at - start > limits.maxRecordBytes || droppedBytes > 0 || afterRecords)) {
      // One byte stays, to tell whether the next begins a line.
      const keptFrom = Math.max(start, at - 1);
      droppedBytes += afterRecords ? 0 : keptFrom - start;
      start = keptFrom;
    }
    const result = found;
    found = [];
    return result;
  };

  return {
    push(chunk) {
      held = start === held.length ? chunk : Buffer.concat([held.subarray(start), chunk]);
      at -= start;
      start = 0;
      return run();
    },
    end() {
      ending = true;
      const result: SplitRecord[] = [];
      // Each turn ends one record or resumes at a later line, so it comes to an end.
      while (!isIn('between') && start <= held.length) {
        if (state === 'element' && !inString) emit('json', held.length);
        else if (state === 'value' && !afterRecords) {
          at = held.length - 1;
          breakOff('ends in the middle of a record');
        }
        if (!isIn('between')) {
          emit('broken', held.length);
          at = held.length;
        }
        result.push(...run());
      }
      return result.concat(run());
    },
  };
}
