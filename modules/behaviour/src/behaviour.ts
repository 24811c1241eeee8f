import { comparePositions } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { AppendEntry, LedgerRange, Projection } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { createTurns } from '@sallyport/platform/turns';
import { createEntityBook } from './entity-book.ts';
import { clearEntities, readCursor, readEntities, saveEntities, sealEntities } from './entity-store.ts';
import { forgetIn } from './entity.ts';
import { BehaviourError } from './errors.ts';
import { createIdCache } from './entity-ids.ts';
import { erasedBy } from './erased-ranges.ts';
import type { ErasedRange } from './erased-ranges.ts';
import { createLearner } from './learner.ts';
import type { LearnerCounts } from './learner.ts';
import type { BehaviourNeeds } from './needs.ts';
import { riskAt } from './risk.ts';
import type { EntityKind } from './signals.ts';
import { summaryOf, viewOf } from './view.ts';
import type { EntitySummary, EntityView } from './view.ts';

/** Counts are since the process started; a range applied again after a failure counts again. */
export type BehaviourHealth = LearnerCounts & {
  readonly entities: number;
  /** Entities of which not enough is known yet: of them nothing is told. */
  readonly learning: number;
  /** Entities forgotten for want of room. */
  readonly evicted: number;
  /** Saved entities that could not be read at the last start, and are learnt anew. */
  readonly unreadableStates: number;
  readonly cursor: Position;
  readonly lag: number | undefined;
};

/** A fact about somebody, for whoever decides on access. */
export type RiskFact = {
  readonly subject: { readonly kind: EntityKind; readonly name: string };
  /** 0 to 100. */
  readonly value: number;
  /** Until when everything that happened is in it: now, unless learning is behind. 0 before anything was read. */
  readonly asOfMs: number;
  /** After this it must be asked for again. */
  readonly freshUntilMs: number;
  readonly reasons: readonly string[];
  /** Under which id they are known; undefined where nothing is. */
  readonly entityId?: string;
};

export type Behaviour = {
  readonly projection: Projection;
  /** By risk, highest first. */
  entities(filter: { kind?: EntityKind; limit: number; after?: number }): {
    readonly entities: readonly EntitySummary[];
    readonly total: number;
  };
  /** Throws `entity_unknown`. */
  entity(id: string): EntityView;
  /** The id under which an entity of this name is kept, whether or not there is one. */
  idOf(kind: EntityKind, name: string): string;
  /** Somebody of whom nothing is known has a risk of 0. */
  risk(kind: EntityKind, name: string): RiskFact;
  /**
   * What this model finds odd about the entity is as it should be: it scores less from now on. Leaves an audit event, from which it is
   * learnt; durable before this resolves. Throws `entity_unknown`, `model_unknown`.
   */
  expect(actor: Principal, id: string, model: string): Promise<void>;
  /** Takes out what was learnt from events that were erased, names included; says how many things. */
  forget(ranges: readonly ErasedRange[]): Promise<number>;
  health(): BehaviourHealth;
  /** Saves what was learnt, unless a range failed in the middle: the next start goes on from the last checkpoint. Call it after the runner has stopped. */
  close(): Promise<void>;
};

const findingsPerAppend = 500;
const factFreshMs = 300_000;
const learningForMs = 5000;

export function createBehaviour(needs: BehaviourNeeds): Behaviour {
  const book = createEntityBook(needs.limits?.entities ?? 10_000, needs.limits?.stateCharacters);
  const ids = createIdCache(needs.sealingKey);
  const learner = createLearner({ book, idOf: ids.idOf });
  const inTurn = createTurns();
  const checkpointEvents = needs.limits?.checkpointEvents ?? 50_000;
  const checkpointMs = needs.limits?.checkpointMs ?? 30_000;
  let cursor: Position | undefined;
  let unsaved = 0;
  let savedAtMs = needs.clock.monotonicMs();
  let unreadableStates = 0;
  /** Ledger time of the newest event that was learnt from; what is known while it is behind is as old as that. */
  let learntToMs = 0;
  /** Whether memory holds what comes before `cursor`, no less and no more: not in the middle of a range, nor after one that failed. */
  let isWhole = false;
  let looked: { readonly atMs: number; readonly entities: number; readonly learning: number } | undefined;

  /** What was learnt and the cursor in one transaction: after a crash both are as they were, and the same findings are made again. */
  async function checkpoint(position: Position): Promise<void> {
    const { changed, removed } = book.takeChanges();
    const rows = await sealEntities(needs, changed);
    await needs.database
      .transaction()
      .execute((transaction) => saveEntities(transaction, { changed: rows, removed, cursor: position }));
    unsaved = 0;
    savedAtMs = needs.clock.monotonicMs();
  }

  async function load(head: Position): Promise<{ cursor: Position }> {
    const stored = await readCursor(needs.database);
    if (comparePositions(stored, head) > 0) {
      // The control database is newer than the ledger: what was learnt may come from events that are no more.
      book.restore([]);
      await needs.database.transaction().execute(async (transaction) => {
        await clearEntities(transaction);
        await saveEntities(transaction, { changed: [], removed: [], cursor: head });
      });
      cursor = head;
      isWhole = true;
      return { cursor: head };
    }
    await restore(stored);
    if (unreadableStates > 0)
      needs.log.warn('Some of what was learnt about behaviour cannot be read', { entities: unreadableStates });
    return { cursor: stored };
  }

  /** Memory as at the last checkpoint. */
  async function restore(stored: Position): Promise<void> {
    const { entities, unreadable } = await readEntities(needs.database, needs);
    book.restore(entities);
    looked = undefined;
    unreadableStates = unreadable;
    unsaved = 0;
    cursor = stored;
    isWhole = true;
  }

  async function apply(range: LedgerRange): Promise<void> {
    if (!isWhole) throw new BehaviourError('learning_interrupted', 'Cannot learn on: the last checkpoint must be read');
    isWhole = false;
    const entries: AppendEntry[] = [];
    for (const event of range.events) entries.push(...learner.observe(event));
    for (let from = 0; from < entries.length; from += findingsPerAppend) {
      await needs.ledger.append({
        collector: 'behaviour',
        priority: 'control',
        retention: 'findings',
        entries: entries.slice(from, from + findingsPerAppend),
      });
    }
    cursor = range.to;
    learntToMs = Math.max(learntToMs, range.events.at(-1)?.receivedAtMs ?? 0);
    unsaved += range.events.length;
    if (unsaved >= checkpointEvents || needs.clock.monotonicMs() - savedAtMs >= checkpointMs)
      await checkpoint(range.to);
    isWhole = true;
  }

  async function forget(ranges: readonly ErasedRange[]): Promise<number> {
    const isErased = erasedBy(ranges);
    ids.forget();
    // Before the first load, or after a failure, memory is not what is saved: what counts is what a start would read.
    if (!isWhole) await restore(await readCursor(needs.database));
    isWhole = false;
    let forgotten = 0;
    for (const [id, entity] of book.entries().toArray()) {
      if (isErased(entity.lastEvent)) {
        book.remove(id);
        forgotten += 1;
        continue;
      }
      const here = forgetIn(entity, isErased);
      if (here > 0) book.keep(id, entity);
      forgotten += here;
    }
    if (cursor !== undefined) await checkpoint(cursor);
    isWhole = true;
    return forgotten;
  }

  /** Asked for with the health, which many ask for; it changes by the hour. */
  function learning(): number {
    const nowMs = needs.clock.monotonicMs();
    if (looked !== undefined && nowMs - looked.atMs < learningForMs && looked.entities === book.size())
      return looked.learning;
    let count = 0;
    for (const [, entity] of book.entries()) if (!isLearnt(entity.models)) count += 1;
    looked = { atMs: nowMs, entities: book.size(), learning: count };
    return count;
  }

  function isCaughtUp(): boolean {
    return cursor !== undefined && comparePositions(cursor, needs.ledger.head()) >= 0;
  }

  return {
    projection: {
      name: 'behaviour',
      load: (head) => inTurn(() => load(head)),
      apply: (range) => inTurn(() => apply(range)),
    },
    entities({ kind, limit, after = 0 }) {
      const nowMs = needs.clock.nowMs();
      const all = book
        .entries()
        .filter(([, entity]) => kind === undefined || entity.kind === kind)
        .map(([id, entity]) => summaryOf(id, entity, nowMs))
        .toArray()
        .toSorted((a, b) => b.risk - a.risk || b.lastSeenMs - a.lastSeenMs || (a.id < b.id ? -1 : 1));
      return { entities: all.slice(after, after + limit), total: all.length };
    },
    entity(id) {
      const entity = book.get(id);
      if (entity === undefined) throw unknownEntity();
      return viewOf(id, entity, needs.clock.nowMs());
    },
    idOf: ids.idOf,
    risk(kind, name) {
      const nowMs = needs.clock.nowMs();
      const id = ids.idOf(kind, name);
      const entity = book.get(id);
      const { score, reasons } = riskAt(entity?.contributions ?? [], nowMs);
      const asOfMs = isCaughtUp() ? nowMs : Math.min(learntToMs, nowMs);
      return {
        subject: { kind, name },
        value: score,
        asOfMs,
        freshUntilMs: asOfMs + factFreshMs,
        reasons: reasons.map(({ reason }) => reason),
        ...(entity === undefined ? {} : { entityId: id }),
      };
    },
    async expect(actor, id, model) {
      const entity = book.get(id);
      if (entity === undefined) throw unknownEntity();
      if (![...entity.models.keys()].some((name) => name.startsWith(`${model}/`))) {
        throw new BehaviourError('model_unknown', `Cannot expect "${model}": the entity has no such model`);
      }
      const event = auditEvent({
        nowMs: needs.clock.nowMs(),
        actor: { kind: actor.kind, id: actor.id, name: actor.name },
        action: 'behaviour.expect',
        classUid: 3004,
        activityId: 3,
        outcome: 'success',
        target: { type: 'behaviour', id },
        details: { disposition: 'expected', entity_id: id, model },
      });
      await needs.database.transaction().execute((transaction) => needs.outbox.record(transaction, event));
      await needs.outbox.flushed();
    },
    forget: (ranges) => inTurn(() => forget(ranges)),
    health() {
      const head = needs.ledger.head();
      return {
        ...learner.counts(),
        entities: book.size(),
        learning: learning(),
        evicted: book.evicted(),
        unreadableStates,
        cursor: cursor ?? head,
        lag: cursor?.log === head.log ? head.index - cursor.index : undefined,
      };
    },
    close: () => inTurn(async () => (cursor === undefined || !isWhole ? undefined : checkpoint(cursor))),
  };
}

function isLearnt(models: ReadonlyMap<string, { readonly model: { isLearnt(): boolean } }>): boolean {
  return models.values().some(({ model }) => model.isLearnt());
}

function unknownEntity(): BehaviourError {
  return new BehaviourError('entity_unknown', 'Cannot find the entity: nothing is known of it, or it was forgotten');
}
