import type { ExceptionRefusal, MatchException } from './match-exception.ts';
import type { EventOutcome } from './match-protocol.ts';
import type { MatchThread, ScanAnswer, ThreadEnd } from './match-thread.ts';

/** One matching thread and those that come after it when it ends. One match at a time. */
export type MatchLane = {
  /** One outcome per body, in order, a lot at a time: see `RuleMatcher.match`. */
  outcomesOf(bodies: readonly Uint8Array[]): AsyncGenerator<readonly EventOutcome[], void, undefined>;
  /** Replaces the exceptions, also for threads to come. Undefined when a thread did not live through reading them: there are none then. */
  except(exceptions: readonly MatchException[]): Promise<readonly ExceptionRefusal[] | undefined>;
  /** Threads started after the first one. */
  restarts(): number;
  close(): Promise<void>;
};

export function createLane(first: MatchThread, start: () => Promise<MatchThread>): MatchLane {
  let thread: MatchThread | undefined = first;
  let restarts = 0;
  let exceptions: readonly MatchException[] = [];

  async function running(): Promise<MatchThread> {
    if (thread !== undefined) return thread;
    const started = await start();
    restarts += 1;
    thread = started;
    // They were read once by a thread like this one.
    if (exceptions.length > 0 && (await started.except(exceptions)) === undefined) {
      thread = undefined;
      exceptions = [];
      return running();
    }
    return started;
  }

  async function scan(bodies: readonly Uint8Array[]): Promise<ScanAnswer> {
    const answer = await (await running()).scan(bodies);
    if (answer.kind === 'ended') thread = undefined;
    return answer;
  }

  return {
    async *outcomesOf(bodies) {
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
    },
    async except(wanted) {
      exceptions = [];
      const refusals = await (await running()).except(wanted);
      if (refusals === undefined) thread = undefined;
      else exceptions = wanted;
      return refusals;
    },
    restarts: () => restarts,
    async close() {
      await thread?.close();
    },
  };
}

function poisonous(end: ThreadEnd): EventOutcome {
  return { kind: 'unscannable', reason: `no rule was evaluated, matching it ended the thread twice (${end})` };
}
