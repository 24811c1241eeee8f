import type { Position } from '@sallyport/contracts';
import { comparePositions, formatPosition } from '@sallyport/contracts';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Clock } from '@sallyport/platform/clock';
import type { Log } from '@sallyport/platform/log';
import { createTokenBucket, type TokenBucket } from '@sallyport/platform/token-bucket';
import { LedgerError } from './errors.ts';
import type { Ledger, LedgerEvent, LedgerRange } from './ledger.ts';
import type { Projection, ProjectionHealth } from './projection.ts';

export type ProjectionRunner = {
  health(): ProjectionHealth;
  /** Resolves when the projection has applied everything before `position`. For tests and orderly stops. */
  caughtUpTo(position: Position, signal: AbortSignal): Promise<void>;
  /** Ends after the range in progress. */
  stop(): Promise<void>;
};

type ProjectionRunnerNeeds = {
  readonly ledger: Pick<Ledger, 'head' | 'read' | 'waitPast'>;
  readonly projection: Projection;
  readonly log: Log;
  /** Waits before a retry; resolves early when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: { readonly maxEvents: number; readonly maxBytes: number };
  /** For a projection to which each range costs something, however little is in it. */
  readonly gather?: Gathering & { readonly clock: Pick<Clock, 'monotonicMs'> };
};

/**
 * While much comes in, ranges are put together: the next one is read `forMs` after the last one that held many events was begun, and
 * `smallMs` after the tenth in a row that held few. Who does one thing and looks for it finds it at once.
 */
export type Gathering = {
  readonly forMs: number;
  readonly smallMs: number;
  /** About as much, at most, is put into one range; default as much as is read at once. */
  readonly mostBytes?: number;
};

const defaultLimits = { maxEvents: 10_000, maxBytes: 8 * 1024 * 1024 };
const firstDelayMs = 50;
const maxDelayMs = 5000;
/** So many in one range are much coming in. */
const manyEvents = 50;
/** So many ranges of fewer are gone through without a rest. */
const smallAtOnce = 10;

/** Drives one projection along the feed for ever: a failure is logged, waited out, and the projection loaded again. */
export function createProjectionRunner(needs: ProjectionRunnerNeeds): ProjectionRunner {
  const { ledger, projection, log } = needs;
  const limits = needs.limits ?? defaultLimits;
  const stopping = new AbortController();
  const watchers = new Set<() => void>();
  let state: ProjectionHealth['state'] = 'starting';
  let cursor: Position = { log: 1, index: 0 };
  let eventsApplied = 0;
  let lastError: string | undefined;
  let small: TokenBucket | undefined;

  const apply = async (range: LedgerRange): Promise<void> => {
    await projection.apply(range);
    cursor = range.to;
    eventsApplied += range.events.length;
    lastError = undefined;
    for (const look of watchers) look();
  };

  /** The bounds of a range begun before a crash are kept to the letter, even if reading them takes several calls. */
  const readExactly = async (from: Position, to: Position): Promise<LedgerRange> => {
    const events: LedgerEvent[] = [];
    for (let at = from; comparePositions(at, to) < 0;) {
      const part = await ledger.read(at, { ...limits, until: to });
      if (comparePositions(part.to, at) <= 0) {
        throw new LedgerError('not_found', `Cannot read up to ${formatPosition(to)}: the ledger ends before it`);
      }
      events.push(...part.events);
      at = part.to;
    }
    return { from, to, events };
  };

  /** What there is within the limits, in one range also where others read it in several: they share what was read. */
  const readNext = async (): Promise<LedgerRange> => {
    const first = await ledger.read(cursor, limits);
    if (needs.gather === undefined) return first;
    const { mostBytes = limits.maxBytes } = needs.gather;
    const events = [...first.events];
    let { to } = first;
    // Half of the limits, so that what is put together is at most half over them, or over by what is read at once.
    for (let bytes = bytesOf(first); events.length < limits.maxEvents / 2 && bytes < mostBytes / 2;) {
      if (comparePositions(to, ledger.head()) >= 0) break;
      const next = await ledger.read(to, limits);
      if (comparePositions(next.to, to) <= 0 || next.to.log !== to.log) break;
      for (const event of next.events) events.push(event);
      bytes += bytesOf(next);
      ({ to } = next);
    }
    return { from: first.from, to, events };
  };

  const rest = async ({ events }: LedgerRange, begunMs: number): Promise<void> => {
    const { gather } = needs;
    if (gather === undefined) return;
    const nowMs = gather.clock.monotonicMs();
    small ??= createTokenBucket({ perSecond: 1000 / gather.smallMs, burst: smallAtOnce }, nowMs);
    const isSmall = events.length < manyEvents;
    if (isSmall) small.spend(nowMs, 1);
    const ms = isSmall ? small.waitMs(nowMs, 1) : gather.forMs - (nowMs - begunMs);
    if (ms > 0) await needs.delay(ms, stopping.signal);
  };

  const follow = async (): Promise<void> => {
    const head = ledger.head();
    const loaded = await projection.load(head);
    cursor = loaded.cursor;
    if (comparePositions(cursor, head) > 0) {
      // Waiting there would pass over everything the log puts before the cursor.
      throw new LedgerError(
        'ledger_corrupt',
        `Cannot go on from ${formatPosition(cursor)}: the ledger ends at ${formatPosition(head)}`,
      );
    }
    for (const look of watchers) look();
    if (loaded.unfinished !== undefined) await apply(await readExactly(loaded.unfinished.from, loaded.unfinished.to));
    while (!stopping.signal.aborted) {
      const range = await readNext();
      if (comparePositions(range.to, cursor) > 0) {
        state = 'running';
        const begunMs = needs.gather?.clock.monotonicMs() ?? 0;
        await apply(range);
        await rest(range, begunMs);
        continue;
      }
      state = 'caught up';
      await ledger.waitPast(cursor, stopping.signal);
    }
  };

  const run = async (): Promise<void> => {
    for (let delayMs = firstDelayMs; !stopping.signal.aborted;) {
      const before = eventsApplied;
      try {
        await follow();
      } catch (error) {
        if (stopping.signal.aborted) break;
        if (eventsApplied > before) delayMs = firstDelayMs;
        state = 'retrying';
        lastError = codeOf(error) ?? 'unknown';
        log.warn('A projection is retried', {
          projection: projection.name,
          code: lastError,
          message: messageOf(error),
          delay_ms: delayMs,
        });
        await needs.delay(delayMs, stopping.signal);
        delayMs = Math.min(delayMs * 2, maxDelayMs);
      }
    }
    state = 'stopped';
  };
  const running = run();

  return {
    health: () => ({
      name: projection.name,
      state,
      cursor,
      eventsApplied,
      ...(lastError === undefined ? {} : { lastError }),
    }),
    caughtUpTo(position, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = (done: () => void): void => {
        watchers.delete(look);
        signal.removeEventListener('abort', abort);
        done();
      };
      const look = (): void => {
        if (comparePositions(cursor, position) >= 0) end(resolve);
      };
      const abort = (): void =>
        end(() => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')));
      watchers.add(look);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else look();
      return promise;
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function bytesOf({ events }: LedgerRange): number {
  return events.reduce((sum, { body }) => sum + (body?.byteLength ?? 0), 0);
}
