import { assembleEvent, mayBeCut } from '../event.ts';
import type { JsonObject, JsonValue, OcsfEvent } from '../event.ts';
import type { MappedRecord, Mapping } from './compile-mapping.ts';

/** By what a record became an event, where OCSF has it. */
export function mappingUsed(name: string, version: number): JsonObject[] {
  return [{ name, uid: `${name}@${version}` }];
}

/**
 * A mapped record as an OCSF event. `unmapped.sallyport` says by which mapping and where rules look for it; a record that a
 * text parser made (`parsed`) is kept beside it, as rules cannot read it out of the original text again.
 */
export function mappedEvent(
  mapped: MappedRecord & { readonly mapping: Mapping },
  source: { readonly rawText: string; readonly receivedAtMs: number; readonly parsed?: JsonObject },
): OcsfEvent {
  const { mapping, attributes, metadata } = mapped;
  const { product, category, service } = mapping.sigma;
  const logSource: Record<string, JsonValue> = {
    ...(product !== undefined && { product }),
    ...(category !== undefined && { category }),
    ...(service !== undefined && { service }),
  };
  const event = assembleEvent(
    { classUid: mapped.classUid, activityId: mapped.activityId, attributes },
    {
      time: mapped.timeMs ?? source.receivedAtMs,
      severityId: mapped.severityId ?? 1,
      rawText: source.rawText,
      metadata: {
        log_format: mapping.format,
        ...metadata,
        ...(attributes['device'] !== undefined && metadata['profiles'] === undefined && { profiles: ['host'] }),
        is_truncated: mayBeCut(source.rawText),
        transformation_info_list: mappingUsed(mapping.name, mapping.version),
      },
    },
  );
  return {
    ...event,
    unmapped: {
      ...(source.parsed !== undefined && { record: source.parsed }),
      sallyport: { mapping: `${mapping.name}@${mapping.version}`, log_source: logSource },
    },
  };
}
