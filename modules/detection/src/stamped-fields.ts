import type { JsonObject } from '@sallyport/contracts';
import { sigmaEventOf } from '@sallyport/sigma-rules';
import type { FieldValue, SigmaEvent } from '@sallyport/sigma-rules';
import { siteOf } from './event-entities.ts';

const prefix = 'sallyport.';

/**
 * Fields that every event has for rules, whatever its record looks like, and that no record can claim: where it comes from
 * (`sallyport.site`) and what it became (`sallyport.class_uid`, `sallyport.activity_id`, `sallyport.status_id`, as in OCSF).
 * A record's own fields of these names are not seen.
 */
export function withStampedFields(view: SigmaEvent, event: JsonObject): SigmaEvent {
  let stamped: SigmaEvent | undefined;
  const valuesOf = (field: string): readonly FieldValue[] | undefined => {
    if (!field.startsWith(prefix)) return view.valuesOf(field);
    const site = siteOf(event);
    stamped ??= sigmaEventOf({
      sallyport: {
        ...(site !== undefined && { site }),
        ...scalarOf(event, 'class_uid'),
        ...scalarOf(event, 'activity_id'),
        ...scalarOf(event, 'status_id'),
      },
    });
    return stamped.valuesOf(field);
  };
  return { ...view, valuesOf };
}

function scalarOf(event: JsonObject, name: string): JsonObject {
  const value = event[name];
  return typeof value === 'number' ? { [name]: value } : {};
}
