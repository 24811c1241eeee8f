import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { execveArguments, parseAudit } from '@sallyport/log-formats/auditd';
import type { AuditRecord } from '@sallyport/log-formats/auditd';
import { fieldsOf, isoTime, present } from './flat-record.ts';

/** Mappings of records that stand alone, and of the records of one event put together. */
type AuditRead = { readonly format: 'auditd' | 'auditd-event'; readonly fields: JsonObject };

/**
 * A line of the Linux audit log under its own names, as Sigma's rules for `auditd` have them; or the lines of one event, where a field
 * has every value it has in any of them, so that a rule about one record holds for the event. `Result` is the outcome where a line tells
 * one; `CommandLine` the arguments of EXECVE or the title.
 */
export function auditFields(text: string): AuditRead | undefined {
  const records: AuditRecord[] = [];
  for (const line of text.split('\n')) {
    const parsed = parseAudit(line);
    if (!parsed.ok) return undefined;
    records.push(parsed.value);
  }
  const [only] = records;
  if (only === undefined) return undefined;
  if (records.length === 1) return { format: 'auditd', fields: fieldsOfRecord(only) };
  return { format: 'auditd-event', fields: fieldsOfEvent(records, only) };
}

function fieldsOfRecord(record: AuditRecord): JsonObject {
  return present({
    ...ownFields(record),
    type: record.type,
    audit_id: record.serial,
    words: record.words,
    CommandLine: commandLineOf(record),
    Result: resultOf(record),
    time: isoTime(record.unixMs),
    host: record.node,
  });
}

function fieldsOfEvent(records: readonly AuditRecord[], first: AuditRecord): JsonObject {
  const values = new Map<string, Set<string>>();
  for (const record of records) {
    for (const [name, value] of Object.entries({ ...ownFields(record), type: record.type, words: record.words })) {
      const known = values.get(name);
      if (known === undefined) values.set(name, new Set([value]));
      else known.add(value);
    }
  }
  const merged = [...values].map(([name, all]): [string, JsonValue] => [
    name,
    all.size === 1 ? ([...all][0] ?? '') : [...all],
  ]);
  // The last one is what the call was about; folders on the way to it come before.
  const target = records.findLast(({ type, fields }) => type === 'PATH' && fields.get('nametype') !== 'PARENT');
  return present({
    ...Object.fromEntries(merged),
    audit_id: first.serial,
    target_path: target?.fields.get('name'),
    target_change: target?.fields.get('nametype'),
    CommandLine: ofTypes(records, ['EXECVE', 'PROCTITLE'], commandLineOf),
    Result: records.map((record) => resultOf(record)).find((result) => result !== undefined),
    time: isoTime(first.unixMs),
    host: first.node,
  });
}

function ofTypes(
  records: readonly AuditRecord[],
  types: readonly string[],
  read: (record: AuditRecord) => string | undefined,
): string | undefined {
  for (const wanted of types) {
    const record = records.find(({ type }) => type === wanted);
    if (record !== undefined) return read(record);
  }
  return undefined;
}

function ownFields(record: AuditRecord): Record<string, string> {
  return { ...fieldsOf(record.interpreted), ...fieldsOf(record.message), ...fieldsOf(record.fields) };
}

function resultOf(record: AuditRecord): 'success' | 'failure' | undefined {
  const outcome = record.message.get('res') ?? record.fields.get('success') ?? record.fields.get('res');
  if (outcome === undefined) return undefined;
  return /^(?:success|yes|1)$/.test(outcome) ? 'success' : 'failure';
}

function commandLineOf(record: AuditRecord): string | undefined {
  if (record.type === 'EXECVE') return execveArguments(record).join(' ');
  // The title is what is left of the arguments, with NUL between them.
  return record.type === 'PROCTITLE' ? record.fields.get('proctitle')?.replaceAll('\0', ' ') : undefined;
}
