import type { AgentHappening, AgentSession as SessionWords } from '@sallyport/contracts';
import type { Transaction } from '@sallyport/platform/database';
import { messageOf } from '@sallyport/platform/errors';
import { happened } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { Owner } from '../sessions/agent.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { Stops } from '../stops/stops.ts';
import { namesOf } from './approval.ts';
import type { Answer, Approval, SimilarAnswers, Yes } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import type { Answered, EarlierAnswers } from './earlier-answers.ts';
import type { Question } from './question.ts';
import type { SessionStep } from './session-steps.ts';

/** What waits for a person. */
export type WaitingApproval = {
  readonly approval: Approval;
  readonly question: Question;
  readonly standing: StandingSession;
  readonly waitsUntilMs: number;
  readonly steps: readonly SessionStep[];
  readonly similar: SimilarAnswers;
  /** Who said yes already, where two people must. */
  readonly yeses: readonly Yes[];
};

export type OpenQuestion = Omit<WaitingApproval, 'similar' | 'yeses'> & {
  similar: SimilarAnswers;
  yeses: readonly Yes[];
  readonly words: SessionWords;
  /** By the monotonic clock. */
  readonly untilMs: number;
  state: 'opening' | 'open' | 'answering' | 'over';
  /** It was to end while it was being written or answered. */
  due?: string;
  readonly resolve: (answered: Answered) => void;
  readonly onWaiting?: (() => void) | undefined;
  saidMs: number;
};

/** How many may wait at once. */
export type WaitingLimits = {
  readonly maxWaiting: number;
  readonly maxWaitingPerAgent: number;
  readonly maxWaitingPerSession: number;
};

/** The questions that wait, in memory, and how they end. Whoever asked is told a no at once; it is written behind that. */
export type OpenQuestions = {
  readonly all: Map<string, OpenQuestion>;
  /** Why one more cannot wait; undefined where it can. */
  refusal(standing: StandingSession): string | undefined;
  /** Somebody answered, and the ledger holds it. */
  close(question: OpenQuestion, answered: Answered & { readonly holds: boolean }): void;
  /** It ends without an answer: a no. One that is being written ends when it is. */
  end(question: OpenQuestion, how: 'timed-out' | 'ended', why: string, heldUntilMs?: number): void;
  isHeld(standing: StandingSession): boolean;
  changed(standing: StandingSession): void;
  onChange(listener: (owner: Owner & { readonly person?: string }) => void): () => void;
  tick(): Promise<void>;
  closeAll(): Promise<void>;
};

const lifeSignMs = 10_000;
/** How often it is looked whether runs go on. */
const standingMs = 5000;

export function createOpenQuestions(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'log'> & {
    readonly store: ApprovalStore;
    readonly earlier: EarlierAnswers;
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly stops: Pick<Stops, 'holding' | 'onStop'>;
    readonly limits: WaitingLimits;
  },
): OpenQuestions {
  const { outbox, clock, store, earlier, sessions, stops, limits } = needs;
  const all = new Map<string, OpenQuestion>();
  const listeners = new Set<(owner: Owner & { readonly person?: string }) => void>();
  const ending = new Set<Promise<void>>();
  let isClosed = false;
  let lookedMs = clock.monotonicMs();

  const changed = ({ session, person }: StandingSession): void => {
    const owner = { ...session.owner, ...(person === undefined ? {} : { person }) };
    for (const listener of listeners) listener(owner);
  };
  const isHeld = (standing: StandingSession): boolean =>
    standing.over !== undefined || stops.holding(standing) !== undefined;

  function close(question: OpenQuestion, answered: Answered & { readonly holds: boolean }): void {
    const { approval } = question;
    question.state = 'over';
    all.delete(approval.id);
    const { holds, ...rest } = answered;
    const said: Answered = { ...rest, approval: approval.id, isNew: true };
    if (said.answer !== 'timed-out' || holds)
      earlier.note(approval.sessionId, question.question.key, { ...said, holds });
    if (said.answer === 'granted') earlier.letOnce(approval.sessionId, question.question, said);
    question.resolve(said);
    changed(question.standing);
  }

  async function writeEnd(question: OpenQuestion, answer: Answer): Promise<void> {
    try {
      await needs.database.transaction().execute(async (transaction: Transaction) => {
        if (await store.answer(transaction, question.approval, answer))
          await outbox.record(transaction, answeredEvent(question, answer));
      });
      await outbox.flushed();
    } catch (error) {
      needs.log('Cannot record how a question ended', { reason: messageOf(error) });
    }
  }

  function end(question: OpenQuestion, how: 'timed-out' | 'ended', why: string, heldUntilMs?: number): void {
    if (question.state === 'over') return;
    if (question.state !== 'open') {
      question.due ??= why;
      return;
    }
    close(question, { answer: 'timed-out', words: why, holds: how === 'timed-out' });
    const { yeses } = question;
    const written = writeEnd(question, {
      end: how,
      atMs: clock.nowMs(),
      scope: 'once',
      words: why,
      ...(yeses.length === 0 ? {} : { yeses, ...(heldUntilMs === undefined ? {} : { heldUntilMs }) }),
    });
    ending.add(written);
    void written.finally(() => ending.delete(written));
  }

  stops.onStop(() => {
    for (const question of all.values())
      if (stops.holding(question.standing) !== undefined) end(question, 'ended', 'agents were stopped');
  });

  return {
    all,
    close,
    end,
    isHeld,
    changed,

    refusal({ session, agent }) {
      const waiting = [...all.values()].map(({ standing }) => standing);
      if (isClosed) return 'the server is being stopped';
      if (waiting.length >= limits.maxWaiting) return 'too many questions wait for an answer';
      if (waiting.filter((one) => one.agent.id === agent.id).length >= limits.maxWaitingPerAgent)
        return 'too many questions of this agent wait for an answer';
      if (waiting.filter((one) => one.session.id === session.id).length >= limits.maxWaitingPerSession)
        return 'too many questions of this run wait for an answer';
      return earlier.mayAsk(session.id) ? undefined : 'this run has asked too many questions within an hour';
    },

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    async tick() {
      const nowMs = clock.monotonicMs();
      const looks = nowMs - lookedMs >= standingMs;
      if (looks) lookedMs = nowMs;
      for (const question of all.values()) {
        if (nowMs >= question.untilMs) end(question, 'timed-out', tooLate(question));
        else if (nowMs - question.saidMs >= lifeSignMs) {
          question.saidMs = nowMs;
          question.onWaiting?.();
        }
      }
      if (!looks) return;
      for (const question of all.values())
        if (isHeld(await sessions.standing(question.approval.sessionId))) end(question, 'ended', 'the run is over');
    },

    async closeAll() {
      isClosed = true;
      for (const question of all.values()) end(question, 'ended', 'the server was stopped', question.waitsUntilMs);
      await Promise.all(ending);
    },
  };
}

function tooLate({ yeses }: OpenQuestion): string {
  return yeses.length === 0
    ? 'nobody answered in time'
    : `${namesOf(yeses)} said yes, and nobody else did in time; two people must`;
}

export function answeredEvent(
  { approval, words }: { readonly approval: Approval; readonly words: SessionWords },
  answer: Answer,
) {
  return happened(answer.atMs, words, answeredHappening(approval, answer));
}

/** How a question ended, as its event says it. */
export function answeredHappening(approval: Approval, answer: Answer): AgentHappening {
  return {
    kind: 'approval_answered',
    approval: approval.id,
    call: approval.call,
    answer: answer.end === 'granted' ? 'allow' : answer.end === 'refused' ? 'deny' : 'expired',
    ...(answer.by === undefined ? { reason: answer.words } : { answeredBy: answer.by.name }),
    ...(answer.yeses === undefined ? {} : { alsoBy: answer.yeses.map(({ name }) => name) }),
    digest: approval.digest,
    afterMs: Math.max(0, answer.atMs - approval.askedAtMs),
    scope: answer.scope,
  };
}
