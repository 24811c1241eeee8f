import { lagBucket } from './lag-sketch.ts';
import type { LagCounts } from './lag-sketch.ts';

/** What the thread saw of a batch, for the figures of its source: a few numbers a batch, whatever its length. */
export type BatchSummary = {
  /** Events read, by what they turned out to be; those kept raw are in none. */
  readonly formats: Readonly<Record<string, number>>;
  /** Of events that said when they happened. */
  readonly lags: LagCounts;
};

export const emptySummary: BatchSummary = { formats: {}, lags: [] };

export type SummaryBuilder = {
  /** `timeMs` is what the event claims, or the time it was received when it claims none. */
  add(format: string, timeMs: number): void;
  finish(): BatchSummary;
};

export function createSummaryBuilder(receivedAtMs: number): SummaryBuilder {
  const formats = new Map<string, number>();
  const lags = new Map<number, number>();
  // Most batches are of one format: its count is kept aside.
  let lastFormat = '';
  let lastCount = 0;

  const settle = (): void => {
    if (lastCount > 0) formats.set(lastFormat, (formats.get(lastFormat) ?? 0) + lastCount);
    lastCount = 0;
  };

  return {
    add(format, timeMs) {
      if (format !== lastFormat) {
        settle();
        lastFormat = format;
      }
      lastCount += 1;
      const lagMs = receivedAtMs - timeMs;
      if (lagMs === 0) return;
      const bucket = lagBucket(lagMs);
      lags.set(bucket, (lags.get(bucket) ?? 0) + 1);
    },
    finish() {
      settle();
      return { formats: Object.fromEntries(formats), lags: [...lags].flat() };
    },
  };
}

/** No longer than one of them, however many they are. */
export function joinSummaries(summaries: readonly BatchSummary[]): BatchSummary {
  const formats = new Map<string, number>();
  const lags = new Map<number, number>();
  for (const summary of summaries) {
    for (const [format, count] of Object.entries(summary.formats))
      formats.set(format, (formats.get(format) ?? 0) + count);
    for (let at = 0; at + 1 < summary.lags.length; at += 2) {
      const bucket = summary.lags[at] ?? 0;
      lags.set(bucket, (lags.get(bucket) ?? 0) + (summary.lags[at + 1] ?? 0));
    }
  }
  return { formats: Object.fromEntries(formats), lags: [...lags].flat() };
}
