import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

export type BeatCollector = {
  readonly name: string;
  readonly records: number;
  readonly failures: number;
  readonly lastReadMs: number | undefined;
  readonly problem: string;
};

/** A heartbeat as numbers. What is missing, or is none, counts as nothing: the signature says who is to blame for that. */
export type Beat = {
  /** When the process began, by the sensor's clock; names its run. */
  readonly started: string;
  readonly beat: number;
  readonly skipped: number;
  readonly previous: string;
  readonly sent: number;
  readonly waiting: number;
  readonly spoolBytes: number;
  readonly lost: number;
  readonly lostBeats: number;
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly slowFactor: number;
  readonly clockOffsetMs: number | undefined;
  readonly bootId: string;
  readonly collectors: readonly BeatCollector[];
};

const maxCollectors = 32;
const maxClockOffsetMs = 1e12;
const maxTextCharacters = 500;

export function readBeat(line: JsonObject): Beat {
  const lost = isJsonObject(line['lost']) ? line['lost'] : {};
  const offset = line['clock_offset_ms'];
  return {
    started: textOf(line['started']).slice(0, 40),
    beat: countOf(line['beat']),
    skipped: countOf(line['beats_skipped']),
    previous: textOf(line['previous']).slice(0, 64),
    sent: countOf(line['sent']),
    waiting: countOf(line['waiting']),
    spoolBytes: countOf(line['spool_bytes']),
    lost: Object.values(lost).reduce<number>((sum, count) => sum + countOf(count), 0),
    lostBeats: countOf(lost['heartbeat']),
    cpuPercent: numberOf(line['cpu_percent']),
    rssBytes: countOf(line['rss_bytes']),
    slowFactor: Math.max(1, numberOf(line['slow_factor'])),
    clockOffsetMs: typeof offset === 'number' && Math.abs(offset) < maxClockOffsetMs ? Math.round(offset) : undefined,
    bootId: textOf(line['boot_id']).slice(0, 64),
    collectors: collectorsOf(line['collectors']),
  };
}

/** Where the record stands among all that the sensor collected; undefined when it does not say. */
export function orderOf(line: JsonObject): number | undefined {
  const order = line['collected'];
  return typeof order === 'number' && Number.isSafeInteger(order) && order >= 0 ? order : undefined;
}

/** A text of a sensor, short enough to be kept. */
export function shortText(value: JsonValue | undefined): string {
  return textOf(value).slice(0, maxTextCharacters).toWellFormed();
}

/** Empty for what names no collector. */
export function collectorName(value: JsonValue | undefined): string {
  const name = textOf(value);
  return /^[a-z][a-z0-9-]{0,31}$/i.test(name) ? name : '';
}

export function countOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;
}

function collectorsOf(value: JsonValue | undefined): BeatCollector[] {
  const listed: readonly unknown[] = Array.isArray(value) ? value.slice(0, maxCollectors) : [];
  const found = new Map<string, BeatCollector>();
  for (const one of listed) {
    if (!isJsonObject(one)) continue;
    const name = collectorName(one['name']);
    const lastReadMs = Date.parse(textOf(one['last_read']));
    if (name === '') continue;
    found.set(name, {
      name,
      records: countOf(one['records']),
      failures: countOf(one['failures']),
      lastReadMs: Number.isFinite(lastReadMs) ? lastReadMs : undefined,
      problem: shortText(one['problem']),
    });
  }
  return [...found.values()];
}
