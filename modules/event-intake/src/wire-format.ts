import type { DeclaredFormat, WireFormat } from './declared-format.ts';
import { EventIntakeError } from './errors.ts';
import { createAuditSplitter } from './split-audit.ts';
import { createEntrySplitter } from './split-entries.ts';
import { createEvtxSplitter } from './split-evtx.ts';
import { createJournalSplitter } from './split-journal.ts';
import { createJsonSplitter } from './split-json.ts';
import { createLineSplitter } from './split-lines.ts';
import { createRecognisedSplitter } from './split-recognised.ts';
import { createSyslogSplitter } from './split-syslog.ts';
import { createXmlSplitter } from './split-xml.ts';
import { createZeekSplitter } from './split-zeek.ts';

const jsonLines = new Set(['application/x-ndjson', 'application/ndjson', 'application/jsonl']);
const formatOfType: ReadonlyMap<string, DeclaredFormat> = new Map([
  ['text/plain', 'auto'],
  ['application/x-syslog', 'syslog'],
  ['application/xml', 'windows_event_xml'],
  ['text/xml', 'windows_event_xml'],
  ['application/x-evtx', 'evtx'],
  ['application/vnd.fdo.journal', 'journal_export'],
  ['text/tab-separated-values', 'zeek'],
  ['application/octet-stream', 'auto'],
]);

/** Throws `content_type_unsupported`. */
export function wireFormatOf(contentType: string | undefined, declared: DeclaredFormat | undefined): WireFormat {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isJsonLines = jsonLines.has(type);
  if (isJsonLines || type === 'application/json') {
    if (declared === undefined || declared === 'json')
      return { createSplitter: isJsonLines ? createLineSplitter : createJsonSplitter, reading: { format: 'json' } };
    throw unsupported(type, `it must be sent as text/plain to be read as ${declared}`);
  }
  const own = formatOfType.get(type);
  if (own === undefined)
    throw unsupported(type, `must be one of ${[...jsonLines, 'application/json', ...formatOfType.keys()].join(', ')}`);
  return wireFor(declared ?? own);
}

function wireFor(format: DeclaredFormat): WireFormat {
  switch (format) {
    case 'evtx':
      return { createSplitter: createEvtxSplitter, reading: { format: 'json' } };
    case 'journal_export':
      return { createSplitter: createJournalSplitter, reading: { format: 'json' } };
    case 'auto':
      return { createSplitter: (limits) => createRecognisedSplitter(limits, wireFor), reading: { format } };
    case 'lines':
      return { createSplitter: createLineSplitter, reading: { format: 'auto' } };
    case 'json':
      return { createSplitter: createJsonSplitter, reading: { format } };
    case 'text':
      return { createSplitter: createEntrySplitter, reading: { format } };
    case 'syslog':
      return { createSplitter: createSyslogSplitter, reading: { format } };
    case 'windows_event_xml':
      return { createSplitter: createXmlSplitter, reading: { format } };
    case 'auditd':
      return { createSplitter: createAuditSplitter, reading: { format } };
    case 'zeek':
      return { createSplitter: createZeekSplitter, reading: { format } };
    default:
      return { createSplitter: createLineSplitter, reading: { format } };
  }
}

function unsupported(type: string, wanted: string): EventIntakeError {
  return new EventIntakeError(
    'content_type_unsupported',
    `Cannot read the content type "${type.slice(0, 100)}": ${wanted}`,
  );
}
