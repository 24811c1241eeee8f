import type { Principal } from '@sallyport/platform/http';
import { happened, sessionWords } from '../audit-record.ts';
import type { HookCall } from '../calls/hook-message.ts';
import type { JudgedHook } from '../judging/hook-judge.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { Owner } from '../sessions/agent.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { Stops } from '../stops/stops.ts';
import { createAnswering, overError } from './answer-question.ts';
import type { GivenAnswer } from './answer-question.ts';
import type { AnsweredApproval, Approval, SimilarAnswers, Yes } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import { createEarlierAnswers, type Answered } from './earlier-answers.ts';
import { createOpenQuestions } from './open-questions.ts';
import type { OpenQuestion, WaitingApproval, WaitingLimits } from './open-questions.ts';
import { questionOf } from './question.ts';
import type { SessionSteps } from './session-steps.ts';
import { cutOffBefore } from './two-people.ts';
import { requirePerson, requireSeen } from './who-answers.ts';

export type Asked = {
  readonly standing: StandingSession;
  readonly call: HookCall;
  readonly judged: JudgedHook;
  readonly child?: string | undefined;
  /** How long the caller waits; no longer is anybody asked. */
  readonly waitMs: number;
  /** The caller went away: what it asked is over. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while it waits. */
  readonly onWaiting?: (() => void) | undefined;
  /** The harness asks once more about a call that it asked about before. */
  readonly isAgain?: boolean;
};

/**
 * Calls that wait for a person. A yes is to the very call that was shown, by its digest, and counts once the ledger holds it; everything
 * else is a no: the time, a caller that went away, a stop, the end of the run, the server's own end, too many questions.
 */
export type Approvals = {
  /** Resolves with the answer. Rejects where what is asked cannot be recorded. */
  ask(asked: Asked): Promise<Answered>;
  /** The oldest first. */
  waiting(): readonly WaitingApproval[];
  /**
   * One that somebody may answer. Throws `agent_approval_person_needed`, `agent_approval_over` for one that waits no more, and
   * `agent_approval_not_found`: also for one that is somebody else's, of which those who see all questions (`agents:read`) are told
   * `agent_approval_not_yours`.
   */
  find(id: string, by: Principal): Promise<WaitingApproval>;
  /** The same of what stays of it, over or not. */
  kept(id: string, by: Principal): Promise<AnsweredApproval>;
  /** Whose agents somebody may answer for without holding `agents:approve`: their own, and those of service accounts they answer for. */
  ownersFor(by: Principal): Promise<readonly Owner[]>;
  /**
   * By a person alone: whose agent it is, who answers for the service account it runs as, or who holds `agents:approve`. Throws `agent_approval_person_needed`,
   * `agent_approval_not_found`, `agent_approval_over`, `agent_approval_not_yours` as `find` does, `agent_approval_changed`, `agent_approval_scope_unfit`,
   * `agent_approval_proof_old`, and where two people must say yes `agent_approval_own` and `agent_approval_twice`.
   */
  answer(given: GivenAnswer): Promise<void>;
  /** What waits no more, newest first. */
  answered(asked: { readonly owners?: readonly Owner[]; readonly limit: number }): Promise<readonly AnsweredApproval[]>;
  /** Ends what waits in a run, and forgets what was answered there. */
  runOver(sessionId: string, why: string): void;
  /** Ends those whose time is over or whose run is; to be called every second. */
  tick(): Promise<void>;
  /** Called with whose agent it is when a question comes or goes; `person` is behind it. */
  onChange(listener: (owner: Owner & { readonly person?: string }) => void): () => void;
  /** Called with each question once it waits; nobody waits for what is done with it. */
  onAsked(listener: (waiting: WaitingApproval) => void): () => void;
  /** A no to all that wait, and to whoever asks from now on. */
  close(): Promise<void>;
};

const keptMs = 90 * 86_400_000;
const similarLooked = 300;

export function createApprovals(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'log' | 'owner' | 'servicesOf'> & {
    readonly store: ApprovalStore;
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly stops: Pick<Stops, 'holding' | 'onStop'>;
    readonly steps: SessionSteps;
    readonly limits: WaitingLimits;
  },
): Approvals {
  const { database, outbox, clock, random, store, steps } = needs;
  const earlier = createEarlierAnswers(clock);
  const secret = random(32);
  const questions = createOpenQuestions({ ...needs, earlier });
  const { all, isHeld } = questions;
  const hearers = new Set<(waiting: WaitingApproval) => void>();

  function similarTo(approval: Approval, before: readonly AnsweredApproval[]): SimilarAnswers {
    const ends = before
      .filter(({ id, tool, place }) => id !== approval.id && tool === approval.tool && place === approval.place)
      .map(({ answer }) => answer?.end);
    return {
      granted: ends.filter((one) => one === 'granted').length,
      refused: ends.filter((one) => one === 'refused').length,
      unanswered: ends.filter((one) => one === 'timed-out' || one === 'ended').length,
    };
  }

  async function ownersFor(by: Principal): Promise<readonly Owner[]> {
    if (by.kind === 'service' || by.kind === 'key') return [{ kind: by.kind, id: by.id }];
    if (by.kind !== 'user') return [];
    const services = await needs.servicesOf(by.id);
    return [{ kind: 'user', id: by.id }, ...services.map((id): Owner => ({ kind: 'service', id }))];
  }

  async function kept(id: string, by: Principal): Promise<AnsweredApproval> {
    requirePerson(by);
    return requireSeen(id, { by, known: await store.find(database, id), owners: await ownersFor(by) });
  }

  async function find(id: string, by: Principal): Promise<OpenQuestion> {
    // Whether there is one at all is for those to know who may see it.
    const { answer: answered } = await kept(id, by);
    const entry = all.get(id);
    if (entry !== undefined && (entry.state === 'open' || entry.state === 'answering')) return entry;
    throw overError(answered);
  }

  const answer = createAnswering({ ...needs, questions, find });

  return {
    async ask({ standing, call, judged, child, waitMs, signal, onWaiting, isAgain = false }) {
      const { session, agent, ownerName } = standing;
      const question = questionOf({ call, judged, pack: agent.pack, child, secret });
      const known =
        (isAgain ? earlier.wasLet(session.id, question) : undefined) ?? earlier.of(session.id, question.key);
      if (known !== undefined) return known;
      if (signal?.aborted === true) return { answer: 'timed-out', words: 'whoever asked is gone' };
      const refusal = questions.refusal(standing);
      if (refusal !== undefined) return { answer: 'timed-out', words: refusal };
      const askedAtMs = clock.nowMs();
      const approval: Approval = {
        id: Buffer.from(random(8)).toString('hex'),
        sessionId: session.id,
        agentId: agent.id,
        owner: session.owner,
        askedAtMs,
        tool: question.tool,
        place: question.place,
        kinds: question.kinds,
        title: question.does[0] ?? `Use ${question.tool}`,
        policies: question.policies.map(({ id }) => id),
        digest: question.digest,
        ...(question.people === 1
          ? {}
          : { forTwo: { fingerprint: question.fingerprint, waitsUntilMs: askedAtMs + waitMs } }),
        call: { id: judged.call.id, tool: judged.call.tool, action: judged.call.action },
      };
      const { promise, resolve } = Promise.withResolvers<Answered>();
      const entry: OpenQuestion = {
        approval,
        question: {
          ...question,
          taint: question.taint.map((id) => steps.callNamed(session.id, id) ?? id),
        },
        standing,
        waitsUntilMs: askedAtMs + waitMs,
        untilMs: clock.monotonicMs() + waitMs,
        steps: steps.last(session.id),
        similar: { granted: 0, refused: 0, unanswered: 0 },
        yeses: [],
        words: sessionWords(session, { agent, ownerName, ...(child === undefined ? {} : { child }) }),
        state: 'opening',
        resolve,
        onWaiting,
        saidMs: clock.monotonicMs(),
      };
      // Its place is taken before anything is awaited: asking at once cannot pass the limits.
      all.set(approval.id, entry);
      const gone = (): void => questions.end(entry, 'ended', 'whoever asked is gone');
      signal?.addEventListener('abort', gone, { once: true });
      try {
        const before = await store.list(database, { agentId: agent.id, limit: similarLooked });
        entry.similar = similarTo(approval, before);
        const { fingerprint } = question;
        const cutOff = cutOffBefore(before, { sessionId: session.id, fingerprint, nowMs: askedAtMs });
        let held: readonly Yes[] = [];
        await database.transaction().execute(async (transaction) => {
          await store.removeBefore(transaction, askedAtMs - keptMs);
          await store.insert(transaction, approval);
          if (cutOff !== undefined) held = await store.takeHeld(transaction, { id: cutOff.id, nowMs: askedAtMs });
          if (held.length > 0) await store.keepYeses(transaction, approval, held);
          await outbox.record(
            transaction,
            happened(askedAtMs, entry.words, {
              kind: 'approval_asked',
              approval: approval.id,
              call: judged.call,
              digest: question.digest,
            }),
          );
        });
        await outbox.flushed();
        entry.yeses = held;
        entry.state = 'open';
        // Whoever asks knows from here on that it waits for a person.
        onWaiting?.();
        if (isHeld(standing)) entry.due ??= 'agents were stopped';
        if (entry.due === undefined) {
          questions.changed(standing);
          for (const hear of hearers) hear(entry);
        } else questions.end(entry, 'ended', entry.due);
        return await promise;
      } finally {
        all.delete(approval.id);
        signal?.removeEventListener('abort', gone);
      }
    },

    waiting: () => [...all.values()].filter(({ state }) => state === 'open' || state === 'answering'),
    find,
    kept,
    ownersFor,

    answer,

    async answered({ owners, limit }) {
      const wanted = owners === undefined ? {} : { owners };
      const found = await store.list(database, { ...wanted, limit: limit + all.size });
      return found.filter(({ answer }) => answer !== undefined).slice(0, limit);
    },

    runOver(sessionId, why) {
      for (const entry of all.values()) if (entry.approval.sessionId === sessionId) questions.end(entry, 'ended', why);
      earlier.forget(sessionId);
      steps.forget(sessionId);
    },

    tick: questions.tick,
    onChange: questions.onChange,
    onAsked(listener) {
      hearers.add(listener);
      return () => hearers.delete(listener);
    },
    close: questions.closeAll,
  };
}
