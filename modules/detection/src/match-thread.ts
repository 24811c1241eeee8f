import { Worker } from 'node:worker_threads';
import { compileCacheEnvironment } from '@sallyport/platform/compile-cache';
import type { ExceptionRefusal, MatchException } from './match-exception.ts';
import type {
  EventCosts,
  EventOutcome,
  HostMessage,
  RuleRefusal,
  RuleSource,
  RuleSummary,
  ThreadMessage,
} from './match-protocol.ts';
import type { Every } from './needs.ts';

export type MatchThreadOptions = {
  readonly workerUrl: URL;
  readonly sources: readonly RuleSource[];
  readonly every: Every;
  /** A thread that makes no progress for this long is ended. Volume alone never trips it: every event is progress. */
  readonly eventTimeLimitMs: number;
  readonly loadTimeLimitMs: number;
  readonly memoryLimitMb: number;
  /** Told now and then what rules cost. */
  readonly onCosts?: (costs: EventCosts) => void;
};

/** Why a thread is gone: it stood still, or it ended by itself (out of memory, an uncaught error). */
export type ThreadEnd = 'time limit' | 'death';

export type ScanAnswer =
  | { readonly kind: 'scanned'; readonly outcomes: readonly EventOutcome[] }
  /** The thread is gone. `suspect` is the ordinal of the event it was looking at. */
  | { readonly kind: 'ended'; readonly end: ThreadEnd; readonly suspect: number };

/** The thread did not live to have its rules loaded. `suspect` is the ordinal of the source it was reading. */
export type LoadEnd = { readonly kind: 'not loaded'; readonly end: ThreadEnd; readonly suspect: number };

/** One worker thread with one rule set. One scan at a time. */
export type MatchThread = {
  readonly kind: 'loaded';
  readonly rules: readonly RuleSummary[];
  readonly refusals: readonly RuleRefusal[];
  scan(bodies: readonly Uint8Array[]): Promise<ScanAnswer>;
  /** Replaces the exceptions, not during a scan; undefined when the thread did not live through reading them. */
  except(exceptions: readonly MatchException[]): Promise<readonly ExceptionRefusal[] | undefined>;
  close(): Promise<void>;
};

const watchIntervalMs = 1000;

/** Starts a thread and loads the rules in it; resolves to what became of it when that fails. Hostile rule files can stall or kill the thread, nothing else. */
export async function startMatchThread(options: MatchThreadOptions): Promise<MatchThread | LoadEnd> {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(options.workerUrl, {
    resourceLimits: { maxOldGenerationSizeMb: options.memoryLimitMb },
    // The thread needs no secret: of the environment it gets where compiled code is, and nothing else.
    env: compileCacheEnvironment(),
  });
  let stalled = false;
  let gone = false;
  let settle: ((answer: ThreadMessage | ThreadEnd) => void) | undefined;

  worker.on('message', (message: ThreadMessage) => settle?.(message));
  // The reason may quote an event; that it ended is what matters, and 'exit' says so.
  worker.on('error', () => undefined);
  worker.on('exit', () => {
    gone = true;
    settle?.(stalled ? 'time limit' : 'death');
  });

  async function ask(message: HostMessage, limitMs: number, transfer: readonly ArrayBuffer[]) {
    if (gone) return 'death';
    const { promise, resolve } = Promise.withResolvers<ThreadMessage | ThreadEnd>();
    settle = resolve;
    Atomics.store(progress, 0, -1);
    let seen = -1;
    let stillMs = 0;
    const stopWatching = options.every(watchIntervalMs, () => {
      const now = Atomics.load(progress, 0);
      stillMs = now === seen ? stillMs + watchIntervalMs : 0;
      seen = now;
      if (stillMs < limitMs) return;
      stalled = true;
      void worker.terminate();
    });
    worker.postMessage(message, [...transfer]);
    const answer = await promise;
    stopWatching();
    settle = undefined;
    return answer;
  }

  const loaded = await ask({ kind: 'load', sources: options.sources, progress }, options.loadTimeLimitMs, []);
  if (typeof loaded === 'string' || loaded.kind !== 'loaded') {
    await worker.terminate();
    const suspect = Math.max(0, Atomics.load(progress, 0));
    return { kind: 'not loaded', end: typeof loaded === 'string' ? loaded : 'death', suspect };
  }
  return {
    kind: 'loaded',
    rules: loaded.rules,
    refusals: loaded.refusals,
    async scan(bodies) {
      const { packed, ends } = pack(bodies);
      const answer = await ask({ kind: 'scan', packed, ends }, options.eventTimeLimitMs, [packed.buffer]);
      if (typeof answer !== 'string' && answer.kind === 'scanned') {
        if (answer.costs !== undefined) options.onCosts?.(answer.costs);
        return answer;
      }
      await worker.terminate();
      const suspect = Math.max(0, Atomics.load(progress, 0));
      return { kind: 'ended', end: typeof answer === 'string' ? answer : 'death', suspect };
    },
    async except(exceptions) {
      const answer = await ask({ kind: 'except', exceptions }, options.eventTimeLimitMs, []);
      if (typeof answer !== 'string' && answer.kind === 'excepted') return answer.refusals;
      await worker.terminate();
      return undefined;
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** Copies the bodies into one buffer of their own: they may be views into a block, and a clone would copy all of it. */
function pack(bodies: readonly Uint8Array[]): { packed: Uint8Array<ArrayBuffer>; ends: number[] } {
  const packed = new Uint8Array(bodies.reduce((sum, body) => sum + body.byteLength, 0));
  const ends: number[] = [];
  let at = 0;
  for (const body of bodies) {
    packed.set(body, at);
    at += body.byteLength;
    ends.push(at);
  }
  return { packed, ends };
}
