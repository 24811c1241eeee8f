import { auditHead, createAuditAssembler } from '@sallyport/log-formats/auditd';
import type { AuditEvent, AuditHead } from '@sallyport/log-formats/auditd';
import { createJournalExportReader, journalJson } from '@sallyport/log-formats/journal-export';
import type { JournalItem } from '@sallyport/log-formats/journal-export';
import { createLineCutter } from './line-cutter.ts';
import type { CutLine } from './line-cutter.ts';
import type { RecordSplitter, SplitRecord } from './record-splitter.ts';
import { lineWire, ndjson, wireOf } from './text-format.ts';
import type { TextFormat, Wire } from './text-format.ts';
import { createXmlCutter } from './xml-cutter.ts';

/** Cuts a text into what the server will count as its events, each with how it is to be sent. */
export function createTextSplitter(format: Exclude<TextFormat, 'json'>, maxRecordBytes: number): RecordSplitter {
  switch (format) {
    case 'auditd':
      return createAuditSplitter(maxRecordBytes);
    case 'zeek':
      return createZeekSplitter(maxRecordBytes);
    case 'journal_export':
      return createJournalSplitter();
    case 'windows_event_xml':
      return createXmlCutter(maxRecordBytes);
    default:
      return createLineSplitter(maxRecordBytes, wireOf(format));
  }
}

function createLineSplitter(maxRecordBytes: number, wire: Wire): RecordSplitter {
  const lines = createLineCutter(maxRecordBytes);
  const records = (cut: readonly CutLine[]): SplitRecord[] =>
    cut.map((line) => (line.kind === 'oversize' ? line : { ...line, wire }));
  return { push: (chunk) => records(lines.push(chunk)), end: () => records(lines.end()) };
}

/** Headers go along with the rows below them; see the server's own reading of such logs. */
function createZeekSplitter(maxRecordBytes: number): RecordSplitter {
  const lines = createLineCutter(maxRecordBytes);
  let head = '';
  let wire = wireOf('zeek');
  const records = (cut: readonly CutLine[]): SplitRecord[] =>
    cut.flatMap((line): SplitRecord[] => {
      if (line.kind === 'oversize') return [line];
      const text = line.bytes[0] === 0x23 ? line.bytes.toString() : undefined;
      if (text === undefined) return [{ ...line, wire }];
      if (!/^#(?:close|open)/.test(text)) {
        head = text.startsWith('#separator ') ? `${text}\n` : `${head}${text}\n`;
        wire = { ...wireOf('zeek'), head: Buffer.from(head) };
      }
      return [];
    });
  return { push: (chunk) => records(lines.push(chunk)), end: () => records(lines.end()) };
}

type AuditLine = AuditHead & { readonly bytes: Buffer };
const lineFeed = Buffer.from('\n');

/** The records of one event go together, as the server puts them together. */
function createAuditSplitter(maxRecordBytes: number): RecordSplitter {
  const lines = createLineCutter(maxRecordBytes);
  const assembler = createAuditAssembler<AuditLine>({ maxWaitingEvents: 64, maxRecordsPerEvent: 100_000 });
  const wire = wireOf('auditd');
  let waitingBytes = 0;

  const given = (events: readonly AuditEvent<AuditLine>[], isEnd = false): SplitRecord[] => {
    // What is not whole yet, and all behind it, may still change when the log grows.
    const firstOpen = isEnd ? events.findIndex(({ complete }) => !complete) : -1;
    return events.map(({ records }, index) => {
      waitingBytes -= records.reduce((sum, { bytes }) => sum + bytes.length, 0);
      const joined = records.flatMap(({ bytes }, order) => (order === 0 ? [bytes] : [lineFeed, bytes]));
      return { kind: 'text', bytes: Buffer.concat(joined), wire, atEnd: firstOpen !== -1 && index >= firstOpen };
    });
  };
  const records = (cut: readonly CutLine[]): SplitRecord[] =>
    cut.flatMap((line): SplitRecord[] => {
      const head = line.kind === 'text' ? auditHead(line.bytes.toString('latin1', 0, 500)) : undefined;
      if (line.kind === 'oversize') return [...given(assembler.flush()), line];
      if (head === undefined) return [...given(assembler.flush()), { ...line, wire }];
      const before: SplitRecord[] = [];
      // As much as the server holds.
      while (waitingBytes > 0 && waitingBytes + line.bytes.length > serverHoldsBytes)
        before.push(...given(assembler.giveUpOldest()));
      waitingBytes += line.bytes.length;
      return [...before, ...given(assembler.add({ ...head, bytes: line.bytes }))];
    });
  return {
    push: (chunk) => records(lines.push(chunk)),
    end: () => [...records(lines.end()), ...given(assembler.flush(), true)],
  };
}

const serverHoldsBytes = 1_048_576;

/** Entries as `journalctl --all -o json` writes them, which is how the server keeps them too. */
function createJournalSplitter(): RecordSplitter {
  const reader = createJournalExportReader();
  const records = (items: readonly JournalItem[]): SplitRecord[] =>
    items.map((item) =>
      item.ok
        ? { kind: 'text', bytes: Buffer.from(journalJson(item.value)), wire: ndjson, atEnd: false }
        : {
            kind: 'text',
            bytes: Buffer.from(`${journalJson(item.before).slice(0, -1)} journal damaged: ${item.code} at ${item.at}`),
            wire: lineWire,
            atEnd: item.code === 'journal_cut_off',
          },
    );
  return { push: (chunk) => records(reader.push(chunk)), end: () => records(reader.end()) };
}
