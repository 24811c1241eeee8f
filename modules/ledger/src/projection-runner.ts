import type { Position } from '@sallyport/contracts';
import { comparePositions, formatPosition } from '@sallyport/contracts';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
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

export type ProjectionRunnerNeeds = {
  readonly ledger: Pick<Ledger, 'head' | 'read' | 'waitPast'>;
  readonly projection: Projection;
  readonly log: Log;
  /** Waits before a retry; resolves early when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly limits?: { readonly maxEvents: number; readonly maxBytes: number };
};

const defaultLimits = { maxEvents: 10_000, maxBytes: 8 * 1024 * 1024 };
const firstDelayMs = 50;
const maxDelayMs = 5000;

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
      const range = await ledger.read(cursor, limits);
      if (comparePositions(range.to, cursor) > 0) {
        state = 'running';
        await apply(range);
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
