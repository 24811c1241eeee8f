import type { Clock } from '@sallyport/platform/clock';
import { rhythmOf } from './held-sources.ts';
import type { HeldSource } from './held-sources.ts';
import { parseAlarm } from './source-alarms.ts';
import { createSourceFigures } from './source-figures.ts';
import type { SourceFigures } from './source-figures.ts';
import { standingOf } from './source-rhythm.ts';
import type { SourceStanding } from './source-rhythm.ts';
import { parseSettings } from './source-settings.ts';
import type { SourceSettings } from './source-settings.ts';
import type { SourceRow } from './source-table.ts';
import type { WatchTime } from './watch-time.ts';

/** How a source is. */
export type SourceStatus = {
  readonly keyId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly settings: SourceSettings;
  readonly revision: number;
  readonly figures: Omit<SourceFigures, 'receive' | 'refuse' | 'keep'>;
  /** `dueMs` as the wall clock tells it. */
  readonly standing: SourceStanding;
  /** When something came last, over restarts; wall clock. */
  readonly lastHeardMs: number | undefined;
};

/** What memory knows of it goes before what was kept. */
export function statusOf(
  row: SourceRow,
  held: HeldSource | undefined,
  { clock, watch }: { readonly clock: Clock; readonly watch: WatchTime },
): SourceStatus {
  const settings = held?.settings ?? parseSettings(row.settings);
  const rhythm = held === undefined ? rhythmOf(row, watch) : held.rhythm;
  const alarm = held === undefined ? parseAlarm(row.alarms) : held.alarm;
  const figures = held?.figures ?? createSourceFigures(clock, row.figures);
  const { dueMs, ...standing } = standingOf(rhythm, watch.nowMs(), {
    expected: settings.expected,
    quietAfterMs: settings.quietAfterMs,
    createdAtMs: row.created_at_ms,
    gaps: watch.gaps,
  });
  return {
    keyId: row.key_id,
    name: row.name,
    createdAtMs: row.created_at_ms,
    settings,
    revision: row.revision,
    figures,
    standing: {
      // What was told stays so until it is heard again, whatever a restart excuses.
      state:
        alarm !== undefined && settings.expected !== 'never' && figures.totals.accepted <= alarm.accepted
          ? 'silent'
          : standing.state,
      ...(dueMs !== undefined && { dueMs: watch.toWallMs(dueMs) }),
    },
    lastHeardMs: figures.lastSeenMs ?? (rhythm === undefined ? undefined : watch.toWallMs(rhythm.lastMs)),
  };
}
