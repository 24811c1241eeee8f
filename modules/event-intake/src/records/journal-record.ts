import type { JsonObject } from '@sallyport/contracts';
import { journalSpeaker, journalText, parseJournalJson } from '@sallyport/log-formats/journal-export';
import { priorityOf } from '@sallyport/log-formats/syslog';
import { isoTime, present, processId } from './flat-record.ts';

/** An entry of the journal, as `journalctl -o json` and collectors write it: what was said, and the fields of a syslog header. */
export function journalFields(text: string): { readonly message: string; readonly header: JsonObject } | undefined {
  const parsed = parseJournalJson(text);
  if (!parsed.ok) return undefined;
  const entry = parsed.value;
  const field = (name: string): string | undefined => journalText(entry, name);
  const message = field('MESSAGE');
  if (message === undefined) return undefined;
  const speaker = journalSpeaker(entry);
  const severity = field('PRIORITY');
  const facility = field('SYSLOG_FACILITY');
  return {
    message,
    header: present({
      time: isoTime(entry.unixMs),
      host: field('_HOSTNAME'),
      program: speaker?.program,
      ClaimedProgram: speaker?.claimed,
      ProcessId: processId((speaker?.claimed === undefined ? field('SYSLOG_PID') : undefined) ?? field('_PID')),
      Image: field('_EXE'),
      CommandLine: field('_CMDLINE'),
      UserId: field('_UID'),
      unit: field('_SYSTEMD_UNIT'),
      boot_id: field('_BOOT_ID'),
      transport: field('_TRANSPORT'),
      severity: severity === undefined ? undefined : priorityOf(Number(severity) & 7)?.severityName,
      facility: facility === undefined ? undefined : priorityOf((Number(facility) & 31) << 3)?.facilityName,
    }),
  };
}
