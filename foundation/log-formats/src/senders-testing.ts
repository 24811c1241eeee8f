// The sending side of the formats, for the tests and benches of whoever receives them.
export { encodeHecEvents } from './splunk-hec/encode-hec-testing.ts';
export type { HecToSend } from './splunk-hec/encode-hec-testing.ts';
export { encodeCef } from './cef/encode-cef-testing.ts';
export type { CefToSend } from './cef/encode-cef-testing.ts';
export { encodeJournalExport } from './journal-export/encode-journal-testing.ts';
export { encodeOctetCounted, encodeRfc3164, encodeRfc5424 } from './syslog/encode-syslog-testing.ts';
export type { SyslogToSend } from './syslog/encode-syslog-testing.ts';
export { encodeOtlpJson, encodeOtlpProtobuf } from './otlp/encode-otlp-testing.ts';
export { encodeUtmp } from './wtmp/encode-utmp-testing.ts';
export type { UtmpToWrite } from './wtmp/encode-utmp-testing.ts';
