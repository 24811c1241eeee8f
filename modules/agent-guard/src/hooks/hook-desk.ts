import { isJsonObject } from '@sallyport/contracts';
import type {
  AgentContent,
  AgentHappening,
  AgentOrigin,
  AgentSession as SessionWords,
  AgentVerdict,
  JsonObject,
  JsonValue,
} from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { happened, sessionWords } from '../audit-record.ts';
import { rewritesOf } from '../content/can-rewrite.ts';
import { sayContent } from '../content/session-content.ts';
import { AgentGuardError } from '../errors.ts';
import { createJudgedBefore, isSameJudgedBy } from '../gateway/judged-before.ts';
import type { JudgedBy } from '../gateway/judged-before.ts';
import type { AskPerson, Waiting } from '../approvals/ask-person.ts';
import type { SessionSteps } from '../approvals/session-steps.ts';
import type { AgentGuardLimits, AgentGuardNeeds } from '../needs.ts';
import type { AgentSession, Harness } from '../sessions/agent.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { RunTallies } from '../sessions/run-tally.ts';
import type { Stops } from '../stops/stops.ts';
import { createAskedCalls } from './asked-calls.ts';
import { createAskedOutcome } from './asked-outcome.ts';
import { dialects, refusalIn } from './dialects.ts';
import type { HookCall, HookMessage, HookOutcome } from './hook-message.ts';
import type { OpenJudge, HookJudge, JudgedHook } from './hook-judge.ts';
import { createInTurn } from './in-turn.ts';
import { createJudgeMemory } from './judge-memory.ts';
import { createSilenceWatch } from './silence.ts';

/** Where every hook of every harness is answered. */
export type HookDesk = {
  /**
   * The answer in the words of the harness. Whatever goes wrong is a no in those words: an error of HTTP lets the call through at most
   * harnesses. A call is allowed only once the ledger holds that it was.
   */
  answer(hook: {
    readonly sessionId: string;
    readonly harness: Harness;
    readonly body: JsonObject;
    /** Who waits behind it: without, nobody is asked in the harness's place. */
    readonly waiting?: Waiting;
  }): Promise<JsonObject>;
  /**
   * What is said of a call that comes through the gateway, recorded; `ask` where somebody would have to say yes first. `refusal`: why it
   * may not go whatever the policies say. A call that its harness's hook let through a moment ago, by the policies of now, is not judged
   * again. Throws where it cannot be judged or recorded.
   */
  decide(asked: {
    readonly sessionId: string;
    readonly call: HookCall;
    readonly refusal?: string;
    readonly waiting?: Waiting;
  }): Promise<HookOutcome>;
  /** It went through the gateway; whose words it brought back, and what the agent reads instead, if anything. Throws where that cannot be recorded. */
  finished(told: {
    readonly sessionId: string;
    readonly call: HookCall;
    readonly result: JsonValue;
    readonly isSuccess: boolean;
    readonly durationMs: number;
  }): Promise<{ readonly content: AgentOrigin; readonly output?: JsonValue }>;
  /** Calls that went unasked. Throws where they cannot be recorded. */
  missed(told: {
    readonly sessionId: string;
    readonly calls: readonly { readonly call: HookCall; readonly why: string }[];
  }): Promise<void>;
  /** Something came in that nobody saw. Throws `agent_session_not_found`. */
  forget(sessionId: string): Promise<void>;
  /** Whether a hook asked for a call before it ran; undefined where not all of that session's hooks are remembered. */
  wasAsked(session: Pick<AgentSession, 'id' | 'startedAtMs'>, callId: string): boolean | undefined;
  /** Writes down those whose process is heard of and whose hooks never were. To be called now and then. */
  noteSilence(): Promise<void>;
};

/** A call that comes through the gateway. */
type ByGateway = { readonly refusal?: string };

const overWords: Readonly<Record<NonNullable<StandingSession['over']>, string>> = {
  finished: 'this run has ended',
  'ended-by-hand': 'somebody ended this run',
  stopped: 'somebody stopped this run',
  expired: 'nothing was heard of this run for too long; start it again',
  'owner-ended': 'whom this agent belongs to may not run agents any more',
};

export function createHookDesk(
  needs: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random' | 'log' | 'machines'> & {
    readonly sessions: Pick<AgentSessions, 'reading' | 'standing' | 'sessions' | 'end' | 'seenAtMs'>;
    readonly stops: Pick<Stops, 'holding'>;
    readonly tallies: Pick<RunTallies, 'hookHeard' | 'callJudged'>;
    readonly openJudge: OpenJudge;
    readonly people: AskPerson;
    /** The organisation's own policies: a yes given under others is none. */
    readonly policiesNow?: (() => unknown) | undefined;
    readonly steps: Pick<SessionSteps, 'note'>;
    readonly limits: AgentGuardLimits;
  },
): HookDesk {
  const { ledger, clock, random, sessions, stops, tallies } = needs;
  const memory = createJudgeMemory(needs);
  const judgedBefore = createJudgedBefore(clock);
  const askedCalls = createAskedCalls();
  const inTurn = createInTurn(sessions);

  const record = async (words: SessionWords, happening: AgentHappening): Promise<void> => {
    needs.steps.note(words.parent ?? words.id, clock.nowMs(), happening);
    const { classUid, event } = happened(clock.nowMs(), words, happening);
    await ledger.append({
      collector: 'agent',
      priority: 'control',
      entries: [
        {
          classUid,
          sequence: 0,
          stream: `agent/${Buffer.from(random(16)).toString('hex')}`,
          body: Buffer.from(JSON.stringify(event)),
        },
      ],
    });
  };

  const judgeOf = (standing: StandingSession, gateway?: ByGateway): HookJudge =>
    memory.of(standing, gateway === undefined ? 'hook' : 'gateway');

  /** What holds a session as a whole, in words. */
  function heldBy(standing: StandingSession): string | undefined {
    const stop = stops.holding(standing);
    if (stop !== undefined) return `agents were stopped by ${stop.by}${stop.reason === '' ? '' : `: ${stop.reason}`}`;
    return standing.over === undefined ? undefined : overWords[standing.over];
  }

  const judgedBy = ({ agent }: StandingSession): JudgedBy => ({ pack: agent.pack, policies: needs.policiesNow?.() });
  const askedOutcome = createAskedOutcome({ ...needs, heldBy, judgedBy, record });

  /** Judges before it first waits for anything: a turn is as long as that. */

  async function outcomeOf(
    standing: StandingSession,
    message: Pick<HookMessage, 'child' | 'event'>,
    { gateway, waiting }: { readonly gateway?: ByGateway; readonly waiting?: Waiting | undefined },
  ): Promise<HookOutcome> {
    const { session, agent, ownerName } = standing;
    const words = sessionWords(session, {
      agent,
      ownerName,
      ...(message.child === undefined ? {} : { child: message.child }),
    });
    const canAsk = gateway === undefined && session.facts.isAttended && agent.harness === 'claude-code';
    const plain = { isOver: false, canAsk, grants: false } as const;
    const passed: HookOutcome = { ...plain, verdict: 'allow', reason: '' };
    const held = heldBy(standing);
    const { event } = message;
    if (gateway === undefined) tallies.hookHeard(session.id);
    if (held !== undefined) {
      if (standing.over !== undefined) memory.end(session.id);
      const reason = `Sallyport: ${held}`;
      if (event.kind === 'before_call')
        await record(words, {
          kind: 'tool_decided',
          call: { id: event.call.id, tool: toolOf(event.call), action: 'execute' },
          verdict: 'deny',
          policies: ['stopped'],
          reason,
        });
      return { ...plain, verdict: 'deny', reason, isOver: true };
    }
    const judge = judgeOf(standing, gateway);
    switch (event.kind) {
      case 'prompt': {
        // Nobody types inside a sub-agent: what comes there as a prompt are the words of an agent.
        const origin = message.child === undefined ? event.origin : 'untrusted';
        // Whatever was let through and did not come is not to come any more: their person said no to it.
        if (message.child === undefined) judgedBefore.forget(session.id);
        const found = judge.prompted({ ...event, origin });
        await record(words, {
          kind: 'prompt_given',
          prompt: event.id,
          origin,
          ...(found === undefined ? {} : { found }),
        });
        return found?.secrets === undefined ? passed : { ...passed, notice: promptNotice(found) };
      }
      case 'before_call':
      case 'permission': {
        const by = judgedBy(standing);
        const judged =
          gateway === undefined
            ? judge.judge(
                { ...event.call, rewrites: rewritesOf(agent.harness, session.facts.harnessVersion) },
                message.child,
              )
            : judgedAtGateway(standing, { judge, call: event.call, ...gateway });
        const isAsked = judged.verdict === 'ask' && needs.people.isAsked({ standing, canAsk, waiting, judged });
        // Policies take somebody for there wherever people may be asked here; who they are is seen now.
        const isForTwo = judged.asks?.people === 2;
        const isAlone = judged.verdict === 'ask' && !isAsked && (isForTwo || !session.facts.isAttended);
        const { policies, call } = judged;
        const verdict = isAlone ? 'deny' : judged.verdict;
        const nobody = isForTwo ? 'two people must say yes, and are not asked here' : 'nobody is there to be asked';
        const reason = isAlone ? `${judged.reason}; and ${nobody}` : judged.reason;
        await record(words, { kind: 'tool_decided', call, verdict, policies, reason });
        // A harness may ask twice about one call, and the gateway once more.
        const isCounted =
          gateway === undefined
            ? event.kind === 'permission' && askedCalls.wasAsked(session.id, event.call.id) === true
            : policies.includes('hook');
        if (!isCounted) tallies.callJudged(session.id, verdict);
        if (gateway === undefined) askedCalls.asked(session.id, event.call.id);
        if (isAsked) {
          const { child } = message;
          const outcome = await askedOutcome({ standing, event, judge, judged, by, child, waiting, words });
          if (outcome.verdict === 'allow' && gateway === undefined && event.kind === 'before_call')
            judgedBefore.note(session.id, asItRuns(event.call, judged), { verdict: 'allow', by });
          return { ...plain, ...outcome, ...inputOf(judged, outcome.verdict) };
        }
        if (
          gateway === undefined &&
          event.kind === 'before_call' &&
          (verdict === 'allow' || (verdict === 'ask' && canAsk))
        )
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
      }
      case 'after_call': {
        const rewrites = rewritesOf(agent.harness, session.facts.harnessVersion);
        // What went wrong is told in words that no harness lets be replaced.
        const call = { ...event.call, rewrites: { ...rewrites, output: rewrites.output && event.isSuccess } };
        const { origin, found, output } = judge.saw(call, event);
        // It has run: what arrives like it now is another.
        judgedBefore.take(session.id, event.call, judgedBy(standing));
        await record(words, {
          kind: 'tool_finished',
          call: { id: event.call.id, tool: toolOf(event.call), action: 'execute' },
          isSuccess: event.isSuccess,
          content: origin,
          ...(found === undefined ? {} : { found }),
          ...(event.durationMs === undefined ? {} : { durationMs: event.durationMs }),
        });
        return output === undefined ? passed : { ...passed, output };
      }
      case 'settings_changed': {
        // What holds the agent is changed in the middle of its run: by it, or by somebody in its place.
        const input: JsonObject = event.file === undefined ? {} : { file_path: event.file };
        const { verdict, reason, policies, call } = judge.judge({ id: '', tool: 'ConfigChange', input }, message.child);
        const changed = { ...call, action: 'configure', guards: 'settings' } as const;
        await record(words, { kind: 'tool_decided', call: changed, verdict, policies, reason });
        return { ...plain, verdict: verdict === 'ask' ? 'deny' : verdict, reason: `Sallyport: ${reason}` };
      }
      case 'session_ended':
        await sessions.end({ id: session.id, by: ownPrincipal(standing), anybodys: true, for: 'finished' });
        memory.end(session.id);
        return passed;
      case 'session_started':
        // A conversation that goes on from before knows what this run has not seen.
        if (event.reason !== 'startup' && event.reason !== 'clear') judge.forgot();
        return passed;
      case 'told':
        return passed;
    }
  }

  /** What its tools may not is not judged; what its harness's hook let through was. */
  function judgedAtGateway(
    standing: StandingSession,
    { judge, call, refusal }: { readonly judge: HookJudge; readonly call: HookCall } & ByGateway,
  ): JudgedHook {
    const plain = { id: call.id, tool: toolOf(call), action: 'execute' } as const;
    if (refusal !== undefined) return { verdict: 'deny', reason: refusal, policies: ['tool-servers'], call: plain };
    const { session, agent } = standing;
    const before = judgedBefore.take(session.id, call, judgedBy(standing));
    // Where nothing may be lost, the word of a harness that its person agreed is not enough.
    if (before === 'allow' || (before === 'ask' && agent.pack !== 'locked-down')) {
      const { input } = judge.whole(call);
      return { verdict: 'allow', reason: 'Let through by its hook', policies: ['hook'], call: plain, input };
    }
    return judge.judge(call, undefined);
  }

  return {
    async answer({ sessionId, harness, body, waiting }) {
      try {
        const { name, outcome } = await inTurn(sessionId, (standing) => {
          if (standing.agent.harness !== harness)
            throw new AgentGuardError(
              'hook_session_other',
              `Cannot take a hook of ${harness}: the session is one of ${standing.agent.harness}`,
            );
          const message = dialects[harness].parse(body);
          return { name: message.name, outcome: outcomeOf(standing, message, { waiting }) };
        });
        return dialects[harness].answer(name, await outcome);
      } catch (error) {
        needs.log('A hook was refused', { harness, reason: messageOf(error) });
        // It may have been what a call brought back.
        memory.forgot(sessionId);
        const why = error instanceof AgentGuardError ? error.message : 'it cannot be decided or recorded now';
        return refusalIn(harness, body, `Sallyport: ${why}`);
      }
    },

    async decide({ sessionId, call, refusal, waiting }) {
      const event = { kind: 'before_call', call } as const;
      const gateway = refusal === undefined ? {} : { refusal };
      const { outcome } = await inTurn(sessionId, (standing) => ({
        outcome: outcomeOf(standing, { event }, { gateway, waiting }),
      }));
      return outcome;
    },

    async finished({ sessionId, call, result, isSuccess, durationMs }) {
      const { standing, origin, found, output } = await inTurn(sessionId, (read) => ({
        standing: read,
        ...judgeOf(read, {}).saw(call, { result, isSuccess }),
      }));
      const { session, agent, ownerName } = standing;
      await record(sessionWords(session, { agent, ownerName }), {
        kind: 'tool_finished',
        call: { id: call.id, tool: toolOf(call), action: 'execute' },
        isSuccess,
        content: origin,
        ...(found === undefined ? {} : { found }),
        durationMs,
      });
      return { content: origin, ...(output === undefined ? {} : { output }) };
    },

    async missed({ sessionId, calls }) {
      const standing = await sessions.standing(sessionId);
      const { session, agent, ownerName } = standing;
      judgeOf(standing, {}).forgot();
      for (const { call, why } of calls)
        await record(sessionWords(session, { agent, ownerName }), {
          kind: 'tool_decided',
          call: { id: call.id, tool: toolOf(call), action: 'execute' },
          verdict: 'allow',
          policies: ['server-unreachable'],
          reason: why,
        });
    },

    async forget(sessionId) {
      judgeOf(await sessions.standing(sessionId), {}).forgot();
    },

    wasAsked: (session, callId) => (memory.isWhole(session) ? askedCalls.wasAsked(session.id, callId) : undefined),

    noteSilence: createSilenceWatch({ clock, sessions, memory, record }),
  };
}

/** Arguments that the call is to run with, where it goes ahead and they are not its own. */
function inputOf({ input }: JudgedHook, verdict: AgentVerdict): Pick<HookOutcome, 'input'> {
  return input === undefined || verdict === 'deny' ? {} : { input };
}

/** As it will come to whoever runs it. */
function asItRuns(call: HookCall, { input }: JudgedHook): HookCall {
  return input === undefined ? call : { ...call, input };
}

function promptNotice(found: AgentContent): string {
  return `Sallyport: your prompt holds ${sayContent(found)}. It goes to the model as you typed it; if you did not mean that, replace what it opens`;
}

function toolOf({
  tool,
  server,
}: {
  readonly tool: string;
  readonly server?: { readonly name: string; readonly source?: string };
}) {
  return { name: tool, ...(server === undefined ? {} : { server }) };
}

function ownPrincipal({ session, agent }: StandingSession) {
  return { kind: 'agent', id: session.id, name: agent.name, scopes: [] } as const;
}

/** A body that is no object is no hook. */
export function hookBody(body: unknown): JsonObject {
  if (isJsonObject(body)) return body;
  throw new AgentGuardError('hook_invalid', 'Cannot read the hook: must be a JSON object');
}
