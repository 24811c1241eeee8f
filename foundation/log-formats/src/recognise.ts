import { Buffer } from 'node:buffer';
import { parseAudit } from './auditd/index.ts';
import { findCef } from './cef/index.ts';
import { findLeef } from './leef/index.ts';
import { parseRfc5424 } from './syslog/index.ts';
import { readPriority } from './syslog/priority.ts';
import { readHeaderTime } from './text/header-time.ts';
import { fixedZone } from './text/timestamp.ts';
import { parseWebAccess } from './web-access/index.ts';
import { detectUtmpLayout } from './wtmp/index.ts';

export type LogFormat =
  | 'syslog_rfc5424'
  | 'syslog_rfc3164'
  | 'cef'
  | 'leef'
  | 'otlp_json'
  | 'otlp_protobuf'
  | 'splunk_hec'
  | 'journal_export'
  | 'journal_json'
  | 'auditd'
  | 'zeek_tsv'
  | 'zeek_json'
  | 'suricata_eve'
  | 'kubernetes_audit'
  | 'cloudtrail'
  | 's3_notification'
  | 'web_access'
  | 'utmp'
  | 'windows_event_xml'
  | 'windows_evtx'
  | 'gzip'
  | 'json'
  | 'text';

export type Recognition = {
  readonly format: LogFormat;
  /** `certain`: a mark only this format has. `likely`: its shape. `guess`: nothing speaks against it. */
  readonly confidence: 'certain' | 'likely' | 'guess';
  /** What was seen, as a sentence for people. */
  readonly because: string;
};

const lookedAtBytes = 4096;
const anyTime = { nowMs: 1_700_000_000_000, zone: fixedZone(0) };

/** The most likely format of a line, or of the first bytes of a stream or file. Looks at 4,096 bytes at most. */
export function recognise(given: string | Uint8Array): Recognition {
  if (typeof given === 'string') return recogniseText(given.slice(0, lookedAtBytes));
  const start = Buffer.from(given.buffer, given.byteOffset, Math.min(given.byteLength, lookedAtBytes));
  return recogniseBytes(start) ?? recogniseText(start.toString('utf8', start[0] === 0xef && start[1] === 0xbb ? 3 : 0));
}

function because(format: LogFormat, confidence: Recognition['confidence'], reason: string): Recognition {
  return { format, confidence, because: reason };
}

function recogniseBytes(start: Buffer): Recognition | undefined {
  if (start.toString('latin1', 0, 8) === 'ElfFile\0')
    return because('windows_evtx', 'certain', 'Begins with the mark of an EVTX file');
  if (start[0] === 0x1f && start[1] === 0x8b) return because('gzip', 'certain', 'Begins with the mark of gzip');
  if (start.length >= 384 && start.includes(0) && detectUtmpLayout(start) !== undefined)
    return because('utmp', 'likely', 'Records of 384 or 400 bytes with sound types and times');
  const isMessage =
    start[0] === 0x0a &&
    start.length > 2 &&
    start.subarray(0, 64).some((byte) => (byte < 9 || (byte > 13 && byte < 32)) && byte !== 27);
  return isMessage
    ? because('otlp_protobuf', 'guess', 'Begins with field 1 of a Protocol Buffers message and holds control bytes')
    : undefined;
}

function recogniseText(start: string): Recognition {
  const [line = ''] = start.trimStart().split('\n', 1);
  const counted = /^[1-9]\d{0,8} (?=<\d)/.exec(line)?.[0] ?? '';
  const text = line.slice(counted.length);
  return (
    recogniseMarked(text, start) ??
    recogniseObject(text, start.trimStart()) ??
    recogniseSyslog(text) ??
    recogniseShape(text) ??
    because('text', 'guess', 'No mark of a known format')
  );
}

/** Formats that say what they are, behind a syslog header too. */
function recogniseMarked(line: string, start: string): Recognition | undefined {
  if (findCef(line) >= 0) return because('cef', 'certain', 'Has "CEF:" and a version');
  if (findLeef(line) >= 0) return because('leef', 'certain', 'Has "LEEF:"');
  if (line.startsWith('#separator ') || line.startsWith('#fields\t'))
    return because('zeek_tsv', 'certain', 'Begins with a header of Zeek');
  if (/^(?:<\?xml[^>]{0,200}>\s{0,20})?<Events?[ >]/.test(start.trimStart()))
    return because('windows_event_xml', 'likely', 'Begins with an <Event> element');
  if (/^__CURSOR=|^__REALTIME_TIMESTAMP=/.test(line))
    return because('journal_export', 'certain', 'Begins with an address field of the journal');
  if (parseAudit(line).ok) return because('auditd', 'certain', 'Has the header of an audit record');
  return undefined;
}

/** Names that tell JSON records apart, in the order of how telling they are. */
const objectMarks: readonly (readonly [LogFormat, Recognition['confidence'], readonly string[]])[] = [
  ['otlp_json', 'certain', ['"resourceLogs"']],
  ['kubernetes_audit', 'certain', ['audit.k8s.io/']],
  ['s3_notification', 'certain', ['"Records"', '"s3"', '"bucket"']],
  ['s3_notification', 'certain', ['"s3Bucket"', '"s3ObjectKey"']],
  ['s3_notification', 'certain', ['"aws.s3"', '"detail-type"']],
  ['cloudtrail', 'certain', ['"eventVersion"', '"eventSource"', '"eventName"']],
  ['journal_json', 'certain', ['"__REALTIME_TIMESTAMP"']],
  ['journal_json', 'certain', ['"__CURSOR"']],
  ['suricata_eve', 'likely', ['"event_type"', '"timestamp"']],
  ['zeek_json', 'likely', ['"ts"', '"uid"', '"id.orig_h"']],
  ['zeek_json', 'likely', ['"ts"', '"_path"']],
  ['splunk_hec', 'likely', ['"event"', '"sourcetype"']],
  ['splunk_hec', 'guess', ['"event"', '"time"']],
];

function recogniseObject(line: string, start: string): Recognition | undefined {
  if (!line.startsWith('{') && !line.startsWith('[')) return undefined;
  for (const [format, confidence, names] of objectMarks) {
    if (names.every((name) => start.includes(name)))
      return because(format, confidence, `JSON with ${names.join(' and ')}`);
  }
  return because('json', 'guess', 'Begins as JSON, without names of a known format');
}

function recogniseSyslog(line: string): Recognition | undefined {
  const head = readPriority(line);
  if (head !== undefined && parseRfc5424(line).ok)
    return because('syslog_rfc5424', 'certain', 'Has priority, version 1 and the header of RFC 5424');
  if (head !== undefined) return because('syslog_rfc3164', 'likely', 'Begins with a priority');
  return undefined;
}

function recogniseShape(line: string): Recognition | undefined {
  if (parseWebAccess(line).ok)
    return because('web_access', 'certain', 'Has client, time, request and status of an access log');
  if (readHeaderTime(line, 0, anyTime) !== undefined)
    return because('syslog_rfc3164', 'guess', 'Begins with a time, without a priority');
  return undefined;
}
