import type { AgentSession as SessionWords } from '@sallyport/contracts';
import type { AskPerson, Waiting } from '../approvals/ask-person.ts';
import { isSameJudgedBy } from '../calls/judged-before.ts';
import type { JudgedBy } from '../calls/judged-before.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { HookEvent, HookOutcome } from '../calls/hook-message.ts';
import type { HeldBy } from './held-by.ts';
import type { HookJudge, JudgedHook } from '../judging/hook-judge.ts';
import type { RecordHappening } from './record-happening.ts';

/** A call that a person is asked about; that policy asks stands in the ledger. */
type AskedCall = {
  readonly standing: StandingSession;
  readonly event: Extract<HookEvent, { kind: 'before_call' | 'permission' }>;
  readonly judge: HookJudge;
  readonly judged: JudgedHook;
  /** What it was judged by. */
  readonly by: JudgedBy;
  readonly child: string | undefined;
  readonly waiting: Waiting | undefined;
  readonly words: SessionWords;
};

type AskedOutcome = Pick<HookOutcome, 'verdict' | 'reason' | 'isOver' | 'grants'>;

/** What a person says, once it stands in the ledger; a yes holds where the run still may go on as it did when they were asked. */
export function createAskedOutcome(needs: {
  readonly people: Pick<AskPerson, 'ask'>;
  readonly sessions: Pick<AgentSessions, 'standing'>;
  readonly heldBy: HeldBy;
  /** What its calls are judged by now. */
  readonly judgedBy: (standing: StandingSession) => JudgedBy;
  readonly record: RecordHappening;
}): (asked: AskedCall) => Promise<AskedOutcome> {
  return async ({ words, judge, by, ...asked }) => {
    const { call, policies, reason } = asked.judged;
    const said = await needs.people.ask(asked);
    const { approval } = said;
    // One of before holds for this call too: that it does is written down as well.
    if (approval !== undefined && said.isNew !== true)
      await needs.record(words, {
        kind: 'approval_answered',
        approval,
        call: { id: call.id, tool: call.tool, action: call.action },
        answer: said.answer === 'granted' ? 'allow' : said.answer === 'refused' ? 'deny' : 'expired',
        ...(said.by === undefined ? { reason: said.words } : { answeredBy: said.by }),
        afterMs: 0,
        scope: 'session',
      });
    const now = await needs.sessions.standing(asked.standing.session.id);
    const isSame = isSameJudgedBy(needs.judgedBy(now), by);
    const held = needs.heldBy(now) ?? (isSame ? undefined : 'the policies it is judged by were changed meanwhile');
    const isGranted = said.answer === 'granted' && held === undefined;
    const why = `${reason}; ${said.answer === 'granted' ? (held ?? said.words) : said.words}`;
    if (isGranted) judge.granted(asked.event.call);
    else if (approval === undefined || said.answer === 'granted')
      // Nobody was asked, or their yes came too late.
      await needs.record(words, {
        kind: 'tool_decided',
        call,
        verdict: 'deny',
        policies: [...policies, 'no-approval'],
        reason: why,
      });
    // Somebody may have stopped it while that was written.
    const isOver = needs.heldBy(now) !== undefined;
    return {
      verdict: isGranted && !isOver ? 'allow' : 'deny',
      reason: `Sallyport: ${why}`,
      isOver,
      grants: isGranted && !isOver,
    };
  };
}
