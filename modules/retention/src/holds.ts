import type { ShownHold, ShownIntent } from '@sallyport/key-vault/server';
import type { Principal } from '@sallyport/platform/http';
import { startOfDayMs } from './day-keys.ts';
import { RetentionError } from './errors.ts';
import type { RetentionNeeds } from './needs.ts';
import type { RecordChange } from './retention-event.ts';
import { requireClass } from './source-classes.ts';
import type { SourceClasses } from './source-classes.ts';

/** What a legal hold keeps: classes, or those a source has or had, of whole days. */
export type HoldRequest = {
  /** Of the case it is for. */
  readonly name: string;
  readonly reason: string;
  readonly classes?: readonly string[];
  readonly source?: string;
  /** YYYY-MM-DD, both included; without an end, what is yet to come too. */
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly actor: Principal;
};

/** The class by which recordings of cameras are held; they have no keys in the vault. */
const recordingsClass = 'recordings';

const stoppable: ReadonlySet<ShownIntent['stage']> = new Set(['proposed', 'begun', 'rotated']);
const dayMs = 86_400_000;

export type Holds = {
  /** Throws `RetentionError` `hold_invalid`, `class_invalid`. */
  place(request: HoldRequest): Promise<ShownHold>;
};

export function createHolds(
  needs: Pick<RetentionNeeds, 'destructions'> & { readonly record: RecordChange; readonly sources: SourceClasses },
): Holds {
  return {
    async place({ name, reason, classes = [], source, fromDay, toDay, actor }) {
      const wanted = [...new Set([...classes, ...(source === undefined ? [] : await needs.sources.everOf(source))])];
      for (const one of wanted) requireClass(one);
      if (wanted.length === 0)
        throw new RetentionError('hold_invalid', 'Cannot place a hold: must name classes or a source');
      for (const day of [fromDay, toDay])
        if (day !== undefined && Number.isNaN(startOfDayMs(day)))
          throw new RetentionError('hold_invalid', `Cannot place a hold: "${day}" is no day`);
      if (fromDay !== undefined && toDay !== undefined && toDay < fromDay)
        throw new RetentionError('hold_invalid', 'Cannot place a hold: its last day lies before its first');
      const selector = {
        classes: wanted,
        ...(fromDay === undefined ? {} : { fromDay }),
        ...(toDay === undefined ? {} : { toDay }),
      };
      await needs.record({
        actor,
        action: 'retention.hold',
        target: { type: 'hold', id: name },
        details: {
          classes: wanted,
          source: source ?? null,
          from_day: fromDay ?? null,
          to_day: toDay ?? null,
          reason,
        },
      });
      const keyIds = wanted.every((one) => one === recordingsClass) ? [] : await erasuresUnderWay(needs.destructions);
      return needs.destructions.placeHold({ name, reason, keyIds, selector }, actor.id);
    },
  };
}

/**
 * Keys of subjects whose erasure can still be stopped: a name that stands in what is held must stay, and whose do is not known
 * here. Who asks for an erasure later is refused where events of held days are concerned.
 */
async function erasuresUnderWay(destructions: Pick<RetentionNeeds['destructions'], 'list'>): Promise<string[]> {
  const { intents } = await destructions.list();
  return intents
    .filter(({ kind, stage }) => kind === 'request' && stoppable.has(stage))
    .flatMap(({ keys }) => keys)
    .filter(({ purpose, label }) => purpose === 'subject-page' && label.startsWith('erasing/'))
    .map(({ id }) => id);
}

/** Times of which no recording of a camera may be deleted. */
export async function heldRecordingTimes(
  destructions: Pick<RetentionNeeds['destructions'], 'holds'>,
): Promise<{ fromMs: number; toMs: number }[]> {
  return (await destructions.holds()).flatMap(({ selector }) =>
    selector === undefined || !selector.classes.includes(recordingsClass)
      ? []
      : [
          {
            fromMs: selector.fromDay === undefined ? 0 : startOfDayMs(selector.fromDay),
            toMs: selector.toDay === undefined ? Number.MAX_SAFE_INTEGER : startOfDayMs(selector.toDay) + dayMs,
          },
        ],
  );
}
