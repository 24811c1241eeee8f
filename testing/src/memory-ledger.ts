import { createHash } from 'node:crypto';
import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import { LedgerError } from '@sallyport/ledger';
import type { AppendBatch, AppendEntry, Ledger, LedgerEvent, LedgerRange } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';

const maxStreamCharacters = 200;

type Refusal = 'disk_low' | 'overloaded' | 'unavailable';
type Slot = { readonly event: LedgerEvent; readonly collector: string } | { readonly block: true };
type StoredLog = { readonly slots: Slot[]; readonly erased: Set<number> };

/** The ledger's contract kept in memory, with handles for what tests want to go wrong. */
export type MemoryLedger = Ledger & {
  /** Everything recorded, in order, without block entries. */
  events(): readonly LedgerEvent[];
  /** Who appended the event at `position`. */
  collectorAt(position: Position): string | undefined;
  /** The next `times` appends reject with `code`; with `recorded`, after having been recorded all the same. */
  refuseAppends(code: Refusal, options?: { times?: number; recorded?: boolean }): void;
  /** Appends wait, as behind a slow disk, until the returned function is called. */
  holdAppends(): () => void;
  /** Appends begun and not answered. */
  waitingAppends(): number;
  /** Opens the next log, as a restore does. Duplicates of entries of older logs are still recognised. */
  openNextLog(): void;
  /** Destroys the key of one event: its body is gone, its place stays. */
  erase(position: Position): void;
};

/**
 * A ledger in memory. As in the real one a batch closes with a block entry, so event positions have holes, duplicates
 * return the old position, and ledger time is rounded to the second and never decreases. Checkpoints and evidence
 * have the right type and no cryptographic meaning.
 */
export function createMemoryLedger(needs: {
  clock: Clock;
  maxBodyBytes?: number;
  maxBatchEntries?: number;
}): MemoryLedger {
  const maxBodyBytes = needs.maxBodyBytes ?? 1_048_576 * 4;
  const maxBatchEntries = needs.maxBatchEntries ?? 10_000;
  const logs: StoredLog[] = [{ slots: [], erased: new Set() }];
  const known = new Map<string, Position>();
  const waiters = new Set<() => void>();
  const refusals: { code: Refusal; recorded: boolean }[] = [];
  let held: Promise<void> | undefined;
  let waitingAppends = 0;
  let lastReceivedAtMs = 0;

  function logNumbered(log: number): StoredLog {
    const found = logs[log - 1];
    if (found === undefined) throw new LedgerError('not_found', `Cannot read log ${log}: it does not exist`);
    return found;
  }

  function head(): Position {
    return { log: logs.length, index: logNumbered(logs.length).slots.length };
  }

  function check(entry: AppendEntry): void {
    if (!Number.isSafeInteger(entry.sequence) || entry.sequence < 0) {
      throw new LedgerError(
        'entry_invalid',
        `Cannot append: sequence is ${entry.sequence}, must be a non-negative safe integer`,
      );
    }
    const { stream } = entry;
    if (stream !== undefined && (stream === '' || stream.length > maxStreamCharacters || !stream.isWellFormed())) {
      throw new LedgerError(
        'entry_invalid',
        `Cannot append: the stream must be well-formed and have 1 to ${maxStreamCharacters} characters`,
      );
    }
    if (entry.body.byteLength > maxBodyBytes) {
      throw new LedgerError(
        'entry_invalid',
        `Cannot append: body is ${entry.body.byteLength} bytes, must be at most ${maxBodyBytes}`,
      );
    }
  }

  function record(batch: AppendBatch): Position[] {
    if (batch.entries.length > maxBatchEntries) {
      throw new LedgerError(
        'entry_invalid',
        `Cannot append: batch has ${batch.entries.length} entries, must be at most ${maxBatchEntries}`,
      );
    }
    for (const entry of batch.entries) check(entry);
    lastReceivedAtMs = Math.max(lastReceivedAtMs, Math.floor(needs.clock.nowMs() / 1000) * 1000);
    const { slots } = logNumbered(logs.length);
    const before = slots.length;
    const positions = batch.entries.map((entry) => {
      const name = `${entry.stream ?? batch.collector}\n${entry.sequence}`;
      const old = known.get(name);
      if (old !== undefined) return old;
      const position = { log: logs.length, index: slots.length };
      const event = { position, receivedAtMs: lastReceivedAtMs, classUid: entry.classUid, body: entry.body.slice() };
      slots.push({ event, collector: batch.collector });
      known.set(name, position);
      return position;
    });
    if (slots.length > before) slots.push({ block: true });
    for (const wake of waiters) wake();
    return positions;
  }

  function visible(position: Position): LedgerEvent | undefined {
    const log = logNumbered(position.log);
    const slot = log.slots[position.index];
    if (slot === undefined || 'block' in slot) return undefined;
    return log.erased.has(position.index) ? { ...slot.event, body: undefined } : slot.event;
  }

  function found(position: Position): LedgerEvent {
    const event = visible(position);
    if (event === undefined)
      throw new LedgerError('not_found', `Cannot find "${formatPosition(position)}": no event has this position`);
    return event;
  }

  return {
    async append(batch) {
      waitingAppends += 1;
      try {
        await (held ?? Promise.resolve());
        const refusal = refusals.shift();
        if (refusal === undefined) return record(batch);
        if (refusal.recorded) record(batch);
        throw new LedgerError(refusal.code, `Cannot append: the ledger was told to answer "${refusal.code}"`);
      } finally {
        waitingAppends -= 1;
      }
    },
    head,
    async read(from, limits): Promise<LedgerRange> {
      const atEndOfOldLog = from.log < logs.length && from.index >= logNumbered(from.log).slots.length;
      const start = atEndOfOldLog ? { log: from.log + 1, index: 0 } : from;
      const { slots } = logNumbered(start.log);
      const events: LedgerEvent[] = [];
      let bytes = 0;
      let index = start.index;
      const end = limits.until?.log === start.log ? Math.min(slots.length, limits.until.index) : slots.length;
      for (; index < end && events.length < limits.maxEvents; index += 1) {
        const event = visible({ log: start.log, index });
        if (event === undefined) continue;
        bytes += event.body?.byteLength ?? 0;
        if (events.length > 0 && bytes > limits.maxBytes) break;
        events.push(event);
      }
      return { from, to: { log: start.log, index }, events };
    },
    waitPast(position, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const wake = (): void => {
        if (comparePositions(head(), position) > 0) resolve();
      };
      const abort = (): void => reject(signal.reason);
      waiters.add(wake);
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
      wake();
      return promise.finally(() => {
        waiters.delete(wake);
        signal.removeEventListener('abort', abort);
      });
    },
    async countEvents(log, from, to) {
      return logNumbered(log)
        .slots.slice(from, to)
        .filter((slot) => !('block' in slot)).length;
    },
    async checkpoint(log) {
      const { slots } = logNumbered(log);
      const root = createHash('sha256').update(`${log} ${slots.length}`).digest('base64');
      return `memory.invalid/log/${log}\n${slots.length}\n${root}\n\n`;
    },
    async verifierKey(log) {
      logNumbered(log);
      return `memory.invalid/log/${log}+00000000+AQ==`;
    },
    async prove(position) {
      const event = found(position);
      if (event.body === undefined)
        throw new LedgerError('erased', `Cannot prove "${formatPosition(position)}": its body was erased`);
      return `memory evidence of ${formatPosition(position)}\n${Buffer.from(event.body).toString('base64')}\n`;
    },
    events: () => logs.flatMap((log, at) => log.slots.flatMap((_, index) => visible({ log: at + 1, index }) ?? [])),
    collectorAt(position) {
      const slot = logNumbered(position.log).slots[position.index];
      return slot === undefined || 'block' in slot ? undefined : slot.collector;
    },
    refuseAppends(code, options = {}) {
      for (let left = options.times ?? 1; left > 0; left -= 1)
        refusals.push({ code, recorded: options.recorded ?? false });
    },
    holdAppends() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        if (held === promise) held = undefined;
        resolve();
      };
    },
    waitingAppends: () => waitingAppends,
    openNextLog() {
      logs.push({ slots: [], erased: new Set() });
      for (const wake of waiters) wake();
    },
    erase(position) {
      logNumbered(found(position).position.log).erased.add(position.index);
    },
  };
}
