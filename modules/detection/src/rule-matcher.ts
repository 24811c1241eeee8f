import { DetectionError } from './errors.ts';
import type { ExceptionRefusal, MatchException } from './match-exception.ts';
import type { EventOutcome, RuleRefusal, RuleSource, RuleSummary } from './match-protocol.ts';
import { createLane } from './match-lane.ts';
import { startMatchThread } from './match-thread.ts';
import type { LoadEnd, MatchThread, MatchThreadOptions } from './match-thread.ts';

/** One rule set in force, whatever happens to the thread that matches it. */
export type RuleMatcher = {
  readonly rules: ReadonlyMap<string, RuleSummary>;
  readonly refusals: readonly RuleRefusal[];
  /**
   * One outcome per body, in order, a bounded lot at a time. An event that stalls or kills the thread, alone and for the second time,
   * comes out as unscannable; its neighbours are scanned as if it were not there.
   * Throws `DetectionError` `rules_unloadable` when no thread can be had.
   */
  match(bodies: readonly Uint8Array[]): AsyncGenerator<readonly EventOutcome[]>;
  /**
   * Replaces the exceptions that matches are held against; not during a match. Answers those that cannot be read; undefined when a thread did
   * not live through reading them: no exception holds then.
   */
  except(exceptions: readonly MatchException[]): Promise<readonly ExceptionRefusal[] | undefined>;
  /** Threads started after the first one. */
  restarts(): number;
  /** Waits until the match under way is read to its end or given up. */
  close(): Promise<void>;
};

export type RuleMatcherOptions = MatchThreadOptions & {
  /** Threads that match side by side (1). Each has all the rules. */
  readonly threads?: number;
};

/** Rule files left out because the thread did not live through reading them. With more of them something else is wrong. */
const maxPoisonousFiles = 3;
/** Fewer events than this for each thread are not worth waking it. */
const leastShare = 16;

/**
 * A rule file that stalls or kills the thread that loads it is left out and refused by name; the others come into force.
 * Throws `DetectionError` `rules_unloadable` when the rules cannot be loaded within the limits all the same.
 */
export async function startRuleMatcher(options: RuleMatcherOptions): Promise<RuleMatcher> {
  const leftOut: RuleRefusal[] = [];
  let sources = options.sources;
  const first = await startWithout();
  const start = (): Promise<MatchThread> => startLoaded({ ...options, sources });
  const lanes = [createLane(first, start)];
  await startOthers();
  let closed = false;
  let underWay: Promise<unknown> = Promise.resolve();

  async function startWithout(): Promise<MatchThread> {
    for (;;) {
      const started = await startMatchThread({ ...options, sources });
      if (started.kind === 'loaded') return started;
      const suspect = sources[started.suspect];
      if (suspect === undefined || leftOut.length >= maxPoisonousFiles) throw unloadable(sources, started);
      leftOut.push({ file: suspect.file, reason: `reading it ended the matching thread (${started.end})` });
      sources = sources.filter((source) => source !== suspect);
    }
  }

  async function startOthers(): Promise<void> {
    const wanted = Array.from({ length: (options.threads ?? 1) - 1 }, start);
    const started = await Promise.allSettled(wanted);
    for (const one of started) if (one.status === 'fulfilled') lanes.push(createLane(one.value, start));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed === undefined) return;
    await Promise.all(lanes.map((lane) => lane.close()));
    throw failed.reason;
  }

  /** Each lane has a share of neighbours; what it finds first is worked out while those before it are still read. */
  async function* outcomesOf(bodies: readonly Uint8Array[]): AsyncGenerator<readonly EventOutcome[]> {
    const share = Math.max(leastShare, Math.ceil(bodies.length / lanes.length));
    const shares = lanes.map((lane, order) => lane.outcomesOf(bodies.slice(order * share, (order + 1) * share)));
    const begun = shares.map((outcomes) => outcomes.next());
    // A failure is told when its turn comes; until then it must not count as nobody's.
    for (const one of begun) one.catch(() => undefined);
    try {
      for (const [order, outcomes] of shares.entries()) {
        const lot = await begun[order];
        if (lot === undefined || lot.done === true) continue;
        yield lot.value;
        yield* outcomes;
      }
    } finally {
      await Promise.allSettled(shares.map((outcomes) => outcomes.return(undefined)));
    }
  }

  return {
    rules: new Map(first.rules.map((rule) => [rule.id, rule])),
    refusals: [...leftOut, ...first.refusals],
    async *match(bodies) {
      // A thread started now would outlive the matcher.
      if (closed)
        throw new DetectionError('detection_stopped', 'Cannot match events: these rules are no longer in force');
      const { promise, resolve } = Promise.withResolvers<void>();
      underWay = promise;
      try {
        yield* outcomesOf(bodies);
      } finally {
        resolve();
      }
    },
    async except(exceptions) {
      const answers = await Promise.all(lanes.map((lane) => lane.except(exceptions)));
      if (answers.every((answer) => answer !== undefined)) return answers[0];
      await Promise.all(lanes.map((lane) => lane.except([])));
      return undefined;
    },
    restarts: () => lanes.reduce((sum, lane) => sum + lane.restarts(), 0),
    async close() {
      closed = true;
      await underWay;
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** Throws `DetectionError` `rules_unloadable`. */
async function startLoaded(options: MatchThreadOptions): Promise<MatchThread> {
  const started = await startMatchThread(options);
  if (started.kind === 'loaded') return started;
  throw unloadable(options.sources, started);
}

function unloadable(sources: readonly RuleSource[], { end }: LoadEnd): DetectionError {
  return new DetectionError(
    'rules_unloadable',
    `Cannot load ${sources.length} rule files: the matching thread ended by ${end}, must load them within its limits`,
    { hint: 'take the newest rule files out of the rules directory and reload' },
  );
}
