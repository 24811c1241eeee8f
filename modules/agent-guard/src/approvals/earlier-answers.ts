import type { Clock } from '@sallyport/platform/clock';
import type { Question } from './question.ts';

/** What a call hears. `timed-out` is everything that is neither yes nor a person's no: the time, a stop, the end of the run. */
export type Answered = {
  readonly answer: 'granted' | 'refused' | 'timed-out';
  /** For the agent and whoever reads the record. */
  readonly words: string;
  /** The question whose answer this is; missing where nobody was asked. */
  readonly approval?: string;
  /** Who answered it. */
  readonly by?: string;
  /** It was answered just now, which stands in the ledger. */
  readonly isNew?: true;
};

/** What was answered in a run, so that nobody is asked the same again and again. Of this process alone: after a restart all is asked again. */
export type EarlierAnswers = {
  /** What holds for the same question; `tired` where nobody answered several in a row. */
  of(sessionId: string, key: string): Answered | undefined;
  /** One more is asked; false where a run has asked too much. */
  mayAsk(sessionId: string): boolean;
  note(
    sessionId: string,
    key: string,
    answer: Answered & {
      /** A yes to one call is no yes to the next. */ readonly holds: boolean;
    },
  ): void;
  /** A yes to this very call, for when its harness asks once more about the same; used up by `wasLet`. */
  letOnce(sessionId: string, call: LetCall, answer: Answered): void;
  wasLet(sessionId: string, call: LetCall): Answered | undefined;
  forget(sessionId: string): void;
};

/** The very call, who asked for it, and how many it took: what fewer said yes to, or to others who asked, is another question. */
type LetCall = Pick<Question, 'digest' | 'people' | 'asking'>;

/** So long the question that nobody answered is not asked again, and none after several in a row. */
const restMs = 5 * 60_000;
const unansweredInRow = 3;
const letMs = 2 * 60_000;
const hourMs = 3_600_000;
const limits = { sessions: 1000, keys: 200, perHour: 60 } as const;

type Kept = { readonly answer: Answered; readonly untilMs: number };

type Run = {
  readonly answers: Map<string, Kept>;
  readonly let: Map<string, Kept & Pick<Question, 'people' | 'asking'>>;
  askedAtMs: number[];
  unanswered: number;
  restsUntilMs: number;
};

export function createEarlierAnswers(clock: Clock): EarlierAnswers {
  const runs = new Map<string, Run>();

  function runOf(sessionId: string): Run {
    const run = runs.get(sessionId) ?? {
      answers: new Map(),
      let: new Map(),
      askedAtMs: [],
      unanswered: 0,
      restsUntilMs: 0,
    };
    runs.delete(sessionId);
    runs.set(sessionId, run);
    dropOldest(runs, limits.sessions);
    return run;
  }

  return {
    of(sessionId, key) {
      const run = runs.get(sessionId);
      const nowMs = clock.monotonicMs();
      const known = run?.answers.get(key);
      if (known !== undefined && nowMs < known.untilMs) return known.answer;
      if (run !== undefined && nowMs < run.restsUntilMs)
        return {
          answer: 'timed-out',
          words: `nobody answered the last ${unansweredInRow} questions of this run, so for some minutes none is asked`,
        };
      return undefined;
    },

    mayAsk(sessionId) {
      const run = runOf(sessionId);
      const nowMs = clock.monotonicMs();
      run.askedAtMs = run.askedAtMs.filter((atMs) => nowMs - atMs < hourMs);
      if (run.askedAtMs.length >= limits.perHour) return false;
      run.askedAtMs.push(nowMs);
      return true;
    },

    note(sessionId, key, { holds, isNew: _isNew, ...said }) {
      const { answer } = said;
      const run = runOf(sessionId);
      const nowMs = clock.monotonicMs();
      run.unanswered = answer === 'timed-out' ? run.unanswered + 1 : 0;
      if (run.unanswered >= unansweredInRow) {
        run.unanswered = 0;
        run.restsUntilMs = nowMs + restMs;
      }
      if (answer === 'granted' && !holds) return;
      run.answers.delete(key);
      run.answers.set(key, { answer: said, untilMs: answer === 'timed-out' ? nowMs + restMs : Infinity });
      dropOldest(run.answers, limits.keys);
    },

    letOnce(sessionId, { digest, people, asking }, { isNew: _isNew, ...answer }) {
      const { let: allowed } = runOf(sessionId);
      allowed.set(digest, { people, asking, answer, untilMs: clock.monotonicMs() + letMs });
      dropOldest(allowed, limits.keys);
    },

    wasLet(sessionId, { digest, people, asking }) {
      const allowed = runs.get(sessionId)?.let;
      const kept = allowed?.get(digest);
      allowed?.delete(digest);
      return kept !== undefined && kept.asking === asking && kept.people >= people && clock.monotonicMs() < kept.untilMs
        ? kept.answer
        : undefined;
    },

    forget: (sessionId) => void runs.delete(sessionId),
  };
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
