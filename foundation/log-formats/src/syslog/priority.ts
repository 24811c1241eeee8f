/** Names of the numerical facilities, RFC 5424 section 6.2.1, spelled as syslog.conf spells them. */
export const facilityNames = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
] as const;
export const severityNames = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

export type FacilityName = (typeof facilityNames)[number];
export type SeverityName = (typeof severityNames)[number];

/** PRI split into its halves, with names. */
export type Priority = {
  readonly value: number;
  readonly facility: number;
  readonly severity: number;
  readonly facilityName: FacilityName;
  readonly severityName: SeverityName;
};

/** The priority of a number 0-191, or undefined. */
export function priorityOf(value: number): Priority | undefined {
  const facility = value >> 3;
  const severity = value & 7;
  const facilityName = facilityNames[facility];
  const severityName = severityNames[severity];
  if (facilityName === undefined || severityName === undefined || !Number.isInteger(value)) return undefined;
  return { value, facility, severity, facilityName, severityName };
}

/** `<PRI>` at the beginning of a text. Leading zeros are taken (`<014>`), as old senders write them. */
export function readPriority(text: string): { readonly priority: Priority; readonly end: number } | undefined {
  if (text.charCodeAt(0) !== 60) return undefined;
  let value = 0;
  for (let at = 1; at <= 4; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 62 && at > 1) {
      const priority = priorityOf(value);
      return priority === undefined ? undefined : { priority, end: at + 1 };
    }
    if (!(code >= 48 && code <= 57)) return undefined;
    value = value * 10 + code - 48;
  }
  return undefined;
}
