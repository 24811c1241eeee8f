import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { withGap } from './watch-gaps.ts';
import type { WatchGap } from './watch-gaps.ts';

/**
 * The time by which sources are listened to: the wall clock as it was at the start, and from then on the monotonic one, so
 * that setting a clock neither silences nor excuses anybody. Knows when this server was not there to hear them.
 */
export type WatchTime = {
  nowMs(): number;
  /** A moment of this time as the wall clock tells it now. */
  toWallMs(ms: number): number;
  readonly gaps: readonly WatchGap[];
  /** To be called again and again, every `tickMs`: notes when it was not. */
  tick(): Promise<void>;
};

export const tickMs = 30_000;
/** Later than this, a tick says that the server slept or was stopped. */
const lateMs = 15_000;
/** What was watched since the last time counts as a gap after a restart, which excuses more silence, never less. */
const keepEveryMs = 120_000;

type WatchTables = { intake_watch: { name: string; document: string } };
const rowName = 'sources';

/** `clock.monotonicMs` has to go on while the machine sleeps. Until the first tick nobody is missed. */
export function createWatchTime(needs: { readonly clock: Clock; readonly database: Database }): WatchTime {
  const { clock } = needs;
  const database = needs.database.withTables<WatchTables>();
  const offsetMs = clock.nowMs() - clock.monotonicMs();
  const nowMs = (): number => offsetMs + clock.monotonicMs();
  let gaps: readonly WatchGap[] = [{ fromMs: 0, toMs: nowMs() }];
  let watchedMs: number | undefined;
  let keptMs: number | undefined;

  async function load(): Promise<void> {
    const row = await database
      .selectFrom('intake_watch')
      .select('document')
      .where('name', '=', rowName)
      .executeTakeFirst();
    const kept = readDocument(row?.document ?? null);
    const [{ toMs: startedMs } = { toMs: nowMs() }] = gaps;
    if (kept === undefined) return;
    // A clock that was set back since leaves a gap that ends before it begins: it ends now all the same.
    gaps = withGap(kept.gaps, { fromMs: Math.min(kept.watchedMs, startedMs), toMs: startedMs });
  }

  return {
    nowMs,
    toWallMs: (ms) => Math.round(ms + clock.nowMs() - nowMs()),
    get gaps() {
      return gaps;
    },
    async tick() {
      if (watchedMs === undefined) await load();
      const now = nowMs();
      const wasLate = watchedMs !== undefined && now - watchedMs > tickMs + lateMs;
      if (watchedMs !== undefined && wasLate) gaps = withGap(gaps, { fromMs: watchedMs, toMs: now });
      watchedMs = now;
      if (!wasLate && keptMs !== undefined && now - keptMs < keepEveryMs) return;
      keptMs = now;
      const document = JSON.stringify({ watched_ms: now, gaps: gaps.map(({ fromMs, toMs }) => [fromMs, toMs]) });
      await database
        .insertInto('intake_watch')
        .values({ name: rowName, document })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ document }))
        .execute();
    },
  };
}

function readDocument(text: string | null): { watchedMs: number; gaps: readonly WatchGap[] } | undefined {
  let value: JsonValue = null;
  try {
    value = parseJson(text ?? 'null');
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { watched_ms: watchedMs, gaps } = value;
  if (typeof watchedMs !== 'number') return undefined;
  const pairs: readonly JsonValue[] = Array.isArray(gaps) ? gaps : [];
  return { watchedMs, gaps: pairs.flatMap((pair) => gapOf(pair) ?? []) };
}

function gapOf(pair: JsonValue): WatchGap | undefined {
  const times: readonly JsonValue[] = Array.isArray(pair) ? pair : [];
  const [fromMs, toMs] = times;
  return typeof fromMs === 'number' && typeof toMs === 'number' ? { fromMs, toMs } : undefined;
}
