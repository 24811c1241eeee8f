import { dayMs, originOf } from './exception.ts';
import type { ExceptionVersion, Hint, KnownRule, RuleException } from './exception.ts';

const soonMs = 7 * dayMs;
const idleMs = 90 * dayMs;
/** Fewer than this in a day is no rise, and no more than was promised: small numbers jump. */
const least = 25;
const tellingRatio = 5;

/** What a day was to hide, by the trial. */
export function promisedADay(trial: ExceptionVersion['trial']): number | undefined {
  return trial === undefined ? undefined : Math.round((trial.hidden / trial.days) * 10) / 10;
}

type Day = { readonly day: number; readonly hidden: number };

/** Whether today it hides a lot more than it was tried to, and than it did on the seven days before; `usual` is the greater of the two. */
export function isRise(
  days: readonly Day[],
  today: number,
  { trial }: Pick<ExceptionVersion, 'trial'>,
): { readonly hidden: number; readonly usual: number } | undefined {
  const hidden = days.find(({ day }) => day === today)?.hidden ?? 0;
  const before = days.filter(({ day }) => day < today && day >= today - 7);
  const mean = before.reduce((sum, one) => sum + one.hidden, 0) / 7;
  const usual = Math.round(Math.max(mean, promisedADay(trial) ?? 0) * 10) / 10;
  return hidden >= least && hidden > tellingRatio * Math.max(1, usual) ? { hidden, usual } : undefined;
}

/** What of an exception is worth a look. */
export function hintsOf(
  exception: Pick<RuleException, 'state' | 'versions' | 'createdAtMs' | 'hidden' | 'lastHiddenAtMs' | 'isDamaged'>,
  facts: { readonly nowMs: number; readonly days: readonly Day[]; readonly rules: ReadonlyMap<string, KnownRule> },
): Hint[] {
  const { nowMs, days, rules } = facts;
  if (exception.isDamaged) return ['damaged'];
  const [newest] = exception.versions;
  if (newest === undefined || exception.state !== 'active') return [];
  const hints: Hint[] = [];
  const { toMs, fromMs = nowMs, text, trial } = newest;
  if (toMs !== undefined && toMs - nowMs <= soonMs) hints.push('expires_soon');
  if (nowMs - Math.max(exception.createdAtMs, exception.lastHiddenAtMs ?? 0) >= idleMs) hints.push('idle');
  if (text.rules !== 'all' && text.rules.some((id) => !rules.has(id))) hints.push('rule_not_in_force');
  const isElsewhere = [...newest.origins].some(([id, origin]) => {
    const rule = rules.get(id);
    return rule !== undefined && originOf(rule) !== origin;
  });
  if (isElsewhere) hints.push('rule_from_elsewhere');
  const since = days.filter(({ day }) => day >= Math.floor(fromMs / dayMs));
  const hidden = since.reduce((sum, one) => sum + one.hidden, 0);
  const promised = (promisedADay(trial) ?? 0) * Math.max(1, (nowMs - fromMs) / dayMs);
  if (trial !== undefined && hidden >= least && hidden > 3 * promised) hints.push('more_than_tried');
  return hints;
}
