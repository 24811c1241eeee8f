/** Any value JSON can hold, as `JSON.parse` gives it. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

/** An OCSF 1.8.0 event (https://schema.ocsf.io/1.8.0). */
export type OcsfEvent = JsonObject & {
  readonly class_uid: number;
  readonly category_uid: number;
  readonly type_uid: number;
  readonly activity_id: number;
  readonly severity_id: number;
  /** Milliseconds since 1970, as claimed by the source; untrusted. */
  readonly time: number;
  readonly metadata: JsonObject;
  /** The original text exactly as received. */
  readonly raw_data?: string;
};

/** The schema version every event is labelled with. */
export const ocsfVersion = '1.8.0';

/** Text copied out of a record into a mapped field is cut here; `raw_data` always holds the whole. */
export const maxFieldCharacters = 32_768;

/** Says in the metadata that a mapped field may have been cut: only a longer text can hold one that long. */
export function mayBeCut(rawText: string): true | undefined {
  return rawText.length > maxFieldCharacters ? true : undefined;
}

/** The entries that have a value, or undefined when none has: OCSF objects are left out rather than empty. */
export function defined(entries: Readonly<Record<string, JsonValue | undefined>>): JsonObject | undefined {
  const kept: Record<string, JsonValue> = {};
  let isEmpty = true;
  for (const name in entries) {
    const value = entries[name];
    if (value === undefined) continue;
    kept[name] = value;
    isEmpty = false;
  }
  return isEmpty ? undefined : kept;
}

/** The class-specific part of an event, before time, metadata and raw text are known. */
export type ClassifiedEvent = {
  readonly classUid: number;
  readonly activityId: number;
  readonly attributes: Readonly<Record<string, JsonValue | undefined>>;
};

/** Extension classes are numbered extension × 100000 + category × 1000 + class. */
export function categoryOf(classUid: number): number {
  return Math.floor((classUid % 100_000) / 1000);
}

const windowsExtension = { name: 'win', uid: '2', version: ocsfVersion };

/** Puts an event together; ids that follow from class and activity are derived here and nowhere else. */
export function assembleEvent(
  classified: ClassifiedEvent,
  context: {
    readonly time: number;
    readonly severityId?: number;
    readonly metadata: Readonly<Record<string, JsonValue | undefined>>;
    readonly rawText: string;
  },
): OcsfEvent {
  const { classUid, activityId } = classified;
  const metadata = {
    ...defined(context.metadata),
    version: ocsfVersion,
    ...(classUid > 200_000 ? { extensions: [windowsExtension] } : {}),
  };
  return {
    ...defined(classified.attributes),
    class_uid: classUid,
    category_uid: categoryOf(classUid),
    activity_id: activityId,
    type_uid: classUid * 100 + activityId,
    severity_id: context.severityId ?? 1,
    time: context.time,
    metadata,
    raw_data: context.rawText,
  };
}
