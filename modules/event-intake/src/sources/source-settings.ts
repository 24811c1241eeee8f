import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** Whether silence of a source matters: by its own rhythm, always, or never. */
export const expectations = ['auto', 'always', 'never'] as const;
export type Expectation = (typeof expectations)[number];

/** What people chose for a source. */
export type SourceSettings = {
  /** What a person calls it. */
  readonly label?: string;
  /** Where it stands, as people call the place: stamped on each of its events. */
  readonly site?: string;
  readonly expected: Expectation;
  /** A pause this long matters: with `always` in any case, with `auto` where its rhythm would not allow a longer one. */
  readonly quietAfterMs?: number;
  readonly eventsPerSecond: number;
  readonly bytesPerDay: number;
};

/** More than one server takes in: who wants less for a source says so. */
const defaultSettings: SourceSettings = {
  expected: 'auto',
  eventsPerSecond: 50_000,
  bytesPerDay: 1024 ** 4,
};

/** Null takes back what was chosen; what is left out stays. */
export type SettingsChange = {
  readonly label?: string | null | undefined;
  readonly site?: string | null | undefined;
  readonly expected?: Expectation | undefined;
  readonly quietAfterMs?: number | null | undefined;
  readonly eventsPerSecond?: number | null | undefined;
  readonly bytesPerDay?: number | null | undefined;
};

export function changedSettings(before: SourceSettings, change: SettingsChange): SourceSettings {
  const label = change.label === undefined ? before.label : (change.label ?? undefined);
  const site =
    change.site === undefined ? before.site : change.site === null || change.site === '' ? undefined : change.site;
  const quietAfterMs = change.quietAfterMs === undefined ? before.quietAfterMs : (change.quietAfterMs ?? undefined);
  const chosen = (name: 'eventsPerSecond' | 'bytesPerDay'): number => {
    const wanted = change[name];
    return wanted === undefined ? before[name] : (wanted ?? defaultSettings[name]);
  };
  return {
    ...(label !== undefined && { label }),
    ...(site !== undefined && { site }),
    expected: change.expected ?? before.expected,
    ...(quietAfterMs !== undefined && { quietAfterMs }),
    eventsPerSecond: chosen('eventsPerSecond'),
    bytesPerDay: chosen('bytesPerDay'),
  };
}

/** As it is kept, and told in the audit event. */
export function settingsDocument(settings: SourceSettings): JsonObject {
  const { label, site, expected, quietAfterMs, eventsPerSecond, bytesPerDay } = settings;
  return {
    ...(label !== undefined && { label }),
    ...(site !== undefined && { site }),
    expected,
    ...(quietAfterMs !== undefined && { quiet_after_ms: quietAfterMs }),
    events_per_second: eventsPerSecond,
    bytes_per_day: bytesPerDay,
  };
}

/** What is damaged falls back to its default. */
export function parseSettings(text: string | null): SourceSettings {
  let value: JsonValue = null;
  try {
    value = parseJson(text ?? 'null');
  } catch {
    return defaultSettings;
  }
  if (!isJsonObject(value)) return defaultSettings;
  const { label, site, expected, quiet_after_ms: quiet, events_per_second: events, bytes_per_day: bytes } = value;
  const isCount = (given: JsonValue | undefined): given is number => typeof given === 'number' && given >= 1;
  return {
    ...(typeof label === 'string' && { label }),
    ...(typeof site === 'string' && { site }),
    expected: expectations.find((one) => one === expected) ?? defaultSettings.expected,
    ...(isCount(quiet) && { quietAfterMs: quiet }),
    eventsPerSecond: isCount(events) ? events : defaultSettings.eventsPerSecond,
    bytesPerDay: isCount(bytes) ? bytes : defaultSettings.bytesPerDay,
  };
}
