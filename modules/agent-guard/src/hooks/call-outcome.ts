import type { AgentSession as SessionWords, AgentVerdict } from '@sallyport/contracts';
import type { AskPerson, Waiting } from '../approvals/ask-person.ts';
import { rewritesOf } from '../calls/can-rewrite.ts';
import { isSameJudgedBy } from '../calls/judged-before.ts';
import type { JudgedBefore, JudgedBy } from '../calls/judged-before.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { RunTallies } from '../sessions/run-tally.ts';
import type { Stops } from '../stops/stops.ts';
import type { AskedCalls } from '../calls/asked-calls.ts';
import { createAskedOutcome } from './asked-outcome.ts';
import type { HeldBy } from './held-by.ts';
import { toolOf } from '../calls/hook-message.ts';
import type { HookCall, HookEvent, HookOutcome } from '../calls/hook-message.ts';
import type { HookJudge, JudgedHook } from '../judging/hook-judge.ts';
import type { RecordHappening } from './record-happening.ts';

/** A call that comes through the gateway. `refusal`: why it may not go whatever the policies say. */
export type ByGateway = { readonly refusal?: string };

/** A call that is asked about before it runs. */
type CallAsked = {
  readonly standing: StandingSession;
  readonly event: Extract<HookEvent, { kind: 'before_call' | 'permission' }>;
  readonly judge: HookJudge;
  /** The sub-agent that calls. */
  readonly child: string | undefined;
  readonly gateway: ByGateway | undefined;
  readonly waiting: Waiting | undefined;
  readonly words: SessionWords;
  /** Its harness can ask its own person. */
  readonly canAsk: boolean;
};

/** What is said of a call, once it stands in the ledger. Judges before it first waits for anything. Throws where it cannot be recorded. */
export function createCallOutcome(needs: {
  readonly people: AskPerson;
  readonly sessions: Pick<AgentSessions, 'standing'>;
  readonly stops: Pick<Stops, 'holding'>;
  readonly tallies: Pick<RunTallies, 'callJudged'>;
  readonly judgedBefore: JudgedBefore;
  readonly askedCalls: AskedCalls;
  readonly heldBy: HeldBy;
  /** What its calls are judged by now. */
  readonly judgedBy: (standing: StandingSession) => JudgedBy;
  readonly record: RecordHappening;
}): (asked: CallAsked) => Promise<HookOutcome> {
  const { stops, judgedBefore, askedCalls, judgedBy, record } = needs;
  const askedOutcome = createAskedOutcome(needs);

  return async (asked) => {
    const { standing, event, gateway, waiting, words, canAsk } = asked;
    const { session, agent } = standing;
    const plain = { isOver: false, canAsk, grants: false, isRecorded: true } as const;
    const by = judgedBy(standing);
    const judged = judgedOf(asked, by);
    const isAsked = judged.verdict === 'ask' && needs.people.isAsked({ standing, canAsk, waiting, judged });
    // Policies take somebody for there wherever people may be asked here; who they are is seen now.
    const isForTwo = judged.asks?.people === 2;
    const isAlone = judged.verdict === 'ask' && !isAsked && (isForTwo || !session.facts.isAttended);
    const { policies, call } = judged;
    const verdict = isAlone ? 'deny' : judged.verdict;
    const nobody = isForTwo ? 'two people must say yes, and are not asked here' : 'nobody is there to be asked';
    const reason = isAlone ? `${judged.reason}; and ${nobody}` : judged.reason;
    await record(words, { kind: 'tool_decided', call, verdict, policies, reason });
    count(asked, judged, verdict);
    const isToRun = gateway === undefined && event.kind === 'before_call';
    if (isAsked) {
      const outcome = await askedOutcome({ ...asked, judged, by });
      if (outcome.verdict === 'allow' && isToRun)
        judgedBefore.note(session.id, asItRuns(event.call, judged), { verdict: 'allow', by });
      return { ...plain, ...outcome, ...inputOf(judged, outcome.verdict) };
    }
    if (isToRun && (verdict === 'allow' || (verdict === 'ask' && canAsk)))
      judgedBefore.note(session.id, asItRuns(event.call, judged), { verdict, by });
    // Somebody may have stopped it while that was written.
    const stopped = stops.holding(standing);
    if (stopped !== undefined)
      return { ...plain, verdict: 'deny', reason: `Sallyport: agents were stopped by ${stopped.by}`, isOver: true };
    // Or other policies came into force, by which it was not judged.
    if (verdict !== 'deny' && !isSameJudgedBy(judgedBy(standing), by)) {
      const why = 'the policies it is judged by were changed meanwhile';
      await record(words, { kind: 'tool_decided', call, verdict: 'deny', policies, reason: why });
      return { ...plain, verdict: 'deny', reason: `Sallyport: ${why}` };
    }
    return {
      ...plain,
      verdict,
      reason: `Sallyport: ${reason}`,
      grants: agent.pack === 'unattended',
      ...inputOf(judged, verdict),
    };
  };

  /** Once, although a harness may ask twice about one call, and the gateway once more. */
  function count({ standing, event, gateway }: CallAsked, { policies }: JudgedHook, verdict: AgentVerdict): void {
    const { id } = standing.session;
    const isCounted =
      gateway === undefined
        ? event.kind === 'permission' && askedCalls.wasAsked(id, event.call.id) === true
        : policies.includes('hook');
    if (!isCounted) needs.tallies.callJudged(id, verdict);
    if (gateway === undefined) askedCalls.asked(id, event.call.id);
  }

  /** At the gateway, what its tools may not is not judged; what its harness's hook let through was. */
  function judgedOf({ standing, event: { call }, judge, child, gateway }: CallAsked, by: JudgedBy): JudgedHook {
    const { session, agent } = standing;
    if (gateway === undefined)
      return judge.judge({ ...call, rewrites: rewritesOf(agent.harness, session.facts.harnessVersion) }, child);
    const plain = { id: call.id, tool: toolOf(call), action: 'execute' } as const;
    const { refusal } = gateway;
    if (refusal !== undefined) return { verdict: 'deny', reason: refusal, policies: ['tool-servers'], call: plain };
    const before = judgedBefore.take(session.id, call, by);
    // Where nothing may be lost, the word of a harness that its person agreed is not enough.
    if (before === 'allow' || (before === 'ask' && agent.pack !== 'locked-down')) {
      const { input } = judge.whole(call);
      return { verdict: 'allow', reason: 'Let through by its hook', policies: ['hook'], call: plain, input };
    }
    return judge.judge(call, undefined);
  }
}

/** Arguments that the call is to run with, where it goes ahead and they are not its own. */
function inputOf({ input }: JudgedHook, verdict: AgentVerdict): Pick<HookOutcome, 'input'> {
  return input === undefined || verdict === 'deny' ? {} : { input };
}

/** As it will come to whoever runs it. */
function asItRuns(call: HookCall, { input }: JudgedHook): HookCall {
  return input === undefined ? call : { ...call, input };
}
