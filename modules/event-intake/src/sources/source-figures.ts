import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { BatchSummary } from './batch-summary.ts';
import { createLagSketch } from './lag-sketch.ts';
import type { Lag } from './lag-sketch.ts';
import { createMinuteRing } from './minute-ring.ts';
import type { MinuteFigures } from './minute-ring.ts';

/** Since the source was registered, as far as it was kept. */
export type SourceTotals = {
  readonly accepted: number;
  readonly bytes: number;
  /** Events by why they were kept raw. */
  readonly keptRaw: ReadonlyMap<string, number>;
  /** Requests by the code of their refusal. */
  readonly refused: ReadonlyMap<string, number>;
  /** Events by what they turned out to be. */
  readonly formats: ReadonlyMap<string, number>;
};

export type Refusal = { readonly code: string; readonly message: string };

export type Received = {
  readonly accepted: number;
  readonly bytes: number;
  readonly keptRaw: ReadonlyMap<string, number>;
  readonly summary: BatchSummary;
};

/** What one source sent, in bounded memory whatever it sends. */
export type SourceFigures = {
  receive(received: Received): void;
  refuse(refusal: Refusal): void;
  readonly totals: SourceTotals;
  /** Since the server started. */
  readonly lastSeenMs: number | undefined;
  readonly lastRefusal: (Refusal & { readonly atMs: number }) | undefined;
  readonly perSecond: number;
  readonly lag: Lag | undefined;
  readonly minutes: readonly MinuteFigures[];
  /** Bytes since midnight, UTC. */
  readonly bytesToday: number;
  /** As `createSourceFigures` takes it. */
  keep(): string;
};

/** Different names counted by themselves; what comes beyond is `other`. */
const maxNames = 64;
const maxMessageCharacters = 300;
const dayMs = 86_400_000;

/** `kept` is what an earlier run left; what is none of ours begins anew. */
export function createSourceFigures(clock: Clock, kept: string | null): SourceFigures {
  const before = readKept(kept);
  const minutes = createMinuteRing();
  const lags = createLagSketch();
  let { accepted, bytes, day, dayBytes } = before;
  const { keptRaw, refused, formats } = before;
  let lastSeenMs: number | undefined;
  let lastRefusal: SourceFigures['lastRefusal'];

  const turnDay = (): void => {
    const today = Math.floor(clock.nowMs() / dayMs);
    if (today === day) return;
    day = today;
    dayBytes = 0;
  };

  return {
    receive(received) {
      const nowMs = clock.nowMs();
      turnDay();
      accepted += received.accepted;
      bytes += received.bytes;
      dayBytes += received.bytes;
      let raw = 0;
      for (const [reason, count] of received.keptRaw) {
        add(keptRaw, reason, count);
        raw += count;
      }
      for (const [format, count] of Object.entries(received.summary.formats)) add(formats, format, count);
      lags.add(received.summary.lags, clock.monotonicMs());
      minutes.add({ accepted: received.accepted, bytes: received.bytes, keptRaw: raw }, nowMs);
      if (received.accepted > 0) lastSeenMs = nowMs;
    },
    refuse({ code, message }) {
      const nowMs = clock.nowMs();
      add(refused, code, 1);
      lastRefusal = { code, message: message.slice(0, maxMessageCharacters), atMs: nowMs };
      minutes.add({ refused: 1 }, nowMs);
    },
    get totals() {
      return { accepted, bytes, keptRaw, refused, formats };
    },
    get lastSeenMs() {
      return lastSeenMs;
    },
    get lastRefusal() {
      return lastRefusal;
    },
    get perSecond() {
      return minutes.perSecond(clock.nowMs());
    },
    get lag() {
      return lags.read(clock.monotonicMs());
    },
    get minutes() {
      return minutes.read(clock.nowMs());
    },
    get bytesToday() {
      turnDay();
      return dayBytes;
    },
    keep: () =>
      JSON.stringify({
        accepted,
        bytes,
        day,
        dayBytes,
        keptRaw: Object.fromEntries(keptRaw),
        refused: Object.fromEntries(refused),
        formats: Object.fromEntries(formats),
      }),
  };
}

function add(counts: Map<string, number>, name: string, count: number): void {
  const counted = counts.has(name) || counts.size < maxNames ? name : 'other';
  counts.set(counted, (counts.get(counted) ?? 0) + count);
}

function readKept(text: string | null): {
  readonly accepted: number;
  readonly bytes: number;
  readonly day: number;
  readonly dayBytes: number;
  readonly keptRaw: Map<string, number>;
  readonly refused: Map<string, number>;
  readonly formats: Map<string, number>;
} {
  let value: JsonValue = null;
  try {
    value = parseJson(text ?? 'null');
  } catch {
    // A damaged row begins anew.
  }
  const found = isJsonObject(value) ? value : {};
  return {
    accepted: countIn(found['accepted']) ?? 0,
    bytes: countIn(found['bytes']) ?? 0,
    day: countIn(found['day']) ?? 0,
    dayBytes: countIn(found['dayBytes']) ?? 0,
    keptRaw: countsIn(found['keptRaw']),
    refused: countsIn(found['refused']),
    formats: countsIn(found['formats']),
  };
}

function countIn(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function countsIn(value: JsonValue | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [name, entry] of Object.entries(isJsonObject(value) ? value : {}).slice(0, maxNames)) {
    const count = countIn(entry);
    if (count !== undefined) counts.set(name, count);
  }
  return counts;
}
