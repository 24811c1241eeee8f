import { DetectionError } from './errors.ts';
import type { EventOutcome, RuleRefusal, RuleSource, RuleSummary } from './match-protocol.ts';
import { startMatchThread } from './match-thread.ts';
import type { LoadEnd, MatchThread, MatchThreadOptions, ThreadEnd } from './match-thread.ts';

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
  /** Threads started after the first one. */
  restarts(): number;
  /** Waits until the match under way is read to its end or given up. */
  close(): Promise<void>;
};

/** Rule files left out because the thread did not live through reading them. With more of them something else is wrong. */
const maxPoisonousFiles = 3;

/**
 * A rule file that stalls or kills the thread that loads it is left out and refused by name; the others come into force.
 * Throws `DetectionError` `rules_unloadable` when the rules cannot be loaded within the limits all the same.
 */
export async function startRuleMatcher(options: MatchThreadOptions): Promise<RuleMatcher> {
  const leftOut: RuleRefusal[] = [];
  let sources = options.sources;
  const first = await startWithout();
  let thread: MatchThread | undefined = first;
  let restarts = 0;
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

  async function start(): Promise<MatchThread> {
    const started = await startMatchThread({ ...options, sources });
    if (started.kind === 'loaded') return started;
    throw unloadable(sources, started);
  }

  async function scan(bodies: readonly Uint8Array[]) {
    if (thread === undefined) {
      thread = await start();
      restarts += 1;
    }
    const answer = await thread.scan(bodies);
    if (answer.kind === 'ended') thread = undefined;
    return answer;
  }

  async function* outcomesOf(bodies: readonly Uint8Array[]): AsyncGenerator<readonly EventOutcome[]> {
    const ends = new Map<number, number>();
    let suspect: number | undefined;
    let from = 0;
    while (from < bodies.length) {
      const to = suspect === undefined || suspect < from ? bodies.length : Math.max(suspect, from + 1);
      const answer = await scan(bodies.slice(from, to));
      if (answer.kind === 'scanned') {
        yield answer.outcomes;
        from += answer.outcomes.length;
        continue;
      }
      suspect = from + Math.min(answer.suspect, to - from - 1);
      const ended = (ends.get(suspect) ?? 0) + 1;
      ends.set(suspect, ended);
      if (to - from > 1 || ended === 1) continue;
      yield [poisonous(answer.end)];
      from += 1;
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
    restarts: () => restarts,
    async close() {
      closed = true;
      await underWay;
      await thread?.close();
    },
  };
}

function unloadable(sources: readonly RuleSource[], { end }: LoadEnd): DetectionError {
  return new DetectionError(
    'rules_unloadable',
    `Cannot load ${sources.length} rule files: the matching thread ended by ${end}, must load them within its limits`,
    { hint: 'take the newest rule files out of the rules directory and reload' },
  );
}

function poisonous(end: ThreadEnd): EventOutcome {
  return { kind: 'unscannable', reason: `no rule was evaluated, matching it ended the thread twice (${end})` };
}
