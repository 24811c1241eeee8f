import type { Principal } from '@sallyport/platform/http';
import { guardEvent } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import { namesOf } from './approval.ts';
import type { Answer, AnswerScope, Yes } from './approval.ts';
import type { ApprovalStore } from './approval-store.ts';
import { answeredEvent, answeredHappening } from './open-questions.ts';
import type { OpenQuestion, OpenQuestions } from './open-questions.ts';
import type { SessionSteps } from './session-steps.ts';
import { requireCounted, stillCounted } from './two-people.ts';
import { visibleLine } from './visible-text.ts';
import { requireOwnHand } from './who-answers.ts';

export type GivenAnswer = {
  readonly id: string;
  readonly by: Principal;
  readonly answer: 'grant' | 'refuse';
  readonly scope: AnswerScope;
  /** Of what they were shown. */
  readonly digest: string;
  readonly words: string;
  /** They proved just now who they are; a yes to what is grave needs it. */
  readonly isProved: boolean;
};

/**
 * How a person answers what waits. A yes goes to whoever asked once the ledger holds it; where two people must say it, the first waits with the
 * question. One no ends it.
 */
export function createAnswering(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'owner'> & {
    readonly store: ApprovalStore;
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly steps: SessionSteps;
    readonly questions: OpenQuestions;
    readonly find: (id: string, by: Principal) => Promise<OpenQuestion>;
  },
): (given: GivenAnswer) => Promise<void> {
  const { database, outbox, clock, store, sessions, steps, questions } = needs;

  /** The question, taken for this answer, where it may be given at all. */
  async function answerable({ id, by, answer, scope, digest }: GivenAnswer): Promise<OpenQuestion> {
    const entry = await needs.find(id, by);
    const { approval, question } = entry;
    if (answer === 'grant') requireOwnHand(by, approval);
    if (digest !== question.digest)
      throw new AgentGuardError('agent_approval_changed', 'Cannot answer: the digest must be that of the call shown');
    if (answer === 'grant' && scope === 'session' && !question.mayHold)
      throw new AgentGuardError(
        'agent_approval_scope_unfit',
        'Cannot let this hold for the run: it must be asked each time',
      );
    if (entry.state !== 'open') throw overError(undefined);
    // In the same breath as it was looked at: of two answers at once one is taken.
    entry.state = 'answering';
    return entry;
  }

  /** Who said yes before and still counts. Throws where this yes would not, or nothing may go ahead any more. */
  async function countedBefore(entry: OpenQuestion, { by, isProved }: GivenAnswer): Promise<readonly Yes[]> {
    const now = await sessions.standing(entry.approval.sessionId);
    if (questions.isHeld(now)) entry.due ??= 'the run is over';
    if (entry.due !== undefined) throw overError(undefined);
    requireCounted(by, entry, now);
    // Whose yes would not have counted a moment ago was asked for no proof.
    if (entry.question.isGrave && !isProved)
      throw new AgentGuardError(
        'agent_approval_changed',
        'Cannot say yes to what is grave: must come with a fresh proof of who you are, and whose yes counts changed meanwhile',
        { hint: 'answer once more' },
      );
    return stillCounted(entry.yeses, [entry.standing.person, now.person], needs.owner);
  }

  return async (given) => {
    const entry = await answerable(given);
    const { by, answer: said, scope, digest } = given;
    const { approval, question, standing } = entry;
    const isYes = said === 'grant';
    let isWritten = false;
    let answer: Answer | undefined;
    try {
      const before = isYes ? await countedBefore(entry, given) : entry.yeses;
      const atMs = clock.nowMs();
      const person = { id: by.id, name: visibleLine(by.name, 200) };
      const count = before.length + 1;
      const yeses = isYes && count < question.people ? [...before, { ...person, atMs }] : undefined;
      if (yeses === undefined)
        answer = {
          end: isYes ? 'granted' : 'refused',
          atMs,
          scope,
          by: person,
          words: visibleLine(given.words.trim(), 500),
          ...(before.length === 0 ? {} : { yeses: before }),
        };
      const ended = answer;
      await database.transaction().execute(async (transaction) => {
        if (yeses !== undefined && !(await store.keepYeses(transaction, approval, yeses))) throw overError(undefined);
        if (ended !== undefined) {
          if (!(await store.answer(transaction, approval, ended))) throw overError(undefined);
          await outbox.record(transaction, answeredEvent(entry, ended));
        }
        await outbox.record(
          transaction,
          guardEvent({
            nowMs: atMs,
            by,
            action: 'agent.approval_answer',
            target: { type: 'agent approval', id: approval.id, name: standing.agent.name },
            details: {
              answer: isYes ? 'granted' : 'refused',
              scope,
              digest,
              tool: approval.tool,
              agent: approval.agentId,
              ...(question.people === 1 ? {} : { people: question.people }),
              ...(question.people > 1 && isYes ? { yes: count } : {}),
              ...(before.length === 0 ? {} : { with: before.map(({ id, name }) => ({ id, name })) }),
            },
          }),
        );
      });
      isWritten = true;
      await outbox.flushed();
      if (yeses !== undefined) entry.yeses = yeses;
    } catch (error) {
      // Nothing is let through that the ledger does not hold; what was not written at all waits on.
      if (isWritten)
        questions.close(entry, { answer: 'timed-out', words: 'the answer cannot be recorded', holds: false });
      else waitsOn(entry);
      throw error;
    }
    if (answer === undefined) {
      waitsOn(entry);
      questions.changed(standing);
      return;
    }
    steps.note(approval.sessionId, answer.atMs, answeredHappening(approval, answer));
    // Somebody may have stopped it while that was written: whoever asked looks once more before the call goes on.
    const names = namesOf([...(isYes ? (answer.yeses ?? []) : []), ...(answer.by === undefined ? [] : [answer.by])]);
    questions.close(entry, {
      answer: isYes ? 'granted' : 'refused',
      by: names,
      words: `${names} said ${isYes ? 'yes' : 'no'}${scope === 'session' ? ' for this run' : ''}${
        answer.words === '' ? '' : `: ${answer.words}`
      }`,
      holds: !isYes || scope === 'session',
    });
  };

  function waitsOn(entry: OpenQuestion): void {
    entry.state = 'open';
    if (entry.due !== undefined) questions.end(entry, 'ended', entry.due);
  }
}

const endWords = { granted: 'somebody said yes', refused: 'somebody said no' } as const;

export function overError(answer: Answer | undefined): AgentGuardError {
  const why =
    answer === undefined
      ? 'it is over, or somebody answers it now'
      : answer.by === undefined
        ? answer.words
        : `${answer.by.name === '' ? '' : `${answer.by.name}: `}${answer.end === 'granted' || answer.end === 'refused' ? endWords[answer.end] : answer.end}`;
  return new AgentGuardError('agent_approval_over', `Cannot answer: ${why}`);
}
