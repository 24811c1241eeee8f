import { defined } from './event.ts';
import type { ClassifiedEvent, JsonObject, JsonValue } from './event.ts';
import { asText } from './fields.ts';
import type { WindowsRecord } from './windows-record.ts';

type Attributes = Readonly<Record<string, JsonValue | undefined>>;

/** Turns a record into its class; undefined when the record lacks what the class requires, and it stays a base event. */
export type Mapping = (record: WindowsRecord) => ClassifiedEvent | undefined;

/** Class and activity known beforehand; `required` names the attributes without which there is no such event. */
export function maps(
  classUid: number,
  activityId: number,
  required: readonly string[],
  attributes: (record: WindowsRecord) => Attributes,
): Mapping {
  return (record) => {
    const found = attributes(record);
    return required.every((name) => found[name] !== undefined)
      ? { classUid, activityId, attributes: found }
      : undefined;
  };
}

/** Who acted; the logging provider itself when the record names no process and no user. */
export function actor(
  record: WindowsRecord,
  parts: { process?: JsonObject | undefined; user?: JsonObject | undefined },
): JsonObject {
  return defined(parts) ?? { app_name: record.provider ?? 'Windows' };
}

/** One end of a connection, or undefined when nothing names it: a port alone names nobody. */
export function endpoint(parts: {
  ip?: string | undefined;
  port?: number | undefined;
  hostname?: string | undefined;
}): JsonObject | undefined {
  return parts.ip === undefined && parts.hostname === undefined ? undefined : defined(parts);
}

/** Text in upper or lower case `true`. */
export function isTrue(value: JsonValue | undefined): boolean | undefined {
  const written = asText(value)?.toLowerCase();
  return written === 'true' ? true : written === 'false' ? false : undefined;
}
