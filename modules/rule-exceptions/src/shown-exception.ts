import { formatPosition } from '@sallyport/contracts';
import type { Static } from 'typebox';
import { dayMs, warnings } from './exception.ts';
import type { ExceptionVersion, Warning } from './exception.ts';
import type { Detailed, Shown, TrialShown, Version } from './exception-schema.ts';
import type { ReviewedException } from './exceptions.ts';
import type { Trial } from './trials.ts';

export function shown(exception: ReviewedException): Static<typeof Shown> {
  const { id, revision: at, state, hints, createdAtMs, versions, hidden, lastHiddenAtMs, days, withdrawn } = exception;
  const [newest] = versions;
  return {
    id,
    revision: at,
    state,
    hints: [...hints],
    created: iso(createdAtMs),
    ...(newest === undefined ? {} : { current: shownVersion(newest) }),
    hidden,
    hidden_30d: days.reduce((sum, day) => sum + day.hidden, 0),
    ...(lastHiddenAtMs === undefined ? {} : { last_hidden: iso(lastHiddenAtMs) }),
    days: days.map((day) => ({ day: iso(day.day * dayMs).slice(0, 10), hidden: day.hidden })),
    ...(withdrawn === undefined
      ? {}
      : { withdrawn: { at: iso(withdrawn.atMs), by: { ...withdrawn.by }, reason: withdrawn.reason } }),
  };
}

export function detailed(exception: ReviewedException): Static<typeof Detailed> {
  return {
    ...shown(exception),
    versions: exception.versions.map(shownVersion),
    newest_hidden: exception.positions
      .toReversed()
      .map(({ position, atMs, ruleId }) => ({ event: formatPosition(position), at: iso(atMs), rule_id: ruleId })),
  };
}

function shownVersion(version: ExceptionVersion): Static<typeof Version> {
  const { text, fromMs, toMs, approvedBy, trial } = version;
  return {
    version: version.version,
    name: text.name,
    reason: text.reason,
    all_rules: text.rules === 'all',
    rules: text.rules === 'all' ? [] : [...text.rules],
    condition: text.condition,
    ...(text.host === undefined ? {} : { host: text.host }),
    ...(text.user === undefined ? {} : { user: text.user }),
    ...(text.site === undefined ? {} : { site: text.site }),
    ...(text.untilMs === undefined ? {} : { expires: iso(text.untilMs) }),
    ...(fromMs === undefined ? {} : { from: iso(fromMs) }),
    ...(toMs === undefined ? {} : { to: iso(toMs) }),
    made: iso(version.madeAtMs),
    by: { ...version.madeBy },
    ...(approvedBy === undefined ? {} : { approved_by: { ...approvedBy } }),
    ...(trial === undefined ? {} : { tried: { ...trial } }),
    accepted: [...version.accepted],
  };
}

export function shownTrial(trial: Trial): Static<typeof TrialShown> {
  const { counts } = trial;
  return {
    id: trial.id,
    state: trial.state,
    ...(trial.reason === undefined ? {} : { reason: trial.reason }),
    days: trial.days,
    findings: trial.of,
    looked_at: counts.looked,
    complete: trial.isWhole,
    hidden: counts.hidden,
    hidden_alerts: counts.hiddenAlerts,
    hidden_before: trial.hiddenBefore,
    hidden_attacks: counts.hiddenAttacks,
    hidden_critical: counts.hiddenCritical,
    gone: counts.gone,
    changed: counts.changed,
    warnings: trial.warnings.map((code: Warning) => ({ code, text: warnings[code] })),
    would_hide: trial.hidden.map((one) => ({
      finding: formatPosition(one.position),
      event: formatPosition(one.input),
      at: iso(one.atMs),
      alert_id: one.alertId,
      rule_id: one.ruleId,
      title: one.title,
      level: one.level,
      ...(one.disposition === undefined ? {} : { disposition: one.disposition }),
      ...(one.host === undefined ? {} : { host: one.host }),
      ...(one.user === undefined ? {} : { user: one.user }),
    })),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
