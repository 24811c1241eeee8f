import {
  createFeedback,
  createSeasonalRate,
  createSequenceNovelty,
  createValueNovelty,
} from '@sallyport/behaviour-models';
import type { Feedback, Judgement, SeasonalRate, SequenceNovelty, ValueNovelty } from '@sallyport/behaviour-models';
import { findingLevels, formatPosition, isJsonObject, parseJson, parsePosition, textOf } from '@sallyport/contracts';
import type { FindingLevel, JsonObject, Position } from '@sallyport/contracts';
import { contributionRow, readContribution } from './risk.ts';
import type { Contribution } from './risk.ts';
import { entityKinds, topics } from './signals.ts';
import type { EntityKind, Signal, Topic } from './signals.ts';

type Model =
  | { readonly kind: 'value'; readonly model: ValueNovelty; readonly lastSeen: Map<string, Position> }
  | { readonly kind: 'step'; readonly model: SequenceNovelty }
  | { readonly kind: 'count'; readonly model: SeasonalRate };

/** What is known about one person, host, device, camera, agent or key. */
export type Entity = {
  readonly kind: EntityKind;
  readonly name: string;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  /** The last event it was learnt from: when that is erased, so is the entity. */
  lastEvent: Position;
  events: number;
  contributions: readonly Contribution[];
  readonly models: Map<string, Model>;
  readonly feedback: Feedback;
  /** When the hour of a topic's last finding began, and the highest level told in it. */
  readonly told: Map<Topic, { readonly atMs: number; readonly level: FindingLevel }>;
  /** Rises whenever something is learnt of anybody: the order of eviction, also after a restart. */
  turn: number;
  /** Length of its state when it was last measured; see `measured`. */
  size: number;
};

export function createEntity(input: { kind: EntityKind; name: string; atMs: number; event: Position }): Entity {
  return {
    kind: input.kind,
    name: input.name,
    firstSeenMs: input.atMs,
    lastSeenMs: input.atMs,
    lastEvent: input.event,
    events: 0,
    contributions: [],
    models: new Map(),
    feedback: createFeedback({ capacity: 32 }),
    told: new Map(),
    turn: 0,
    size: 0,
  };
}

/** Measured with the first events, later with each of this many: writing the state down takes a while. */
const eventsPerMeasure = 32;

/** Characters of its state, measured now where it is time. By the number of its events alone and saved with it, so that a restart changes nothing. */
export function measured(entity: Entity): number {
  if (entity.size === 0 || entity.events < 4 || entity.events % eventsPerMeasure === 0)
    entity.size = entityState(entity).length;
  return entity.size;
}

/** Learns the signal and says how unusual it is. */
export function observeSignal(entity: Entity, signal: Signal, at: { timeMs: number; event: Position }): Judgement {
  const name = `${signal.topic}/${signal.aspect}`;
  let held = entity.models.get(name);
  if (held === undefined || held.kind !== signal.kind) {
    held = createModel(signal.kind, signal.aspect);
    entity.models.set(name, held);
  }
  if (held.kind === 'count') return held.model.observe(1, at.timeMs);
  const value = signal.kind === 'count' ? '' : signal.value;
  if (held.kind === 'step') return held.model.observe(value, at.timeMs);
  const { reasons, score } = held.model.observe(value, at.timeMs);
  held.lastSeen.delete(value);
  held.lastSeen.set(value, at.event);
  if (held.lastSeen.size > mostPlaces) trimPlaces(held.model, held.lastSeen);
  return score === 0 ? { score, reasons } : { score, reasons: reasons.map((reason) => `${value}: ${reason}`) };
}

const mostPlaces = 80;

/** Only values the model still holds need a place. */
function trimPlaces(model: ValueNovelty, lastSeen: Map<string, Position>): void {
  const held = new Set(model.values().map(([value]) => value));
  for (const value of lastSeen.keys()) if (!held.has(value)) lastSeen.delete(value);
}

/** Takes out what was last seen in an erased event; says how many things. */
export function forgetIn(entity: Entity, isErased: (position: Position) => boolean): number {
  let forgotten = 0;
  for (const held of entity.models.values()) {
    if (held.kind !== 'value') continue;
    for (const [value, position] of held.lastSeen) {
      if (!isErased(position)) continue;
      held.model.remove(value);
      held.lastSeen.delete(value);
      forgotten += 1;
    }
  }
  const kept = entity.contributions.filter(({ finding }) => !isErased(finding));
  forgotten += entity.contributions.length - kept.length;
  entity.contributions = kept;
  return forgotten;
}

function createModel(kind: Signal['kind'], aspect: string, saved?: string): Model {
  switch (kind) {
    case 'value':
      return { kind, model: createValueNovelty({ what: aspect, capacity: 64 }, saved), lastSeen: new Map() };
    case 'step':
      return { kind, model: createSequenceNovelty({ what: aspect, capacity: 500 }, saved) };
    case 'count':
      return { kind, model: createSeasonalRate(saved) };
  }
}

const version = 1;

export function entityState(entity: Entity): string {
  const { kind, name, firstSeenMs, lastSeenMs, events } = entity;
  const models = [...entity.models].map(([key, held]) => [
    key,
    held.kind,
    held.model.state(),
    ...(held.kind === 'value'
      ? [[...held.lastSeen].map(([value, position]) => [value, formatPosition(position)])]
      : []),
  ]);
  return JSON.stringify({
    version,
    kind,
    name,
    firstSeenMs,
    lastSeenMs,
    lastEvent: formatPosition(entity.lastEvent),
    events,
    contributions: entity.contributions.map(contributionRow),
    models,
    feedback: entity.feedback.state(),
    told: [...entity.told].map(([topic, { atMs, level }]) => [topic, atMs, level]),
    turn: entity.turn,
    size: entity.size,
  });
}

/** Undefined for a state of another version or a damaged one: such an entity is learnt anew. */
export function readEntity(text: string): Entity | undefined {
  const state = parseJson(text);
  if (!isJsonObject(state) || state['version'] !== version) return undefined;
  try {
    // States from before sizes were kept hold none.
    return entityOf(state, text.length);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function entityOf(state: JsonObject, length: number): Entity | undefined {
  const kind = entityKinds.find((known) => known === state['kind']);
  const lastEvent = parsePosition(textOf(state['lastEvent']));
  const [firstSeenMs, lastSeenMs, events] = [state['firstSeenMs'], state['lastSeenMs'], state['events']];
  if (kind === undefined || lastEvent === undefined || typeof firstSeenMs !== 'number') return undefined;
  if (typeof lastSeenMs !== 'number' || typeof events !== 'number') return undefined;
  const entity = createEntity({ kind, name: textOf(state['name']), atMs: firstSeenMs, event: lastEvent });
  const told: Entity['told'] = new Map();
  for (const entry of listOf(state['told'])) {
    const [topic, atMs, level] = listOf(entry);
    // States from before levels were kept hold none.
    const known = findingLevels.find((one) => one === level) ?? 'high';
    if (isTopic(topic) && typeof atMs === 'number') told.set(topic, { atMs, level: known });
  }
  for (const entry of listOf(state['models'])) {
    const [name, modelKind, saved, places] = listOf(entry);
    if (typeof name !== 'string' || typeof saved !== 'string') return undefined;
    if (modelKind !== 'value' && modelKind !== 'step' && modelKind !== 'count') return undefined;
    const held = createModel(modelKind, name.split('/')[1] ?? name, saved);
    if (held.kind === 'value') {
      for (const place of listOf(places)) {
        const [value, at] = listOf(place);
        const position = typeof at === 'string' ? parsePosition(at) : undefined;
        if (typeof value === 'string' && position !== undefined) held.lastSeen.set(value, position);
      }
    }
    entity.models.set(name, held);
  }
  return {
    ...entity,
    lastSeenMs,
    events,
    contributions: listOf(state['contributions']).flatMap((row) => readContribution(row) ?? []),
    feedback: createFeedback({ capacity: 32 }, textOf(state['feedback'])),
    told,
    turn: typeof state['turn'] === 'number' ? state['turn'] : 0,
    size: typeof state['size'] === 'number' ? state['size'] : length,
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isTopic(value: unknown): value is Topic {
  return topics.some((topic) => topic === value);
}
