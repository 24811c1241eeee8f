import { comparePositions, formatPosition, origin, type Position } from '@sallyport/contracts';
import type { Ledger } from '@sallyport/ledger';
import type { EventStore } from './event-store.ts';
import type { Range, RangeJournal } from './range-journal.ts';
import type { RangeWriter } from './range-writer.ts';

export type RepairNeeds = {
  readonly store: EventStore;
  readonly journal: RangeJournal;
  readonly writer: RangeWriter;
  readonly ledger: Pick<Ledger, 'countEvents' | 'read'>;
  readonly log: (message: string) => void;
};

/** A range this small is written anew rather than looked at more closely. */
const smallestRange = 4096;
/** More than this is not repaired in place: the cursor goes back to the first and the projection runs again from there. */
const maxDamagedRanges = 64;
/** Indexes stay far below; a closed log has no known end here, and the ledger counts what it has. */
const endOfLog = Number.MAX_SAFE_INTEGER;

/**
 * Makes the store agree with the ledger before `cursor`, and empty after it (a begun range aside). Compares the number of events
 * log by log, finds the ranges that differ by bisection, and writes those anew. Gives the cursor to go on from: the same, or an
 * earlier one when the store has lost too much.
 */
export async function repair(
  needs: RepairNeeds,
  state: { cursor: Position; head: Position; begun?: Range },
): Promise<Position> {
  const { store, journal, log } = needs;
  const cursor = comparePositions(state.cursor, state.head) > 0 ? state.head : state.cursor;

  const removeFrom = async (from: Position): Promise<void> => {
    if ((await store.countRows({ from })) === 0) return;
    log(`event-search removes rows from ${formatPosition(from)} on: the ledger or the cursor does not know them`);
    await journal.countRemoval();
    await store.remove({ from });
  };
  await removeFrom(state.begun?.to ?? cursor);

  let damaged: Range[] = [];
  let rewindTo: Position | undefined;
  for (let number = origin.log; number <= cursor.log && rewindTo === undefined; number += 1) {
    const end = number < cursor.log ? endOfLog : cursor.index;
    if (end === 0 || (await agrees(needs, number, 0, end))) continue;
    const lastStored = (await store.lastIndex(number, end)) ?? -1;
    damaged.push(...(await differing(needs, number, lastStored + 1)));
    if (!(await agrees(needs, number, lastStored + 1, end))) rewindTo = { log: number, index: lastStored + 1 };
  }
  if (damaged.length > maxDamagedRanges) {
    rewindTo = damaged[0]?.from;
    damaged = [];
  }
  for (const range of damaged) await rewrite(needs, range);
  if (rewindTo === undefined) return cursor;
  log(`event-search goes back to ${formatPosition(rewindTo)}: the store lost what it held after that`);
  await journal.commit(rewindTo);
  await removeFrom(rewindTo);
  return rewindTo;
}

async function agrees(needs: RepairNeeds, log: number, from: number, to: number): Promise<boolean> {
  if (from >= to) return true;
  const expected = await needs.ledger.countEvents(log, from, to);
  return expected === (await needs.store.countRows({ from: { log, index: from }, to: { log, index: to } }));
}

/** The ranges of a log before `end` whose counts differ, each at most `smallestRange` wide; gives up soon after the allowed number. */
async function differing(needs: RepairNeeds, log: number, end: number): Promise<Range[]> {
  const pending: { from: number; to: number }[] = [{ from: 0, to: end }];
  const found: Range[] = [];
  for (let next = pending.pop(); next !== undefined && found.length <= maxDamagedRanges; next = pending.pop()) {
    const { from, to } = next;
    if (await agrees(needs, log, from, to)) continue;
    if (to - from <= smallestRange) {
      found.push({ from: { log, index: from }, to: { log, index: to } });
      continue;
    }
    const middle = from + Math.ceil((to - from) / 2);
    pending.push({ from: middle, to }, { from, to: middle });
  }
  return found;
}

/** Writes one range anew from the ledger, in pieces; a kill in between leaves a difference the next start finds. */
async function rewrite(needs: RepairNeeds, range: Range): Promise<void> {
  needs.log(
    `event-search repairs ${formatPosition(range.from)} to ${formatPosition(range.to)}: the store differs from the ledger`,
  );
  await needs.journal.countRemoval();
  await needs.store.remove(range);
  for (let from = range.from; comparePositions(from, range.to) < 0;) {
    const read = await needs.ledger.read(from, { maxEvents: smallestRange, maxBytes: 8 * 1024 * 1024 });
    const to = comparePositions(read.to, range.to) < 0 ? read.to : range.to;
    const events = read.events.filter((event) => comparePositions(event.position, range.to) < 0);
    if (events.length > 0) await needs.writer.write({ from, to }, events, true);
    if (comparePositions(to, from) <= 0) return;
    from = to;
  }
}
