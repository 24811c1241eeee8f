import { comparePositions, formatPosition } from '@sallyport/contracts';
import type { Position } from '@sallyport/contracts';
import type { AppendEntry, Ledger } from '@sallyport/ledger';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import { EventIntakeError } from './errors.ts';
import type { IntakeLimits } from './limits.ts';
import type { NormalisePool } from './normalise-pool.ts';
import { normaliseSurely } from './normalise-surely.ts';
import { keptRawReasons } from './kept-raw-reasons.ts';
import type { NormaliseReply, NormaliseRequest } from './normalise-protocol.ts';
import { findOverwritten } from './resent-events.ts';
import type { ResentEvent } from './resent-events.ts';
import type { InTurn } from './in-turn.ts';
import { emptySummary, joinSummaries } from './sources/batch-summary.ts';
import type { BatchSummary } from './sources/batch-summary.ts';

/** Events with consecutive sequences and consecutive indexes. */
export type PositionRun = { readonly sequence: number; readonly log: number; readonly index: number; count: number };

export type Delivered = {
  /** Events durable in the ledger. */
  accepted: number;
  keptRaw: number;
  /** Of the accepted, those that had been in the ledger before. */
  alreadyKnown: number;
  readonly runs: PositionRun[];
  readonly reasons: { readonly sequence: number; readonly code: string }[];
  readonly reasonCounts: Map<string, number>;
  /** Of the accepted, as they were received. */
  bytes: number;
  /** Of batches that are durable as a whole. */
  summary: BatchSummary;
};

/** Takes the batches of one request to the ledger, in order: the next is normalised while one is appended. */
export type Delivery = {
  /** Resolves when there is room for another batch. Rejects with the first failure; everything before it is durable. */
  deliver(request: NormaliseRequest): Promise<void>;
  /** Resolves when every batch is durable. */
  finish(): Promise<void>;
  /** What is durable so far. */
  readonly delivered: Delivered;
  /** The sequence from which to resend after a failure. */
  nextSequence(): number;
};

export function createDelivery(
  needs: {
    readonly ledger: Pick<Ledger, 'append' | 'head' | 'read'>;
    readonly pool: NormalisePool;
    readonly limits: IntakeLimits;
    /** Appends to one stream one after another: what stood before the head was there before. */
    readonly inTurn: InTurn;
  },
  target: {
    readonly collector: string;
    readonly stream: string;
    readonly firstSequence: number;
    /** How long its events are kept, when that was set for it. */
    readonly retention?: string | undefined;
  },
): Delivery {
  const delivered: Delivered = {
    accepted: 0,
    keptRaw: 0,
    alreadyKnown: 0,
    runs: [],
    reasons: [],
    reasonCounts: new Map(),
    bytes: 0,
    summary: emptySummary,
  };
  const { collector, retention } = target;
  const named = { collector, priority: 'intake' as const, ...(retention === undefined ? {} : { retention }) };
  let last: Promise<void> = Promise.resolve();

  async function append(reply: NormaliseReply, ends: readonly number[]): Promise<void> {
    let from = 0;
    while (from < reply.ends.length) {
      const to = appendEnd(reply, from, needs.limits);
      const sequence = target.firstSequence + delivered.accepted;
      const entries = entriesOf(reply, { from, to, sequence, stream: target.stream });
      const { positions, head } = await needs.inTurn(target.stream, async () => ({
        head: needs.ledger.head(),
        positions: await needs.ledger.append({ ...named, entries }),
      }));
      const resent = resentOf(entries, positions, head);
      const overwritten = resent.length === 0 ? undefined : await findOverwritten(needs.ledger, resent);
      if (overwritten !== undefined) throw conflict(overwritten);
      delivered.alreadyKnown += resent.length;
      addRuns(delivered.runs, sequence, positions);
      for (let index = from; index < to; index += 1) note(reply.reasons[index] ?? 0, sequence + index - from);
      delivered.accepted += to - from;
      delivered.bytes += (ends[to - 1] ?? 0) - (ends[from - 1] ?? 0);
      from = to;
    }
    delivered.summary = joinSummaries([delivered.summary, reply.summary]);
  }

  function note(reasonIndex: number, sequence: number): void {
    const code = keptRawReasons[reasonIndex];
    if (code === undefined || code === 'none') return;
    delivered.keptRaw += 1;
    delivered.reasonCounts.set(code, (delivered.reasonCounts.get(code) ?? 0) + 1);
    if (delivered.reasons.length < needs.limits.maxReasonsTold) delivered.reasons.push({ sequence, code });
  }

  return {
    async deliver(request) {
      const before = last;
      const normalised = normaliseSurely(needs.pool, request, needs.limits.maxThreadEnds);
      last = before.then(async () => append(await normalised, request.ends));
      // Both are awaited later; until then a rejection must not count as unhandled.
      normalised.catch(() => undefined);
      last.catch(() => undefined);
      await before;
    },
    finish: () => last,
    delivered,
    nextSequence: () => target.firstSequence + delivered.accepted,
  };
}

/** How many of the reply's events fit into one append. */
function appendEnd(reply: NormaliseReply, from: number, limits: IntakeLimits): number {
  const start = reply.ends[from - 1] ?? 0;
  let to = from + 1;
  while (
    to < reply.ends.length &&
    to - from < limits.maxBatchEvents &&
    (reply.ends[to] ?? 0) - start <= limits.maxAppendBytes
  )
    to += 1;
  return to;
}

function entriesOf(
  reply: NormaliseReply,
  span: { from: number; to: number; sequence: number; stream: string },
): AppendEntry[] {
  const entries: AppendEntry[] = [];
  for (let index = span.from; index < span.to; index += 1) {
    const start = index === 0 ? 0 : (reply.ends[index - 1] ?? 0);
    entries.push({
      classUid: reply.classUids[index] ?? 0,
      body: new Uint8Array(reply.bodies, start, (reply.ends[index] ?? 0) - start),
      sequence: span.sequence + index - span.from,
      stream: span.stream,
    });
  }
  return entries;
}

function addRuns(runs: PositionRun[], firstSequence: number, positions: readonly Position[]): void {
  for (const [offset, { log, index }] of positions.entries()) {
    const run = runs.at(-1);
    const sequence = firstSequence + offset;
    const continues =
      run !== undefined && run.log === log && run.index + run.count === index && run.sequence + run.count === sequence;
    if (continues) run.count += 1;
    else runs.push({ sequence, log, index, count: 1 });
  }
}

/** The same failure, telling from where to resend. */
export function withNextSequence(error: unknown, delivery: Delivery): unknown {
  const code = codeOf(error);
  if (!(error instanceof CodedError) || code === undefined) return error;
  const details = { ...error.details, next_sequence: delivery.nextSequence(), accepted: delivery.delivered.accepted };
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new CodedError(code, messageOf(error), { cause: error, details, ...hint });
}

function resentOf(entries: readonly AppendEntry[], positions: readonly Position[], head: Position): ResentEvent[] {
  return positions.flatMap((position, order) => {
    const entry = entries[order];
    if (entry === undefined || comparePositions(position, head) >= 0) return [];
    return [{ sequence: entry.sequence, position, body: entry.body }];
  });
}

function conflict({ sequence, position }: ResentEvent): EventIntakeError {
  return new EventIntakeError(
    'sequence_conflict',
    `Cannot record sequence ${sequence}: another event of this source has it, at ${formatPosition(position)}`,
    {
      details: { conflict_sequence: sequence, conflict_position: formatPosition(position) },
      hint: 'go on counting where this source ended, or send as another source',
    },
  );
}
