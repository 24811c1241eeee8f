import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import { parseAlarm } from './source-alarms.ts';
import type { SilenceAlarm } from './source-alarms.ts';
import { createSourceFigures } from './source-figures.ts';
import type { SourceFigures } from './source-figures.ts';
import { createSourceLimits } from './source-limits.ts';
import type { SourceLimits } from './source-limits.ts';
import { formatRhythm, parseRhythm } from './source-rhythm.ts';
import type { SourceRhythm } from './source-rhythm.ts';
import { parseSettings } from './source-settings.ts';
import type { SourceSettings } from './source-settings.ts';
import type { SourceRow, SourceTables } from './source-table.ts';
import { createVolumeFloor } from './volume-floor.ts';
import type { VolumeFloor } from './volume-floor.ts';
import type { WatchTime } from './watch-time.ts';

/** A source in memory. */
export type HeldSource = {
  readonly keyId: string;
  readonly name: string;
  readonly figures: SourceFigures;
  readonly limits: SourceLimits;
  settings: SourceSettings;
  rhythm: SourceRhythm | undefined;
  readonly volume: VolumeFloor;
  alarm: SilenceAlarm | undefined;
  /** Monotonic; of this run. */
  usedAtMs: number;
  keptAtMs: number;
  isChanged: boolean;
};

/**
 * The sources that sent lately, so many at most: those used longest ago are kept in the database and forgotten, but for those
 * whose requests may still be under way.
 */
export type HeldSources = {
  find(keyId: string, name: string): HeldSource | undefined;
  /** The same for a request that begins now. */
  use(keyId: string, name: string): HeldSource | undefined;
  hold(row: SourceRow): Promise<HeldSource>;
  /** Writes down what was counted, at most once a minute for each source. For the one that `find` gives, or that was forgotten since. */
  keep(source: HeldSource): Promise<void>;
  /** Writes down what was counted more than a minute ago. */
  keepDue(): Promise<void>;
  keepAll(): Promise<void>;
  all(): Iterable<HeldSource>;
  applySettings(source: HeldSource, row: SourceRow): void;
};

const keepEveryMs = 60_000;
/** No request takes longer. */
const underWayMs = 600_000;

export function createHeldSources(needs: {
  readonly database: Database;
  readonly clock: Clock;
  readonly watch: WatchTime;
  readonly maxSources: number;
}): HeldSources {
  const { clock, watch } = needs;
  const database = needs.database.withTables<SourceTables>();
  // The one used longest ago comes first.
  const held = new Map<string, HeldSource>();

  function touch(source: HeldSource): void {
    const key = `${source.keyId}/${source.name}`;
    source.usedAtMs = clock.monotonicMs();
    held.delete(key);
    held.set(key, source);
  }

  async function write(source: HeldSource): Promise<void> {
    source.keptAtMs = clock.monotonicMs();
    source.isChanged = false;
    const { rhythm } = source;
    await database
      .updateTable('intake_sources')
      .set({
        rhythm: rhythm === undefined ? null : formatRhythm(rhythm),
        figures: source.figures.keep(),
        volume: JSON.stringify(source.volume.keep()),
      })
      .where('key_id', '=', source.keyId)
      .where('name', '=', source.name)
      .execute();
  }

  async function makeRoom(): Promise<void> {
    for (const [key, source] of held) {
      if (held.size <= needs.maxSources || clock.monotonicMs() - source.usedAtMs < underWayMs) return;
      held.delete(key);
      if (source.isChanged) await write(source);
    }
  }

  return {
    find: (keyId, name) => held.get(`${keyId}/${name}`),
    use(keyId, name) {
      const source = held.get(`${keyId}/${name}`);
      if (source !== undefined) touch(source);
      return source;
    },
    async hold(row) {
      const figures = createSourceFigures(clock, row.figures);
      const settings = parseSettings(row.settings);
      const source: HeldSource = {
        keyId: row.key_id,
        name: row.name,
        figures,
        limits: createSourceLimits({ name: row.name, clock, figures, settings }),
        settings,
        rhythm: rhythmOf(row, watch),
        volume: createVolumeFloor(row.volume),
        alarm: parseAlarm(row.alarms),
        usedAtMs: clock.monotonicMs(),
        keptAtMs: clock.monotonicMs() - keepEveryMs,
        isChanged: false,
      };
      held.set(`${row.key_id}/${row.name}`, source);
      await makeRoom();
      return source;
    },
    async keep(source) {
      source.isChanged = true;
      touch(source);
      if (clock.monotonicMs() - source.keptAtMs >= keepEveryMs) await write(source);
    },
    async keepDue() {
      for (const source of held.values())
        if (source.isChanged && clock.monotonicMs() - source.keptAtMs >= keepEveryMs) await write(source);
    },
    all: () => held.values(),
    async keepAll() {
      for (const source of held.values()) if (source.isChanged) await write(source);
    },
    applySettings(source, row) {
      source.settings = parseSettings(row.settings);
      source.limits.change(source.settings);
    },
  };
}

/** A rhythm that ends later than now was kept before the wall clock was set back. */
export function rhythmOf(row: SourceRow, watch: WatchTime): SourceRhythm | undefined {
  const rhythm = parseRhythm(row.rhythm);
  if (rhythm === undefined) return undefined;
  const nowMs = watch.nowMs();
  return { ...rhythm, lastMs: Math.min(rhythm.lastMs, nowMs), runStartedMs: Math.min(rhythm.runStartedMs, nowMs) };
}
