import { keepBatchRaw } from './normalise-batch.ts';
import type { NormalisePool } from './normalise-pool.ts';
import type { NormaliseReply, NormaliseRequest, ReadingChange } from './normalise-protocol.ts';
import { joinSummaries } from './sources/batch-summary.ts';

/**
 * Normalises a batch whatever its events do to the thread: one that stalls or kills it, alone and for the second time, is kept
 * raw with the reason `normalise_failed`, and its neighbours are normalised as if it were not there. After `maxThreadEnds`
 * all that is left of the batch is kept raw, so that no sender can hold up the others for long. Throws `intake_closed`.
 */
export async function normaliseSurely(
  pool: Pick<NormalisePool, 'run'>,
  request: NormaliseRequest,
  maxThreadEnds: number,
): Promise<NormaliseReply> {
  const count = request.ends.length;
  const replies: NormaliseReply[] = [];
  const endsOf = new Map<number, number>();
  let suspect: number | undefined;
  let threadEnds = 0;
  let from = 0;
  while (from < count) {
    if (threadEnds >= maxThreadEnds) {
      replies.push(keepBatchRaw(part(request, from, count)));
      break;
    }
    const to = suspect === undefined || suspect < from ? count : Math.max(suspect, from + 1);
    const answer = await pool.run(part(request, from, to));
    if (!('kind' in answer)) {
      replies.push(answer);
      from = to;
      continue;
    }
    threadEnds += 1;
    suspect = from + Math.min(Math.max(0, answer.suspect), to - from - 1);
    const ended = (endsOf.get(suspect) ?? 0) + 1;
    endsOf.set(suspect, ended);
    if (to - from > 1 || ended === 1) continue;
    replies.push(keepBatchRaw(part(request, from, to)));
    from = to;
  }
  const [only, ...others] = replies;
  return only !== undefined && others.length === 0 ? only : joined(replies);
}

/** Some events of a batch. */
function part(request: NormaliseRequest, from: number, to: number): NormaliseRequest {
  const start = request.ends[from - 1] ?? 0;
  return {
    ...request,
    bytes: request.bytes.subarray(start, request.ends[to - 1] ?? start),
    ends: request.ends.slice(from, to).map((end) => end - start),
    cut: request.cut
      .filter(({ event }) => event >= from && event < to)
      .map((whole) => ({ ...whole, event: whole.event - from })),
    faults: request.faults
      .filter(({ event }) => event >= from && event < to)
      .map((fault) => ({ ...fault, event: fault.event - from })),
    changes: changesWithin(request.changes ?? [], from, to),
  };
}

/** With the one that holds at the beginning, if there is one. */
function changesWithin(changes: readonly ReadingChange[], from: number, to: number): ReadingChange[] {
  const before = changes.findLast(({ event }) => event <= from);
  const after = changes.filter(({ event }) => event > from && event < to);
  return [...(before === undefined ? [] : [{ ...before, event: from }]), ...after].map(({ event, reading }) => ({
    event: event - from,
    reading,
  }));
}

function joined(replies: readonly NormaliseReply[]): NormaliseReply {
  const lengths = replies.map(({ ends }) => ends.at(-1) ?? 0);
  const bodies = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  const ends: number[] = [];
  let at = 0;
  for (const [order, reply] of replies.entries()) {
    const length = lengths[order] ?? 0;
    bodies.set(new Uint8Array(reply.bodies, 0, length), at);
    for (const end of reply.ends) ends.push(at + end);
    at += length;
  }
  return {
    bodies: bodies.buffer,
    ends,
    classUids: replies.flatMap(({ classUids }) => classUids),
    reasons: replies.flatMap(({ reasons }) => reasons),
    summary: joinSummaries(replies.map(({ summary }) => summary)),
    unread: replies.flatMap(({ ends: made, unread }) => unread ?? made.map(() => [])),
  };
}
