import type { Clock } from '@sallyport/platform/clock';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Spool } from '../spool/spool.ts';
import type { PendingBatch } from '../spool/pending-batch.ts';
import { readAcknowledgement, readConflict } from './acknowledgement.ts';
import type { Acknowledgement } from './acknowledgement.ts';
import type { KeyInUse } from './key-in-use.ts';
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
  readonly keys: KeyInUse;
  /** What the server will want to know: told as a record by the caller. */
  readonly onRenumbered: (previous: string) => void;
  readonly onMayRepeat: (batch: DoubtfulBatch) => void;
};

/** Records that may stand twice on the server: its answer was lost, and the key they were sent with was taken away before it could be asked again. */
export type DoubtfulBatch = {
  readonly source: string;
  readonly sequence: number;
  readonly count: number;
  /** SHA-256 of the first and the last line. */
  readonly firstSha256: string;
  readonly lastSha256: string;
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
  | { readonly kind: 'taken'; readonly at: number }
  | {
      readonly kind: 'failed';
      readonly state: ConnectionState;
      readonly why: string;
      readonly atLeastMs: number;
      /** The server has certainly recorded nothing of it. */
      readonly isSure: boolean;
      readonly isKeyRefused?: boolean;
    };

/** Failures before the first byte of a request could leave. */
const beforeSending = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/**
 * Sends what the spool holds, one batch after another, for as long as it takes. A batch is sent under the same numbers, and with
 * the same key while that is any good, until the server says that all of it is recorded. A refusal for good concerns single
 * records that are too large; for every other failure nothing is given up. Numbers that a copy of this state has used are given
 * up for a new name: after a start one record asks first, so that the copy's numbers are not used up for nothing.
 */
export function createSender(needs: SenderNeeds): Sender {
  const { spool, transport, clock, random, log, keys } = needs;
  let state: ConnectionState = 'starting';
  let failures = 0;
  let lastAnswerMs: number | undefined;
  let lastError: string | undefined;
  let clockOffsetMs: number | undefined;
  let clockUncertaintyMs: number | undefined;
  /** The batch that the server may have recorded, though it never said so. */
  let doubtful: PendingBatch | undefined;
  /** Since this start the server has recorded something new under our numbers. */
  let areNumbersOurs = false;
  /** New names taken in a row without anything recorded under them. */
  let namesInVain = 0;

  function noteClock(answer: Answer, beganMs: number): void {
    lastAnswerMs = clock.nowMs();
    if (answer.dateMs === undefined) return;
    const halfTripMs = (lastAnswerMs - beganMs) / 2;
    // The header has whole seconds.
    clockOffsetMs = Math.round(answer.dateMs + 500 - (beganMs + halfTripMs));
    clockUncertaintyMs = Math.round(500 + halfTripMs);
  }

  type Piece = { readonly from: number; readonly count: number; readonly key: string };

  async function upload(batch: PendingBatch, { from, count, key }: Piece, signal: AbortSignal): Promise<Outcome> {
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
        key,
        signal,
      });
    } catch (error) {
      const code = error instanceof CodedError ? error.details['code'] : undefined;
      const isSure = typeof code === 'string' && beforeSending.has(code);
      return { kind: 'failed', state: 'unreachable', why: messageOf(error), atLeastMs: 0, isSure };
    }
    noteClock(answer, beganMs);
    if (answer.status === 413) {
      if (count === 1) return { kind: 'too_large', at: from };
      return inTwo(batch, { from, count, key }, Math.floor(count / 2), signal);
    }
    const conflict = answer.status === 409 ? readConflict(answer.body, sequence, count) : undefined;
    if (conflict !== undefined) return { kind: 'taken', at: conflict - batch.sequence };
    if (answer.status !== 200) return failureOf(answer);
    const acknowledgement = readAcknowledgement(answer.body, sequence, count);
    if (acknowledgement === undefined)
      return {
        kind: 'failed',
        state: 'refused',
        why: `The answer does not cover ${count} records from ${sequence}`,
        atLeastMs: 0,
        isSure: false,
      };
    return { kind: 'recorded', acknowledgement };
  }

  async function inTwo(batch: PendingBatch, piece: Piece, at: number, signal: AbortSignal): Promise<Outcome> {
    const { from, count, key } = piece;
    const first = await upload(batch, { from, count: at, key }, signal);
    if (first.kind !== 'recorded') return first;
    const second = await upload(batch, { from: from + at, count: count - at, key }, signal);
    // The first part is recorded.
    if (second.kind === 'failed') return { ...second, isSure: false };
    if (second.kind !== 'recorded') return second;
    const alreadyKnown = first.acknowledgement.alreadyKnown + second.acknowledgement.alreadyKnown;
    return { kind: 'recorded', acknowledgement: { ...second.acknowledgement, alreadyKnown } };
  }

  function send(batch: PendingBatch, key: string, signal: AbortSignal): Promise<Outcome> {
    const whole = { from: 0, count: batch.entries.length, key };
    return areNumbersOurs || whole.count < 2 ? upload(batch, whole, signal) : inTwo(batch, whole, 1, signal);
  }

  /** A batch that may be recorded is asked about with the key it was sent with. */
  async function sendWithItsKey(batch: PendingBatch, signal: AbortSignal): Promise<Outcome> {
    const current = keys.current();
    const kept = keys.kept();
    const isDoubtful = batch.resumed || doubtful === batch;
    if (isDoubtful && kept !== undefined && kept !== current) {
      const outcome = await send(batch, kept, signal);
      if (outcome.kind !== 'failed' || outcome.isKeyRefused !== true) return outcome;
      const digest = (line = ''): string => createHash('sha256').update(line).digest('hex');
      log.warn('the key of a batch without an answer is refused: it may be recorded twice', {
        sequence: batch.sequence,
      });
      needs.onMayRepeat({
        source: needs.source(spool.installation()),
        sequence: batch.sequence,
        count: batch.entries.length,
        firstSha256: digest(batch.entries[0]?.line),
        lastSha256: digest(batch.entries.at(-1)?.line),
      });
    }
    keys.keep(current);
    return send(batch, current, signal);
  }

  function failureOf(answer: Answer): Outcome {
    const why = `${answer.status} ${answer.body.slice(0, 200)}`;
    const passes = answer.status === 408 || answer.status === 429 || answer.status >= 500;
    const isKeyRefused = answer.status === 401 || answer.status === 403;
    const atLeastMs = askedDelayMs(answer, clock.nowMs());
    return { kind: 'failed', state: passes ? 'busy' : 'refused', why, atLeastMs, isSure: isKeyRefused, isKeyRefused };
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
    // What the server knew already is the same to the letter: it refuses another event under a known number.
    if (alreadyKnown < batch.entries.length) areNumbersOurs = true;
    const last = batch.entries.at(-1);
    const sha256 = createHash('sha256')
      .update(last?.line ?? '')
      .digest('hex');
    spool.acknowledge(batch, { sequence: batch.sequence + batch.entries.length - 1, log: logNumber, index, sha256 });
    if (state !== 'sending') log.info('sending works', { waiting: spool.status().waiting });
    state = 'sending';
    namesInVain = 0;
    failures = 0;
    lastError = undefined;
    doubtful = undefined;
    return 0;
  }

  /** A copy of this state, or an older one put back, has used these numbers. */
  function taken(at: number): number {
    const previous = spool.installation();
    spool.beginAnew(at);
    doubtful = undefined;
    namesInVain += 1;
    log.error('the numbers of this sensor are used by a copy of it: going on under another name', { previous });
    needs.onRenumbered(previous);
    // Nobody has used a name made just now: a server that says so of one after the other is not asked without end.
    return namesInVain === 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(namesInVain, 16));
  }

  return {
    async step(signal) {
      try {
        const batch = spool.nextBatch(batchLimits);
        if (batch === undefined) return idleMs;
        const outcome = await sendWithItsKey(batch, signal);
        switch (outcome.kind) {
          case 'recorded':
            return recorded(batch, outcome.acknowledgement);
          case 'taken':
            return taken(outcome.at);
          case 'too_large': {
            log.error('the server takes no record of this size: a report goes in its place', {
              kind: batch.entries[outcome.at]?.kind ?? '',
            });
            doubtful = spool.replaceRefused(batch, outcome.at);
            return 0;
          }
          case 'failed':
            if (!outcome.isSure) doubtful = batch;
            return failed(outcome);
        }
      } catch (error) {
        // The state directory cannot be written: what is sent could not be remembered as sent.
        return failed({
          kind: 'failed',
          state: 'refused',
          why: messageOf(error),
          atLeastMs: firstDelayMs,
          isSure: false,
        });
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
