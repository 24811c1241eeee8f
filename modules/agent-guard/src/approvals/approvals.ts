import type { Principal } from '@sallyport/platform/http';
import { guardEvent, happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { HookCall } from '../hooks/hook-message.ts';
import type { JudgedHook } from '../hooks/hook-judge.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { Owner } from '../sessions/agent.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { Stops } from '../stops/stops.ts';
import type { Answer, AnsweredApproval, AnswerScope, Approval, SimilarAnswers } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import { createEarlierAnswers, type Answered } from './earlier-answers.ts';
import { answeredEvent, answeredHappening, createOpenQuestions } from './open-questions.ts';
import type { OpenQuestion, WaitingApproval, WaitingLimits } from './open-questions.ts';
import { questionOf } from './question.ts';
import type { SessionSteps } from './session-steps.ts';
import { visibleLine } from './visible-text.ts';
import { mayAnswer, requireOwnHand } from './who-answers.ts';

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
  /** Throws `agent_approval_not_found`, and `agent_approval_over` for one that waits no more. */
  find(id: string): Promise<WaitingApproval>;
  /** Whose agents somebody may answer for without holding `agents:approve`: their own, and those of service accounts they answer for. */
  ownersFor(by: Principal): Promise<readonly Owner[]>;
  /**
   * By a person alone: whose agent it is, who answers for the service account it runs as, or who holds `agents:approve`. Throws `agent_approval_person_needed`,
   * `agent_approval_not_found`, `agent_approval_over`, `agent_approval_not_yours`, `agent_approval_changed`, `agent_approval_scope_unfit`,
   * `agent_approval_proof_old`.
   */
  answer(given: {
    readonly id: string;
    readonly by: Principal;
    readonly answer: 'grant' | 'refuse';
    readonly scope: AnswerScope;
    /** Of what they were shown. */
    readonly digest: string;
    readonly words: string;
  }): Promise<void>;
  /** What waits no more, newest first. */
  answered(asked: { readonly owners?: readonly Owner[]; readonly limit: number }): Promise<readonly AnsweredApproval[]>;
  /** Ends what waits in a run, and forgets what was answered there. */
  runOver(sessionId: string, why: string): void;
  /** Ends those whose time is over or whose run is; to be called every second. */
  tick(): Promise<void>;
  /** Called with whose agent it is when a question comes or goes; `person` is behind it. */
  onChange(listener: (owner: Owner & { readonly person?: string }) => void): () => void;
  /** A no to all that wait, and to whoever asks from now on. */
  close(): Promise<void>;
};

const keptMs = 90 * 86_400_000;
const similarLooked = 300;

export function createApprovals(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'log' | 'servicesOf'> & {
    readonly store: ApprovalStore;
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly stops: Pick<Stops, 'holding' | 'onStop'>;
    readonly steps: SessionSteps;
    readonly limits: WaitingLimits;
  },
): Approvals {
  const { database, outbox, clock, random, store, sessions, steps } = needs;
  const earlier = createEarlierAnswers(clock);
  const secret = random(32);
  const questions = createOpenQuestions({ ...needs, earlier });
  const { all, isHeld } = questions;

  async function similarTo(approval: Approval): Promise<SimilarAnswers> {
    const before = await store.list(database, { agentId: approval.agentId, limit: similarLooked });
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

  async function find(id: string): Promise<OpenQuestion> {
    const entry = all.get(id);
    if (entry !== undefined && (entry.state === 'open' || entry.state === 'answering')) return entry;
    const known = await store.find(database, id);
    if (known === undefined)
      throw new AgentGuardError('agent_approval_not_found', `Cannot find question "${id}": it was never asked`);
    throw overError(known.answer);
  }

  return {
    async ask({ standing, call, judged, child, waitMs, signal, onWaiting, isAgain = false }) {
      const { session, agent, ownerName } = standing;
      const question = questionOf({ call, judged, pack: agent.pack, child, secret });
      const known =
        (isAgain ? earlier.wasLet(session.id, question.digest) : undefined) ?? earlier.of(session.id, question.key);
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
        entry.similar = await similarTo(approval);
        await database.transaction().execute(async (transaction) => {
          await store.removeBefore(transaction, askedAtMs - keptMs);
          await store.insert(transaction, approval);
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
        entry.state = 'open';
        // Whoever asks knows from here on that it waits for a person.
        onWaiting?.();
        if (isHeld(standing)) entry.due ??= 'agents were stopped';
        if (entry.due === undefined) questions.changed(standing);
        else questions.end(entry, 'ended', entry.due);
        return await promise;
      } finally {
        all.delete(approval.id);
        signal?.removeEventListener('abort', gone);
      }
    },

    waiting: () => [...all.values()].filter(({ state }) => state === 'open' || state === 'answering'),
    find,
    ownersFor,

    async answer({ id, by, answer: said, scope, digest, words }) {
      if (by.kind !== 'user')
        throw new AgentGuardError(
          'agent_approval_person_needed',
          `Cannot let ${by.kind} "${by.name}" answer: a person must`,
        );
      const entry = await find(id);
      const { approval, question, standing } = entry;
      if (!mayAnswer(by, approval, await ownersFor(by)))
        throw new AgentGuardError(
          'agent_approval_not_yours',
          'Cannot answer: the agent is somebody else’s, and answering for others must be allowed ("agents:approve")',
        );
      if (said === 'grant') requireOwnHand(by, approval);
      if (digest !== question.digest)
        throw new AgentGuardError('agent_approval_changed', 'Cannot answer: the digest must be that of the call shown');
      if (said === 'grant' && scope === 'session' && !question.mayHold)
        throw new AgentGuardError(
          'agent_approval_scope_unfit',
          'Cannot let this hold for the run: it must be asked each time',
        );
      if (entry.state !== 'open') throw overError(undefined);
      entry.state = 'answering';
      const name = visibleLine(by.name, 200);
      const answer: Answer = {
        end: said === 'grant' ? 'granted' : 'refused',
        atMs: clock.nowMs(),
        scope,
        by: { id: by.id, name },
        words: visibleLine(words.trim(), 500),
      };
      let isWritten = false;
      try {
        const now = await sessions.standing(approval.sessionId);
        if (isHeld(now)) entry.due ??= 'the run is over';
        if (entry.due !== undefined && said === 'grant') throw overError(undefined);
        await database.transaction().execute(async (transaction) => {
          if (!(await store.answer(transaction, approval, answer))) throw overError(undefined);
          await outbox.record(transaction, answeredEvent(entry, answer));
          await outbox.record(
            transaction,
            guardEvent({
              nowMs: answer.atMs,
              by,
              action: 'agent.approval_answer',
              target: { type: 'agent approval', id, name: standing.agent.name },
              details: { answer: answer.end, scope, digest, tool: approval.tool, agent: approval.agentId },
            }),
          );
        });
        isWritten = true;
        await outbox.flushed();
        steps.note(approval.sessionId, answer.atMs, answeredHappening(approval, answer));
      } catch (error) {
        // Nothing is let through that the ledger does not hold; what was not written at all waits on.
        if (isWritten)
          questions.close(entry, { answer: 'timed-out', words: 'the answer cannot be recorded', holds: false });
        else {
          entry.state = 'open';
          if (entry.due !== undefined) questions.end(entry, 'ended', entry.due);
        }
        throw error;
      }
      // Somebody may have stopped it while that was written: whoever asked looks once more before the call goes on.
      questions.close(entry, {
        answer: answer.end === 'granted' ? 'granted' : 'refused',
        by: name,
        words: `${name} said ${answer.end === 'granted' ? 'yes' : 'no'}${scope === 'session' ? ' for this run' : ''}${
          answer.words === '' ? '' : `: ${answer.words}`
        }`,
        holds: answer.end === 'refused' || scope === 'session',
      });
    },

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
    close: questions.closeAll,
  };
}

const endWords = { granted: 'somebody said yes', refused: 'somebody said no' } as const;

function overError(answer: Answer | undefined): AgentGuardError {
  const why =
    answer === undefined
      ? 'it is over, or somebody answers it now'
      : answer.by === undefined
        ? answer.words
        : `${answer.by.name === '' ? '' : `${answer.by.name}: `}${answer.end === 'granted' || answer.end === 'refused' ? endWords[answer.end] : answer.end}`;
  return new AgentGuardError('agent_approval_over', `Cannot answer: ${why}`);
}
