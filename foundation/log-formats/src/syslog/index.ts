export { createSyslogFramer } from './framer.ts';
export type { SyslogFrame, SyslogFramer, SyslogFramerOptions, SyslogFraming } from './framer.ts';
export { defaultSyslogLimits } from './message.ts';
export type { StructuredElement, SyslogLimits, SyslogMessage, SyslogRefusalCode } from './message.ts';
export { parseSyslog, syslogText } from './parse-syslog.ts';
export { parseRfc3164 } from './rfc3164.ts';
export { parseRfc5424 } from './rfc5424.ts';
export { facilityNames, priorityOf, severityNames } from './priority.ts';
export type { FacilityName, Priority, SeverityName } from './priority.ts';
