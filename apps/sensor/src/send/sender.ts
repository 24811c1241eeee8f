import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Spool } from '../spool/spool.ts';
import type { PendingBatch } from '../spool/pending-batch.ts';
import { readAcknowledgement } from './acknowledgement.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { Answer, Transport } from './transport.ts';

export type SenderNeeds = {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly clock: Clock;
  /** Between 0 and 1; spreads the tries of many sensors. */
  readonly random: () => number;
  readonly log: Log;
  /** The name this installation sends under. */
  readonly source: (installation: string) => string;
  /** What the server will want to know: told as a record by the caller. */
  readonly onRenumbered: (previous: string) => void;
};

export type ConnectionState = 'starting' | 'sending' | 'unreachable' | 'busy' | 'refused';

export type SenderStatus = {
  readonly state: ConnectionState;
  readonly failures: number;
  readonly lastAnswerMs: number | undefined;
  readonly lastError: string | undefined;
  /** How far this host's clock is from the server's, and how sure that is. Positive: the server is ahead. */
  readonly clockOffsetMs: number | undefined;
  readonly clockUncertaintyMs: number | undefined;
};

export type Sender = {
  /** One try to send the next batch. Resolves with the time until the next is worth it; 0 when there may be more. Never rejects. */
  step(signal: AbortSignal): Promise<number>;
  status(): SenderStatus;
};

const batchLimits = { maxRecords: 2000, maxBytes: 1 << 20 } as const;
const idleMs = 1000;
const firstDelayMs = 1000;
const longestDelayMs = 60_000;
const longestAskedDelayMs = 600_000;
/** For a key that is refused: somebody must act, but once they did it should go on soon. */
const longestRefusedDelayMs = 30_000;
const compressFromBytes = 1024;

type Outcome =
  | { readonly kind: 'recorded'; readonly acknowledgement: Acknowledgement }
  | { readonly kind: 'too_large'; readonly at: number }
  | { readonly kind: 'failed'; readonly state: ConnectionState; readonly why: string; readonly atLeastMs: number };

/**
 * Sends what the spool holds, one batch after another, for as long as it takes. A batch is sent under the same numbers until
 * the server says that all of it is recorded. A refusal for good concerns single records that are too large; for every other
 * failure nothing is given up.
 */
export function createSender(needs: SenderNeeds): Sender {
  const { spool, transport, clock, random, log } = needs;
  let state: ConnectionState = 'starting';
  let failures = 0;
  let lastAnswerMs: number | undefined;
  let lastError: string | undefined;
  let clockOffsetMs: number | undefined;
  let clockUncertaintyMs: number | undefined;
  /** The batch whose first try is over: from then on the server may know its numbers from us. */
  let tried: PendingBatch | undefined;

  function noteClock(answer: Answer, beganMs: number): void {
    lastAnswerMs = clock.nowMs();
    if (answer.dateMs === undefined) return;
    const halfTripMs = (lastAnswerMs - beganMs) / 2;
    // The header has whole seconds.
    clockOffsetMs = Math.round(answer.dateMs + 500 - (beganMs + halfTripMs));
    clockUncertaintyMs = Math.round(500 + halfTripMs);
  }

  async function upload(batch: PendingBatch, from: number, count: number, signal: AbortSignal): Promise<Outcome> {
    const sequence = batch.sequence + from;
    const text = Buffer.from(
      batch.entries
        .slice(from, from + count)
        .map(({ line }) => `${line}\n`)
        .join(''),
    );
    const isCompressed = text.length >= compressFromBytes;
    const source = needs.source(spool.installation());
    const beganMs = clock.nowMs();
    let answer: Answer;
    try {
      answer = await transport.ask({
        method: 'POST',
        path: `/v1/events?${new URLSearchParams({ source, sequence: String(sequence) }).toString()}`,
        headers: { 'content-type': 'application/x-ndjson', ...(isCompressed ? { 'content-encoding': 'gzip' } : {}) },
        body: isCompressed ? gzipSync(text, { level: 1 }) : text,
        signal,
      });
    } catch (error) {
      return { kind: 'failed', state: 'unreachable', why: messageOf(error), atLeastMs: 0 };
    }
    noteClock(answer, beganMs);
    if (answer.status === 413) {
      if (count === 1) return { kind: 'too_large', at: from };
      const half = Math.floor(count / 2);
      const first = await upload(batch, from, half, signal);
      if (first.kind !== 'recorded') return first;
      const second = await upload(batch, from + half, count - half, signal);
      if (second.kind !== 'recorded') return second;
      const alreadyKnown = first.acknowledgement.alreadyKnown + second.acknowledgement.alreadyKnown;
      return { kind: 'recorded', acknowledgement: { ...second.acknowledgement, alreadyKnown } };
    }
    if (answer.status !== 200) return failureOf(answer);
    const acknowledgement = readAcknowledgement(answer.body, sequence, count);
    if (acknowledgement === undefined)
      return {
        kind: 'failed',
        state: 'refused',
        why: `The answer does not cover ${count} records from ${sequence}`,
        atLeastMs: 0,
      };
    return { kind: 'recorded', acknowledgement };
  }

  function failureOf(answer: Answer): Outcome {
    const why = `${answer.status} ${answer.body.slice(0, 200)}`;
    const passes = answer.status === 408 || answer.status === 429 || answer.status >= 500;
    return { kind: 'failed', state: passes ? 'busy' : 'refused', why, atLeastMs: askedDelayMs(answer, clock.nowMs()) };
  }

  function failed(outcome: Extract<Outcome, { kind: 'failed' }>): number {
    if (state !== outcome.state)
      log.warn('sending does not work', { state: outcome.state, why: outcome.why, waiting: spool.status().waiting });
    state = outcome.state;
    lastError = outcome.why;
    const longest = outcome.state === 'refused' ? longestRefusedDelayMs : longestDelayMs;
    const delayMs = Math.min(longest, firstDelayMs * 2 ** Math.min(failures, 16)) * (0.5 + random() / 2);
    failures += 1;
    return Math.max(delayMs, outcome.atLeastMs);
  }

  function recorded(batch: PendingBatch, { alreadyKnown, log: logNumber, index }: Acknowledgement): number {
    const isFirstTry = tried !== batch && !batch.resumed;
    if (isFirstTry && alreadyKnown > 0) {
      // A copy of this state, or an older one put back, has used these numbers: the server would drop what is new.
      const previous = spool.installation();
      spool.beginAnew();
      tried = undefined;
      log.error('the numbers of this sensor are used by a copy of it: going on under another name', { previous });
      needs.onRenumbered(previous);
      return 0;
    }
    const last = batch.entries.at(-1);
    const sha256 = createHash('sha256')
      .update(last?.line ?? '')
      .digest('hex');
    spool.acknowledge(batch, { sequence: batch.sequence + batch.entries.length - 1, log: logNumber, index, sha256 });
    if (state !== 'sending') log.info('sending works', { waiting: spool.status().waiting });
    state = 'sending';
    failures = 0;
    lastError = undefined;
    tried = undefined;
    return 0;
  }

  return {
    async step(signal) {
      try {
        const batch = spool.nextBatch(batchLimits);
        if (batch === undefined) return idleMs;
        const outcome = await upload(batch, 0, batch.entries.length, signal);
        if (outcome.kind === 'recorded') return recorded(batch, outcome.acknowledgement);
        if (outcome.kind === 'too_large') {
          log.error('the server takes no record of this size: a report goes in its place', {
            kind: batch.entries[outcome.at]?.kind ?? '',
          });
          tried = spool.replaceRefused(batch, outcome.at);
          return 0;
        }
        tried = batch;
        return failed(outcome);
      } catch (error) {
        // The state directory cannot be written: what is sent could not be remembered as sent.
        return failed({ kind: 'failed', state: 'refused', why: messageOf(error), atLeastMs: firstDelayMs });
      }
    },
    status: () => ({ state, failures, lastAnswerMs, lastError, clockOffsetMs, clockUncertaintyMs }),
  };
}

/** Retry-After, RFC 9110 section 10.2.3: seconds or a date. Bounded, so that an answer cannot silence the sensor. */
function askedDelayMs(answer: Answer, nowMs: number): number {
  const text = answer.retryAfter ?? '';
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(delayMs) ? Math.min(Math.max(delayMs, 0), longestAskedDelayMs) : 0;
}
