import { normaliseCloudTrail } from './cloudtrail.ts';
import type { JsonObject, OcsfEvent } from './event.ts';
import { isObject } from './fields.ts';
import { normaliseGeneric, passOcsf } from './generic.ts';
import { jsonFormatOf } from './mapping/record-event.ts';
import type { RecordMapper } from './mapping/record-event.ts';
import { mappedEvent, mappingUsed } from './mapping/mapped-event.ts';
import { normaliseWindows } from './windows.ts';

/**
 * One parsed record as an OCSF 1.8.0 event, with `rawText` whole in `raw_data`. Never throws, whatever the record holds;
 * the mapped part is bounded (each text by 32,768 characters), so the result is at most about twice the raw text. Without a
 * `mapper` only Windows, CloudTrail and OCSF records get a class.
 * `time` is what the source claims, or `receivedAtMs` when it claims nothing plausible: never order or partition by it.
 */
export function normalise(
  record: JsonObject,
  rawText: string,
  context: { readonly receivedAtMs: number; readonly mapper?: RecordMapper | undefined },
): OcsfEvent {
  const event =
    passOcsf(record, rawText) ??
    withMapping('windows', normaliseWindows(record, rawText, context.receivedAtMs)) ??
    withMapping('cloudtrail', normaliseCloudTrail(record, rawText, context.receivedAtMs)) ??
    normaliseMapped(record, rawText, context) ??
    normaliseGeneric(record, rawText, context.receivedAtMs);
  return record['synthetic'] === true ? markSynthetic(event) : event;
}

/** By a mapping of the format the record is told to have, else by one for any JSON. */
function normaliseMapped(
  record: JsonObject,
  rawText: string,
  { receivedAtMs, mapper }: { readonly receivedAtMs: number; readonly mapper?: RecordMapper | undefined },
): OcsfEvent | undefined {
  if (mapper === undefined) return undefined;
  const format = jsonFormatOf(record);
  const mapped = mapper.map(format, record) ?? (format === 'json' ? undefined : mapper.map('json', record));
  return mapped === undefined ? undefined : mappedEvent(mapped, { rawText, receivedAtMs });
}

/** Counted up with every change of meaning, as the version of a declared mapping is. */
const mappingVersions = { windows: 1, cloudtrail: 1 };

/** Names the mappings that are part of the code, with their versions. */
export const builtInMappings = Object.entries(mappingVersions)
  .map(([name, version]) => `${name}@${version}`)
  .join(' ');

function withMapping(name: keyof typeof mappingVersions, event: OcsfEvent | undefined): OcsfEvent | undefined {
  if (event === undefined) return undefined;
  const metadata = { ...event.metadata, transformation_info_list: mappingUsed(name, mappingVersions[name]) };
  return { ...event, metadata };
}

/** Records that say they are made up carry that where people see it. It is the sender's claim: nothing may be let off for it. */
function markSynthetic(event: OcsfEvent): OcsfEvent {
  const { unmapped } = event;
  return { ...event, unmapped: { ...(isObject(unmapped) ? unmapped : {}), synthetic: true } };
}
