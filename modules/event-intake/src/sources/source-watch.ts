import { setImmediate } from 'node:timers/promises';
import type { AuditEvent, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { HeldSources } from './held-sources.ts';
import { createSilencePlanner } from './silence-plan.ts';
import { formatAlarm, parseAlarm } from './source-alarms.ts';
import type { SilenceAlarm } from './source-alarms.ts';
import {
  heardAgainEvent,
  limitedEvent,
  manyEvent,
  manyThinnedEvent,
  recoveredEvent,
  silentEvent,
  thinnedEvent,
} from './source-events.ts';
import type { NamedSource, SilentSource } from './source-events.ts';
import type { Expectation } from './source-settings.ts';
import { statusOf } from './source-status.ts';
import type { SourceRow, SourceTables } from './source-table.ts';
import type { Thinned } from './volume-floor.ts';
import type { WatchTime } from './watch-time.ts';

/** What became of a source since the last look. */
type Verdict = SilentSource & { readonly expected: Expectation; readonly alarm: SilenceAlarm | undefined };
type Judged =
  | { readonly state: string; readonly kind?: undefined }
  | { readonly state: string; readonly kind: 'silent' | 'heard' | 'dropped'; readonly source: Verdict };

const pageSize = 500;
const mostTogether = 10;
/** Told in one look; the rest at the next. */
const mostLimited = 100;

/**
 * Looks after all sources: to be called every `tickMs`. The silence of each is told once, and once that it was heard again;
 * what is told and that it was told are one transaction.
 */
export function createSourceWatch(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly watch: WatchTime;
  readonly held: HeldSources;
}): { look(): Promise<void>; states(): ReadonlyMap<string, number> } {
  const { clock, held, outbox, watch } = needs;
  const database = needs.database.withTables<SourceTables>();
  let states: ReadonlyMap<string, number> = new Map();
  let looking: Promise<void> | undefined;
  const plan = createSilencePlanner(() => clock.monotonicMs());

  function judge(row: SourceRow): Judged {
    const source = held.find(row.key_id, row.name);
    const alarm = source === undefined ? parseAlarm(row.alarms) : source.alarm;
    const { standing, settings, figures, lastHeardMs = row.created_at_ms } = statusOf(row, source, { clock, watch });
    const verdict = (sinceMs: number, told: SilenceAlarm | undefined): Verdict => ({
      keyId: row.key_id,
      name: row.name,
      label: settings.label,
      expected: settings.expected,
      sinceMs,
      alarm: told,
    });
    const { state } = standing;
    if (alarm !== undefined && figures.totals.accepted > alarm.accepted)
      return { state, kind: 'heard', source: verdict(alarm.sinceMs, undefined) };
    if (alarm !== undefined)
      return settings.expected === 'never'
        ? { state, kind: 'dropped', source: verdict(alarm.sinceMs, undefined) }
        : { state };
    if (state !== 'silent') return { state };
    return {
      state,
      kind: 'silent',
      source: verdict(lastHeardMs, { accepted: figures.totals.accepted, sinceMs: lastHeardMs }),
    };
  }

  async function judgeAll(): Promise<{ silent: Verdict[]; heard: Verdict[]; dropped: Verdict[] }> {
    const found: { silent: Verdict[]; heard: Verdict[]; dropped: Verdict[] } = { silent: [], heard: [], dropped: [] };
    const counted = new Map<string, number>();
    let after: { readonly key_id: string; readonly name: string } | undefined;
    for (;;) {
      let query = database.selectFrom('intake_sources').selectAll().orderBy('key_id').orderBy('name').limit(pageSize);
      const last = after;
      if (last !== undefined) {
        query = query.where((where) =>
          where.or([
            where('key_id', '>', last.key_id),
            where.and([where('key_id', '=', last.key_id), where('name', '>', last.name)]),
          ]),
        );
      }
      const rows = await query.execute();
      for (const row of rows) {
        const judged = judge(row);
        counted.set(judged.state, (counted.get(judged.state) ?? 0) + 1);
        if (judged.kind !== undefined) found[judged.kind].push(judged.source);
      }
      after = rows.at(-1);
      // Who sends meanwhile has a turn between two pages.
      await setImmediate();
      if (rows.length < pageSize) {
        states = counted;
        return found;
      }
    }
  }

  async function record(changed: readonly Verdict[], events: readonly AuditEvent[]): Promise<void> {
    if (changed.length === 0 && events.length === 0) return;
    await needs.database.transaction().execute(async (transaction) => {
      const tables = transaction.withTables<SourceTables>();
      for (const { keyId, name, alarm } of changed) {
        await tables
          .updateTable('intake_sources')
          .set({ alarms: alarm === undefined ? null : formatAlarm(alarm) })
          .where('key_id', '=', keyId)
          .where('name', '=', name)
          .execute();
      }
      for (const event of events) await outbox.record(transaction, event);
    });
    for (const { keyId, name, alarm } of changed) {
      const source = held.find(keyId, name);
      if (source !== undefined) source.alarm = alarm;
    }
    await outbox.flushed();
  }

  /** What sources that are sending have to say of themselves. */
  function eventsOfHeld(nowMs: number): AuditEvent[] {
    const events: AuditEvent[] = [];
    const thinned: (NamedSource & Thinned)[] = [];
    const recovered: NamedSource[] = [];
    let limited = 0;
    for (const source of held.all()) {
      const named = { keyId: source.keyId, name: source.name, label: source.settings.label };
      const volume = source.volume.roll(watch.nowMs(), watch.gaps);
      if (volume !== undefined && source.settings.expected !== 'never') {
        if (volume.kind === 'thinned') thinned.push({ ...named, ...volume });
        else recovered.push(named);
      }
      const refused = limited < mostLimited ? source.limits.takeRefusals() : undefined;
      if (refused === undefined) continue;
      limited += 1;
      events.push(limitedEvent(nowMs, named, refused));
    }
    if (thinned.length > mostTogether) events.push(manyThinnedEvent(nowMs, 'sources.thinned', thinned));
    else events.push(...thinned.map((source) => thinnedEvent(nowMs, source, source)));
    if (recovered.length > mostTogether) events.push(manyThinnedEvent(nowMs, 'sources.recovered', recovered));
    else events.push(...recovered.map((source) => recoveredEvent(nowMs, source)));
    return events;
  }

  async function lookNow(): Promise<void> {
    await watch.tick();
    await held.keepDue();
    const nowMs = clock.nowMs();
    const { silent, heard, dropped } = await judgeAll();
    const { alone, together } = plan(silent);
    const events = alone.map((source) => silentEvent(nowMs, source));
    if (together.length > 0) events.push(manyEvent(nowMs, 'sources.silent', together));
    if (heard.length > mostTogether) events.push(manyEvent(nowMs, 'sources.heard-again', heard));
    else events.push(...heard.map((source) => heardAgainEvent(nowMs, source)));
    await record([...silent, ...heard, ...dropped], [...events, ...eventsOfHeld(nowMs)]);
  }

  return {
    // One at a time: two would tell the same silence twice.
    look() {
      looking ??= lookNow().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    states: () => states,
  };
}
