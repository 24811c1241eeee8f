import type { JsonObject } from '../text/bounded-json.ts';
import type { LogTime } from '../text/timestamp.ts';
import type { Priority } from './priority.ts';

export type StructuredElement = {
  readonly id: string;
  /** In the order they were written; a name may come twice (RFC 5424 section 6.3.3). */
  readonly parameters: readonly (readonly [name: string, value: string])[];
};

/** One syslog message. What the sender left out, or wrote as `-`, is undefined. */
export type SyslogMessage = {
  /** `cisco` is RFC 3164 with the header fields of Cisco devices. */
  readonly header: 'rfc5424' | 'rfc3164' | 'cisco';
  readonly priority: Priority | undefined;
  readonly time: LogTime | undefined;
  readonly host: string | undefined;
  /** APP-NAME, or the tag of RFC 3164 without its process id; for Cisco the mnemonic `%ASA-6-302013`. */
  readonly application: string | undefined;
  readonly processId: string | undefined;
  readonly messageId: string | undefined;
  readonly structuredData: readonly StructuredElement[];
  /** What was said, line breaks kept. */
  readonly message: string;
  /** Where `message` begins in the text. */
  readonly messageAt: number;
  /** The object behind `@cee:`, when there is one. */
  readonly cee: JsonObject | undefined;
  /** The counter some devices put before the time. */
  readonly sequence: number | undefined;
  /** What a Cisco device says of its clock: `*` never set, `.` set but out of touch with its time server. */
  readonly clock: 'not_set' | 'unsynchronised' | undefined;
};

export type SyslogRefusalCode =
  | 'syslog_too_long'
  | 'syslog_empty'
  | 'syslog_header'
  | 'syslog_version'
  | 'syslog_time'
  | 'syslog_structured_data'
  | 'syslog_too_many_elements';

export type SyslogLimits = {
  readonly maxCharacters: number;
  /** Elements and parameters of the structured data together. */
  readonly maxStructuredItems: number;
};

export const defaultSyslogLimits: SyslogLimits = { maxCharacters: 1 << 20, maxStructuredItems: 1024 };
