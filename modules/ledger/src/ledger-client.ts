import type { JsonObject, Position } from '@sallyport/contracts';
import { comparePositions, isJsonObject, textOf } from '@sallyport/contracts';
import { CodedError, codeOf, messageOf } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import type { Log } from '@sallyport/platform/log';
import { createAnchorFiles } from './anchor-files.ts';
import type { AnchorFiles } from './anchor-files.ts';
import { encodeAppend } from './append-format.ts';
import { proveConsistency, readBegun } from './asking-outside.ts';
import type { BegunLog, OutsideAnswer, ProveConsistency } from './asking-outside.ts';
import { LedgerError } from './errors.ts';
import { asLedgerError, listOfLogs, nextLog, numbersOf } from './ledger-answers.ts';
import type { Ledger } from './ledger.ts';
import { retentionOf } from './retention-class.ts';
import type { CosignedCheckpoint } from './log-prover.ts';
import { createSealedClient } from './sealed-frames.ts';
import type { SealedClient } from './sealed-frames.ts';
import { createPruningSteps } from './pruning/prune-frames.ts';
import type { PruningSteps } from './pruning/prune-frames.ts';
import { createRangeReader } from './range/range-frames.ts';
import type { RangeReader } from './range/range-frames.ts';
import { decodeEvents, decodePositions } from './read-format.ts';
import type { HeldOutside } from './restored-event.ts';

export type LedgerClientNeeds = {
  /** Starts a sealer process and connects to it. */
  readonly connect: () => Promise<FramePeer>;
  /** The newest checkpoint seen, kept outside the ledger's directory. */
  readonly anchor: () => Promise<string | undefined>;
  readonly afterRestore: boolean;
  /** Asks those outside what they know of the log, before anything is signed or appended. Bounded in time. */
  readonly askOutside?: (begun: BegunLog, consistency: ProveConsistency) => Promise<OutsideAnswer>;
  /** The checkpoint of a log to prove this entry by (the newest without one), as witnesses have signed it too. */
  readonly cosigned?: (log: number, index?: number) => Promise<CosignedCheckpoint | undefined>;
  readonly log: Log;
  /** Waits before the next attempt to connect; resolves early when aborted. */
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onClockJump?: (jump: JsonObject) => void;
  readonly onRestored?: (restored: JsonObject) => void;
  /** Whether a start that failed with this fails the same way again. Trying on would only spend the tries of a PIN. */
  readonly isFinal?: (error: unknown) => boolean;
  /** The sealer had run and cannot be started again: `error` is final, and nobody tries any more. */
  readonly onGivenUp?: (error: unknown) => void;
};

/**
 * The ledger over frames. Restarts the sealer when it ends, until a start fails with what is final; calls in flight are
 * rejected with `unavailable`.
 */
export type LedgerClient = Ledger &
  SealedClient &
  AnchorFiles & {
    /** Resolves once the ledger is open; rejects when the first start fails. */
    ready(): Promise<void>;
    readonly secrets: {
      open(name: string): Promise<Uint8Array | undefined>;
      seal(name: string, bytes: Uint8Array): Promise<void>;
    };
    tile(log: number, path: string): Promise<Uint8Array>;
    /** Parts of a log for evidence of all they hold. */
    readonly ranges: RangeReader;
    readonly pruning: PruningSteps;
    /** The newest checkpoint of a log as witnesses have signed it too. With an entry: the one it is best proven by, with the time-stamps about it. */
    cosigned(log: number, index?: number): Promise<CosignedCheckpoint | undefined>;
    consistency(log: number, from: number, to: number): Promise<readonly Uint8Array[]>;
    /** Ends a hold. */
    sign(): Promise<void>;
    /**
     * Freezes the newest log when the checkpoint proves that it is not the newest of its history, and starts the sealer again, so
     * that the next log is opened. False: it proves nothing.
     */
    freeze(outside: HeldOutside): Promise<boolean>;
    /** `size`: entries when the sealer was opened, which closed logs keep. */
    logs(): readonly {
      readonly number: number;
      readonly origin: string;
      readonly verifierKey: string;
      readonly size?: number;
    }[];
    status(): Promise<JsonObject>;
    acceptClock(): Promise<void>;
    close(): Promise<void>;
  };

const firstDelayMs = 50;
const maxDelayMs = 5000;

export function createLedgerClient(needs: LedgerClientNeeds): LedgerClient {
  const stopping = new AbortController();
  const waiters = new Set<() => void>();
  let head: Position = { log: 1, index: 0 };
  let logs: ReturnType<typeof listOfLogs> = [];
  let peer: FramePeer | undefined;
  let isWaking = false;
  let isRestored = needs.afterRestore;
  let hasAppended = false;
  let hasOpened = false;
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => undefined);

  const moveHead = (body: JsonObject): void => {
    head = { log: Number(body['log']), index: Number(body['index']) };
    // Whoever follows the log goes on once those whose entries these are have been answered: that the head moved is told before they are.
    if (isWaking) return;
    isWaking = true;
    setImmediate(() => {
      isWaking = false;
      for (const wake of waiters) wake();
    });
  };

  const askOutside = async (next: FramePeer): Promise<OutsideAnswer> => {
    if (needs.askOutside === undefined) return {};
    const begun = readBegun((await next.call('begin', { head: {} })).head);
    return needs.askOutside(begun, (from, to) => proveConsistency(next, { log: begun.log, from, to }));
  };

  const connectOnce = async (): Promise<void> => {
    const next = await needs.connect();
    try {
      next.on('head', ({ head: body }) => moveHead(body));
      next.on('clock', ({ head: body }) => needs.onClockJump?.(body));
      const anchor = await needs.anchor();
      const { outside = [], hold = false } = await askOutside(next);
      const opened = await next.call('open', {
        head: {
          afterRestore: isRestored,
          ...(anchor === undefined ? {} : { anchor }),
          hold,
          outside: outside.map((held) => ({ ...held })),
        },
      });
      // Said once: a sealer started again must not open yet another log.
      isRestored = false;
      logs = listOfLogs(opened.head['logs']);
      const { restored } = opened.head;
      peer = next;
      moveHead(opened.head);
      if (isJsonObject(restored)) needs.onRestored?.(restored);
      hasOpened = true;
      first.resolve();
      await next.closed;
    } finally {
      peer = undefined;
      next.close();
      await next.closed;
    }
  };

  const keepConnected = async (): Promise<void> => {
    for (let delayMs = firstDelayMs; !stopping.signal.aborted;) {
      try {
        hasAppended = false;
        await connectOnce();
        // One that opens but ends before it has recorded anything is not started again and again without a pause.
        if (hasAppended) delayMs = firstDelayMs;
      } catch (error) {
        first.reject(error);
        needs.log.error('The sealer does not start', { code: codeOf(error) ?? 'unknown', message: messageOf(error) });
        if (needs.isFinal?.(error) === true) {
          if (hasOpened && !stopping.signal.aborted) needs.onGivenUp?.(error);
          return;
        }
      }
      if (stopping.signal.aborted) return;
      needs.log.warn('The sealer ended; starting it again', { delay_ms: delayMs });
      await needs.delay(delayMs, stopping.signal);
      delayMs = Math.min(delayMs * 2, maxDelayMs);
    }
  };
  const running = keepConnected();

  const call = async (method: string, request: FrameBody): Promise<FrameBody> => {
    if (peer === undefined) throw new LedgerError('unavailable', 'Cannot reach the ledger: its process is starting');
    try {
      return await peer.call(method, request);
    } catch (error) {
      throw asLedgerError(error);
    }
  };

  return {
    async append(batch) {
      if (batch.entries.length === 0) return [];
      const { streams, payload } = encodeAppend(batch);
      const reply = await call('append', {
        head: {
          collector: batch.collector,
          priority: batch.priority,
          retention: retentionOf(batch.retention, batch.priority),
          streams,
        },
        payload,
      });
      hasAppended = true;
      return decodePositions({
        log: Number(reply.head['log']),
        runs: numbersOf(reply.head['runs']),
        others: numbersOf(reply.head['others']),
      });
    },
    ...createSealedClient(call),
    ...createAnchorFiles(call),
    head: () => head,
    async read(from, limits) {
      const { until } = limits;
      const sameLog = until !== undefined && until.log === from.log;
      const reply = await call('read', {
        head: {
          log: from.log,
          index: from.index,
          maxEvents: limits.maxEvents,
          maxBytes: limits.maxBytes,
          ...(sameLog ? { until: until.index } : {}),
        },
      });
      const events = decodeEvents(reply.payload ?? new Uint8Array()).map((event) => ({
        position: { log: from.log, index: event.index },
        receivedAtMs: event.receivedAtMs,
        classUid: event.classUid,
        body: event.body,
      }));
      const to =
        reply.head['closed'] === true ? nextLog(logs, from.log) : { log: from.log, index: Number(reply.head['next']) };
      return { from, to, events };
    },
    waitPast(position, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        if (comparePositions(head, position) > 0) settle(resolve);
      };
      const abort = (): void =>
        settle(() =>
          reject(new CodedError('aborted', 'Waiting for the ledger was given up', { cause: signal.reason })),
        );
      const settle = (done: () => void): void => {
        waiters.delete(look);
        signal.removeEventListener('abort', abort);
        done();
      };
      waiters.add(look);
      signal.addEventListener('abort', abort, { once: true });
      if (signal.aborted) abort();
      else look();
      return promise;
    },
    countEvents: async (log, from, to) => Number((await call('count', { head: { log, from, to } })).head['count']),
    checkpoint: async (log) => textOf((await call('checkpoint', { head: { log } })).head['checkpoint']),
    async verifierKey(log) {
      const found = logs.find((candidate) => candidate.number === log);
      if (found === undefined) throw new LedgerError('not_found', `Cannot find log "${log}"`);
      return found.verifierKey;
    },
    async prove({ log, index }) {
      const cosigned = await needs.cosigned?.(log, index);
      return textOf((await call('prove', { head: { log, index, ...cosigned } })).head['evidence']);
    },
    tile: async (log, path) => (await call('tile', { head: { log, path } })).payload ?? new Uint8Array(),
    ranges: createRangeReader(call),
    pruning: createPruningSteps(call),
    cosigned: async (log, index) => needs.cosigned?.(log, index),
    consistency: (log, from, to) => proveConsistency({ call }, { log, from, to }),
    ready: () => first.promise,
    secrets: {
      async open(name) {
        const reply = await call('secret.open', { head: { name } });
        return reply.head['found'] === true ? reply.payload : undefined;
      },
      async seal(name, payload) {
        await call('secret.seal', { head: { name }, payload });
      },
    },
    async sign() {
      await call('sign', { head: {} });
    },
    async freeze(outside) {
      const isFrozen = (await call('freeze', { head: { ...outside } })).head['frozen'] === true;
      if (isFrozen) peer?.close();
      return isFrozen;
    },
    logs: () => logs,
    status: async () => (await call('status', { head: {} })).head,
    async acceptClock() {
      await call('clock.accept', { head: {} });
    },
    async close() {
      stopping.abort();
      peer?.close();
      await running;
    },
  };
}
