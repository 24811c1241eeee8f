import { rememberBasis } from './basis.ts';
import { chainedWith, rememberChained } from './chained.ts';
import { closeWindows } from './closing.ts';
import { compactClosing, compactSliding } from './compact.ts';
import { countingOf } from './counting.ts';
import type { Counting, GroupSpace } from './counting.ts';
import { createDeadlines } from './deadlines.ts';
import type { CorrelationDefinition } from './definition.ts';
import { defaultCorrelationLimits } from './engine-types.ts';
import type { CorrelationEngine, CorrelationFinding, CorrelationLimits, CorrelationMatch } from './engine-types.ts';
import { victimOf } from './eviction.ts';
import { createGroupChanges } from './group-changes.ts';
import { createGroupRows } from './group-rows.ts';
import type { ChainedCount, EventPosition, GroupState } from './group-state.ts';
import { createGroupTable, groupFlags, sizes } from './group-table.ts';
import { putBack } from './restored-group.ts';
import { evaluateSliding, isTold } from './sliding.ts';
import { createSourceClock } from './source-clock.ts';

const nothing: readonly CorrelationFinding[] = [];
/** What looking at a group costs beside its rows, in rows. */
const workOfGroup = 8;
const tooEarly =
  'Cannot go on: what follows from the time of the event begun last is not done, must call goOn until there is no more';

export function createCorrelationEngine(limits: CorrelationLimits = defaultCorrelationLimits): CorrelationEngine {
  const clock = createSourceClock(limits);
  let space = createSpace();
  const countings = new Map<string, Counting>();
  const byOrdinal: (Counting | undefined)[] = [];
  let waiting: readonly GroupState[] = [];
  let receivedAtMs = -Infinity;
  let lost = 0;
  /** Time went on, and not everything that follows from it was done. */
  let isBehind = false;
  const createChanges = () =>
    createGroupChanges(space, { all: () => countings.values(), at: (ordinal) => byOrdinal[ordinal] });
  let changes = createChanges();
  const deadlines = createDeadlines({
    before(left, right) {
      const [a, b] = [byOrdinal[space.table.ordinalOf(left)], byOrdinal[space.table.ordinalOf(right)]];
      if (a === undefined || b === undefined || a === b) return space.table.keyOf(left) < space.table.keyOf(right);
      return a.definition.delayMs === b.definition.delayMs ? a.id < b.id : a.definition.delayMs < b.definition.delayMs;
    },
    isDue: (slot, timeMs) => space.table.ordinalOf(slot) >= 0 && space.table.columns.dueMs[slot] === timeMs,
  });

  function watermarkOf({ definition }: Counting): number {
    return clock.watermarkMs() - definition.delayMs;
  }

  function wait(slot: number, untilMs: number): void {
    space.table.columns.dueMs[slot] = untilMs;
    deadlines.add(untilMs, slot);
  }

  function removeGroup(counting: Counting, slot: number, isOver = false): void {
    changes.remove(counting, slot, isOver);
    space.rows.release(slot);
    space.table.remove(counting.groups, slot);
  }

  function createGroup(counting: Counting, group: string): number {
    const slot = space.table.create(counting.groups, group);
    if (counting.over.size > 0 && counting.over.delete(group)) space.table.columns.flags[slot] = groupFlags.saved;
    return slot;
  }

  /** Groups no match can add to any more. Says how much of `work` is left. */
  function dropExpired(work: number): number {
    let left = work;
    for (const counting of countings.values()) {
      const { groups, definition } = counting;
      if (definition.evaluation === 'closing') continue;
      const beforeMs = watermarkOf(counting) - definition.timespanMs;
      for (let size = 0; size < sizes; size += 1) {
        for (;;) {
          const slot = groups.oldest[size] ?? -1;
          if (slot < 0 || (space.table.columns.touchedMs[slot] ?? 0) + limits.skewMs >= beforeMs) break;
          if (left <= 0) return left;
          removeGroup(counting, slot, true);
          left -= workOfGroup;
        }
      }
    }
    return left;
  }

  function makeRoom(kept: number): void {
    for (;;) {
      const isOfGroups = space.table.groups() > limits.groups;
      if (!isOfGroups && space.rows.rows() <= limits.rows) return;
      const victim = victimOf(countings.values(), space.table.columns, kept, isOfGroups ? 'groups' : 'rows');
      if (victim === undefined) return;
      lost += Math.max(1, space.table.columns.count[victim.slot] ?? 0);
      removeGroup(victim.counting, victim.slot);
    }
  }

  function follow(finding: CorrelationFinding, chained: readonly ChainedCount[]): readonly CorrelationFinding[] {
    const found = [finding];
    for (const next of chained) {
      found.push(...countOne({ ...next, position: finding.position, timeMs: finding.timeMs }, finding.basis));
    }
    return found;
  }

  function countOne(match: CorrelationMatch, basis?: readonly EventPosition[]): readonly CorrelationFinding[] {
    const counting = countings.get(match.correlationId);
    if (counting === undefined) return [];
    const { definition, groups } = counting;
    const isSliding = definition.evaluation === 'sliding';
    let slot = space.table.find(groups, match.group);
    if (slot !== undefined && isSliding && isTold(space, slot, match.timeMs, match.timeMs + definition.timespanMs))
      return nothing;
    slot ??= createGroup(counting, match.group);
    if (
      (space.table.columns.count[slot] ?? 0) >=
        (counting.least === undefined ? limits.compactedRows : limits.compactedRows >> 2) &&
      space.rows.isFull(slot)
    ) {
      lost += (isSliding ? compactSliding : compactClosing)({
        slot,
        counting,
        space,
        watermarkMs: watermarkOf(counting),
      });
    }
    const { position, timeMs, member: rule, value } = match;
    const row = { timeMs, log: position.log, index: position.index, rule, value };
    const inserted = space.rows.insert(slot, row, counting.sameMatch);
    if (inserted === 'full') lost += 1;
    if (basis !== undefined && basis.length > 1 && inserted === 'inserted')
      rememberBasis(space, slot, match.position, basis);
    space.table.touch(groups, slot, receivedAtMs);
    changes.mark(slot);
    let found = nothing;
    if (inserted === 'inserted' && isSliding) {
      const told = evaluateSliding(space, counting, slot, { timeMs, watermarkMs: watermarkOf(counting) });
      if (told !== undefined) {
        const { correlationId, group } = match;
        found = follow({ correlationId, group, position, ...told, isClosing: false }, match.chained ?? []);
      }
    }
    if (!isSliding) {
      if (inserted === 'inserted' && match.chained !== undefined && match.chained.length > 0)
        rememberChained(space, slot, position, match.chained);
      const dueMs = match.timeMs + definition.timespanMs + definition.delayMs;
      if (dueMs < (space.table.columns.dueMs[slot] ?? Infinity)) wait(slot, dueMs);
    }
    makeRoom(slot);
    return found;
  }

  /** Up to the time at which it is due alone: windows below may come true by then, and count here, that were not looked at yet. */
  function close(counting: Counting, slot: number, dueMs: number): readonly CorrelationFinding[] {
    const { delayMs } = counting.definition;
    const extra = space.table.extraOf(slot);
    const { found, dueMs: nextMs } = closeWindows(space, counting, slot, dueMs - delayMs);
    if (nextMs === undefined) {
      removeGroup(counting, slot, true);
    } else {
      // What is gone follows from the watermark: the next start works it out again from what was saved.
      space.table.columns.flags[slot] = (space.table.columns.flags[slot] ?? 0) | groupFlags.outdated;
      wait(slot, nextMs + delayMs);
    }
    return found.flatMap((finding) => follow(finding, chainedWith(extra, finding.position)));
  }

  /** What follows from time having gone on, as much of it as one slice takes. */
  function goOn(): readonly CorrelationFinding[] {
    const found: CorrelationFinding[] = [];
    let left = limits.slice;
    while (left > 0) {
      const due = deadlines.take(clock.watermarkMs());
      if (due === undefined) {
        isBehind = dropExpired(left) <= 0;
        break;
      }
      const counting = byOrdinal[space.table.ordinalOf(due.slot)];
      // Otherwise it waits for another time by now, or the slot is another group's.
      if (counting === undefined || space.table.columns.dueMs[due.slot] !== due.timeMs) continue;
      space.table.columns.dueMs[due.slot] = Infinity;
      left -= workOfGroup + (space.table.columns.count[due.slot] ?? 0);
      found.push(...close(counting, due.slot, due.timeMs));
    }
    return found.length === 0 ? nothing : found;
  }

  function drop(counting: Counting): void {
    for (const shard of counting.groups.shards) for (const slot of shard.values()) removeGroup(counting, slot);
    for (const group of counting.over) changes.forget({ correlationId: counting.id, group });
    countings.delete(counting.id);
    byOrdinal[counting.groups.ordinal] = undefined;
  }

  function take(id: string, definition: CorrelationDefinition): void {
    const free = byOrdinal.indexOf(undefined);
    const ordinal = free < 0 ? byOrdinal.length : free;
    const counting = countingOf(id, definition, ordinal);
    byOrdinal[ordinal] = counting;
    countings.set(id, counting);
  }

  function takeOver(state: GroupState): void {
    const counting = countings.get(state.correlationId);
    if (counting === undefined || counting.definition.fingerprint !== state.fingerprint) {
      changes.forget({ correlationId: state.correlationId, group: state.group });
      return;
    }
    const slot = space.table.create(counting.groups, state.group);
    putBack(space, counting, slot, state);
    if (counting.definition.evaluation !== 'closing') return;
    // Windows that were over by the watermark that was saved were told then.
    const { dueMs } = closeWindows(space, counting, slot, watermarkOf(counting));
    if (dueMs === undefined) {
      removeGroup(counting, slot, true);
      return;
    }
    if (space.table.columns.count[slot] !== state.rows.length) {
      space.table.columns.flags[slot] = (space.table.columns.flags[slot] ?? 0) | groupFlags.outdated;
    }
    wait(slot, dueMs + counting.definition.delayMs);
  }

  return {
    use(definitions) {
      for (const counting of countings.values()) {
        if (definitions.get(counting.id)?.fingerprint !== counting.definition.fingerprint) drop(counting);
      }
      for (const [id, definition] of definitions) if (!countings.has(id)) take(id, definition);
      for (const state of waiting) takeOver(state);
      waiting = [];
      makeRoom(-1);
    },
    begin(event) {
      if (isBehind) throw new TypeError(tooEarly);
      receivedAtMs = event.receivedAtMs;
      isBehind = clock.advance(receivedAtMs);
      const closed = isBehind ? goOn() : nothing;
      return { timeMs: clock.timeOf(event.source, event.claimedMs), closed, more: isBehind };
    },
    goOn: () => ({ closed: isBehind ? goOn() : nothing, more: isBehind }),
    count(match) {
      if (isBehind) throw new TypeError(tooEarly);
      return countOne(match);
    },
    wouldClose: (atMs) => (deadlines.nextMs() ?? Infinity) <= clock.watermarkAt(atMs),
    takeChanges(all = false) {
      if (isBehind) throw new TypeError(tooEarly);
      const { watermarkMs, ledgerMs, ...sources } = clock.takeChanges();
      return { ...changes.take(all), sources, watermarkMs, ledgerMs };
    },
    takeOver: (most) => changes.takeOver(most),
    restore(saved) {
      countings.clear();
      byOrdinal.length = 0;
      space = createSpace();
      deadlines.clear();
      isBehind = false;
      changes = createChanges();
      waiting = saved.groups;
      clock.restore(saved.sources, saved);
      receivedAtMs = saved.ledgerMs;
    },
    health: () => ({
      groups: space.table.groups(),
      lost,
      late: clock.late(),
      ahead: clock.ahead(),
      watermarkMs: clock.watermarkMs(),
      bytes: space.table.bytes() + space.rows.bytes(),
    }),
  };
}

function createSpace(): GroupSpace {
  const table = createGroupTable();
  return { table, rows: createGroupRows(table) };
}
