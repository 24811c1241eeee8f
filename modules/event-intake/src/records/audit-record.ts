import type { JsonObject } from '@sallyport/contracts';
import { execveArguments, parseAudit } from '@sallyport/log-formats/auditd';
import { fieldsOf, isoTime, present } from './flat-record.ts';

/**
 * One line of the Linux audit log under its own names, as Sigma's rules for `auditd` have them. `Result` is the outcome where the
 * line tells one; `CommandLine` the arguments of EXECVE or the title.
 */
export function auditFields(text: string): JsonObject | undefined {
  const parsed = parseAudit(text);
  if (!parsed.ok) return undefined;
  const record = parsed.value;
  const outcome = record.message.get('res') ?? record.fields.get('success') ?? record.fields.get('res');
  return present({
    ...fieldsOf(record.interpreted),
    ...fieldsOf(record.message),
    ...fieldsOf(record.fields),
    type: record.type,
    audit_id: record.serial,
    words: record.words,
    CommandLine: commandLineOf(record),
    Result: outcome === undefined ? undefined : /^(?:success|yes|1)$/.test(outcome) ? 'success' : 'failure',
    time: isoTime(record.unixMs),
    host: record.node,
  });
}

type AuditRecord = Parameters<typeof execveArguments>[0];

function commandLineOf(record: AuditRecord): string | undefined {
  if (record.type === 'EXECVE') return execveArguments(record).join(' ');
  // The title is what is left of the arguments, with NUL between them.
  return record.type === 'PROCTITLE' ? record.fields.get('proctitle')?.replaceAll('\0', ' ') : undefined;
}
