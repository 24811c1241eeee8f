import type { Request } from '../../api/call.ts';
import type { SourceDetails } from './source-queries.ts';

/** What stands in the form, as text. */
export type SettingsDraft = {
  readonly label: string;
  readonly site: string;
  readonly expected: SourceDetails['expected'];
  readonly quietMinutes: string;
  readonly eventsPerSecond: string;
  readonly megabytesPerDay: string;
};

type Change = Request<'PUT /v1/sources/{key_id}/{name}'>['body'];
type Known = Pick<SourceDetails, 'label' | 'site' | 'expected' | 'quiet_after_ms' | 'limits'>;

const minuteMs = 60_000;
const megabyte = 1_000_000;

export function settingsDraft({ label, site, expected, quiet_after_ms: quietAfterMs, limits }: Known): SettingsDraft {
  return {
    label: label ?? '',
    site: site ?? '',
    expected,
    quietMinutes: quietAfterMs === undefined ? '' : String(Math.round(quietAfterMs / minuteMs)),
    eventsPerSecond: String(limits.events_per_second),
    megabytesPerDay: String(Math.max(1, Math.round(limits.bytes_per_day / megabyte))),
  };
}

/**
 * What of the form is not as it was. Undefined when a number is none. An empty field takes back what was chosen; what is left
 * out stays, since the form rounds.
 */
export function readSettings(draft: SettingsDraft, before: SettingsDraft): Change | undefined {
  const [quiet, events, megabytes] = [draft.quietMinutes, draft.eventsPerSecond, draft.megabytesPerDay].map(
    wholeOrNone,
  );
  if (quiet === undefined || events === undefined || megabytes === undefined) return undefined;
  const isNew = (name: keyof SettingsDraft): boolean => draft[name].trim() !== before[name];
  return {
    ...(isNew('label') ? { label: draft.label.trim() === '' ? null : draft.label.trim() } : {}),
    ...(isNew('site') ? { site: draft.site.trim() === '' ? null : draft.site.trim() } : {}),
    ...(isNew('expected') ? { expected: draft.expected } : {}),
    ...(isNew('quietMinutes') ? { quiet_after_ms: quiet === null ? null : quiet * minuteMs } : {}),
    ...(isNew('eventsPerSecond') ? { events_per_second: events } : {}),
    ...(isNew('megabytesPerDay') ? { bytes_per_day: megabytes === null ? null : megabytes * megabyte } : {}),
  };
}

function wholeOrNone(text: string): number | null | undefined {
  const plain = text.replaceAll(/[\s,’']/g, '');
  if (plain === '') return null;
  return /^[1-9]\d{0,9}$/.test(plain) ? Number(plain) : undefined;
}
