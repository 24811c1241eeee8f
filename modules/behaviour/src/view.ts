import { riskAt } from './risk.ts';
import type { Risk } from './risk.ts';
import type { Entity } from './entity.ts';
import { topics } from './signals.ts';
import type { EntityKind, Topic } from './signals.ts';

export type EntitySummary = {
  readonly id: string;
  readonly kind: EntityKind;
  readonly name: string;
  readonly risk: number;
  readonly reasons: readonly string[];
  readonly events: number;
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  /** Whether enough is known for at least one model to speak. */
  readonly isLearnt: boolean;
};

/** What one model holds, small enough to show. */
export type ModelView = {
  readonly topic: Topic;
  readonly aspect: string;
  readonly isLearnt: boolean;
  /** Commonest first, with how often each was seen (fading). */
  readonly values?: readonly { readonly value: string; readonly count: number }[];
  /** Usual number an hour, Monday 00:00 UTC first: 168 numbers. */
  readonly week?: readonly number[];
};

export type EntityView = Omit<EntitySummary, 'reasons'> & {
  readonly reasons: Risk['reasons'];
  readonly models: readonly ModelView[];
};

const shownValues = 12;

export function summaryOf(id: string, entity: Entity, nowMs: number): EntitySummary {
  const { kind, name, events, firstSeenMs, lastSeenMs } = entity;
  const risk = riskAt(entity.contributions, nowMs);
  return {
    id,
    kind,
    name,
    risk: risk.score,
    reasons: risk.reasons.slice(0, 3).map(({ reason }) => reason),
    events,
    firstSeenMs,
    lastSeenMs,
    isLearnt: entity.models.values().some(({ model }) => model.isLearnt()),
  };
}

export function viewOf(id: string, entity: Entity, nowMs: number): EntityView {
  const models = [...entity.models].map(([name, held]): ModelView => {
    const [first, aspect = ''] = name.split('/');
    const topic = topics.find((known) => known === first) ?? 'rate';
    const common = { topic, aspect, isLearnt: held.model.isLearnt() };
    if (held.kind === 'value') {
      const values = held.model.values().slice(0, shownValues);
      return { ...common, values: values.map(([value, count]) => ({ value, count })) };
    }
    if (held.kind === 'count') {
      return { ...common, week: [...held.model.week()].map((mean) => Math.round(mean * 100) / 100) };
    }
    return common;
  });
  return { ...summaryOf(id, entity, nowMs), reasons: riskAt(entity.contributions, nowMs).reasons, models };
}
