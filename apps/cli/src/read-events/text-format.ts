import { recognise } from '@sallyport/log-formats';
import type { LogFormat } from '@sallyport/log-formats';

/** What a text may be said to be. `lines`: each line is looked at by the server. */
export const textFormats = [
  'json',
  'lines',
  'syslog',
  'cef',
  'leef',
  'auditd',
  'web_access',
  'windows_event_xml',
  'journal_export',
  'zeek',
  'text',
] as const;

export type TextFormat = (typeof textFormats)[number];

/** How records are sent: those of one request have the same object. */
export type Wire = {
  readonly contentType: string;
  readonly format?: TextFormat;
  /** Goes before the records of each request and is none itself. */
  readonly head?: Buffer;
};

export const ndjson: Wire = { contentType: 'application/x-ndjson' };
const wires = new Map(
  textFormats.map((format): [TextFormat, Wire] => [
    format,
    format === 'json' ? ndjson : { contentType: 'text/plain', format },
  ]),
);

export function wireOf(format: TextFormat): Wire {
  return wires.get(format) ?? ndjson;
}

export const lineWire = wireOf('lines');

const textOfLog: ReadonlyMap<LogFormat, TextFormat> = new Map([
  ['auditd', 'auditd'],
  ['zeek_tsv', 'zeek'],
  ['journal_export', 'journal_export'],
  ['windows_event_xml', 'windows_event_xml'],
  ['syslog_rfc5424', 'lines'],
  ['syslog_rfc3164', 'lines'],
  ['cef', 'lines'],
  ['leef', 'lines'],
  ['web_access', 'lines'],
  ['text', 'lines'],
  ['utmp', 'lines'],
  ['otlp_protobuf', 'lines'],
]);

export type Guess = { readonly format: TextFormat; /** A sentence for people. */ readonly because: string };

/** By the first bytes; JSON of any kind is cut as JSON. */
export function guessFormat(start: Buffer): Guess {
  const { format, because } = recognise(start);
  const guessed = textOfLog.get(format) ?? 'json';
  const name = guessed === 'lines' ? `lines, the first is ${format}` : guessed === 'json' ? format : guessed;
  return { format: guessed, because: `${name}: ${because.slice(0, 1).toLowerCase()}${because.slice(1)}` };
}
