import {
  findingLevels,
  formatPosition,
  isJsonObject,
  isSystemAccount,
  ocsfClass,
  parseFinding,
  textsOf,
} from '@sallyport/contracts';
import type { Finding, JsonObject } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import { levelOf, oddityEntry, ruleOf, tellingScore } from './build-finding.ts';
import { createEntity, observeSignal } from './entity.ts';
import type { Entity } from './entity.ts';
import type { EntityBook } from './entity-book.ts';
import { withFinding } from './risk.ts';
import { entityKinds, signalsOf } from './signals.ts';
import type { EntityKind, EntitySignals, Topic } from './signals.ts';

export type LearnerCounts = {
  readonly events: number;
  readonly unreadable: number;
  readonly findings: number;
  /** Oddities not told because one as strange of the same entity and topic was told within the hour. */
  readonly heldBack: number;
};

export type Learner = {
  /** What the event makes to tell, in order. Learns from it. */
  observe(event: LedgerEvent): AppendEntry[];
  counts(): LearnerCounts;
};

/** One finding an entity and topic in this time, unless it is stranger by a level. */
const restMs = 3_600_000;
/** What people say of an alert that makes its like score less, or as ever. */
const expectedWords: ReadonlySet<unknown> = new Set(['expected', 'benign', 'false_positive']);
const confirmedWords: ReadonlySet<unknown> = new Set(['confirmed', 'true_positive']);

/** Learns from events in their order; state is `book` alone, so that a range applied again gives the same findings. */
export function createLearner(needs: {
  readonly book: EntityBook;
  readonly idOf: (kind: EntityKind, name: string) => string;
}): Learner {
  const { book, idOf } = needs;
  const decoder = new TextDecoder();
  const counts = { events: 0, unreadable: 0, findings: 0, heldBack: 0 };

  function entityOf(kind: EntityKind, name: string, event: LedgerEvent): { id: string; entity: Entity } {
    const id = idOf(kind, name);
    const entity = book.get(id) ?? createEntity({ kind, name, atMs: event.receivedAtMs, event: event.position });
    return { id, entity };
  }

  function judge(event: LedgerEvent, { kind, name, signals }: EntitySignals): AppendEntry[] {
    const { id, entity } = entityOf(kind, name, event);
    entity.events += 1;
    entity.lastSeenMs = event.receivedAtMs;
    entity.lastEvent = event.position;
    const odd = new Map<Topic, { ordinary: number; reasons: string[] }>();
    for (const signal of signals) {
      const { score, reasons } = observeSignal(entity, signal, { timeMs: event.receivedAtMs, event: event.position });
      if (score === 0) continue;
      // Several unusual sides of one thing: as likely ordinary as all of them together.
      const before = odd.get(signal.topic) ?? { ordinary: 1, reasons: [] };
      odd.set(signal.topic, { ordinary: before.ordinary * (1 - score), reasons: [...before.reasons, ...reasons] });
    }
    book.keep(id, entity);
    return [...odd].flatMap(([topic, { ordinary, reasons }]) => {
      const factor = entity.feedback.factor(topic, event.receivedAtMs);
      const score = (1 - ordinary) * factor;
      if (score < tellingScore) return [];
      const told = entity.told.get(topic);
      const isResting = told !== undefined && event.receivedAtMs - told.atMs < restMs;
      // What only begins to be odd must not hide what becomes of it.
      if (isResting && findingLevels.indexOf(levelOf(score)) <= findingLevels.indexOf(told.level)) {
        counts.heldBack += 1;
        return [];
      }
      entity.told.set(topic, { atMs: isResting ? told.atMs : event.receivedAtMs, level: levelOf(score) });
      counts.findings += 1;
      return [oddityEntry(event, { kind, name, topic, score, reasons })];
    });
  }

  /** Adds a finding to the risk of whom it is about. */
  function addFinding(event: LedgerEvent, finding: Finding): void {
    for (const { kind, name } of subjectsOf(finding)) {
      // The operating system itself is nobody, unless one of our people is called so.
      if (kind === 'user' && isSystemAccount(name) && book.get(idOf(kind, name)) === undefined) continue;
      const { id, entity } = entityOf(kind, name, event);
      const { position, receivedAtMs } = event;
      const { title, level, rule } = finding;
      entity.contributions = withFinding(entity.contributions, {
        position,
        atMs: receivedAtMs,
        rule: rule.id,
        title,
        level,
      });
      book.keep(id, entity);
    }
  }

  /** A verdict on an alert of ours, or on a model: "expected" lowers what the like scores the next time. */
  function hear(event: LedgerEvent, body: JsonObject): void {
    const own = objectAt(objectAt(body, 'unmapped'), 'sallyport');
    const details = objectAt(own, 'details');
    const verdict = details['disposition'];
    const isExpected = expectedWords.has(verdict);
    if (!isExpected && !confirmedWords.has(verdict)) return;
    const [entityId, topic] = [details['entity_id'], details['model']];
    // An alert may stand for several findings; one topic is heard of once.
    const told = new Set([details['finding'], ...textsOf(details['findings'] ?? null)]);
    for (const [id, entity] of book.entries().toArray()) {
      const about = entity.contributions.filter((one) => told.has(formatPosition(one.finding)));
      const topics = new Set(about.flatMap(({ rule }) => topicOf(entity.kind, rule)));
      if (id === entityId && typeof topic === 'string') topics.add(topic);
      for (const one of topics) {
        if (isExpected) entity.feedback.expected(one, event.receivedAtMs);
        else entity.feedback.confirmed(one, event.receivedAtMs);
      }
      if (topics.size === 0 && about.length === 0) continue;
      // What turned out to be as it should be is no risk.
      if (isExpected)
        entity.contributions = entity.contributions.filter((one) => !told.has(formatPosition(one.finding)));
      book.keep(id, entity);
    }
  }

  function read(bytes: Uint8Array): JsonObject | undefined {
    try {
      const value: unknown = JSON.parse(decoder.decode(bytes));
      return isJsonObject(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    observe(event) {
      const body = event.body === undefined ? undefined : read(event.body);
      if (body === undefined) {
        counts.unreadable += 1;
        return [];
      }
      counts.events += 1;
      if (event.classUid === ocsfClass.detectionFinding) {
        const finding = parseFinding(body);
        if (finding !== undefined) addFinding(event, finding);
        return [];
      }
      if (event.classUid === ocsfClass.entityManagement && isAudit(body)) hear(event, body);
      return signalsOf(body, event.receivedAtMs).flatMap((one) => judge(event, one));
    },
    counts: () => ({ ...counts }),
  };
}

/** A record of ours: what comes from outside carries `raw_data`. */
function isAudit(body: JsonObject): boolean {
  return body['raw_data'] === undefined && objectAt(body, 'metadata')['log_name'] === 'audit';
}

function topicOf(kind: EntityKind, rule: string): string[] {
  const prefix = ruleOf(kind, 'rate').slice(0, -'rate'.length);
  return rule.startsWith(prefix) ? [rule.slice(prefix.length)] : [];
}

/** Whom a finding is about. Our own say it exactly; of others host and user, camera, agent and identity. */
function subjectsOf(finding: Finding): { kind: EntityKind; name: string }[] {
  const field = (name: string): string | undefined => finding.matched.find((one) => one.field === name)?.value;
  if (finding.rule.id.startsWith('sallyport-behaviour-')) {
    const kind = entityKinds.find((known) => known === field('behaviour.kind'));
    const name = field('behaviour.entity');
    return kind === undefined || name === undefined ? [] : [{ kind, name }];
  }
  const { host, user, entities } = finding;
  const one = (kind: EntityKind, name: string | undefined) => (name === undefined ? [] : [{ kind, name }]);
  return [
    ...one('host', host),
    ...one('user', user),
    ...one('camera', entities?.camera),
    ...one('agent', entities?.agent),
    ...one('key', entities?.identity),
  ];
}

function objectAt(parent: JsonObject, name: string): JsonObject {
  const value = Object.hasOwn(parent, name) ? parent[name] : undefined;
  return isJsonObject(value) ? value : {};
}
