import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import { createJudgedBefore } from '../calls/judged-before.ts';
import type { AskPerson, Waiting } from '../approvals/ask-person.ts';
import type { SessionSteps } from '../approvals/session-steps.ts';
import type { AgentGuardLimits, AgentGuardNeeds } from '../needs.ts';
import type { AgentSession, Harness } from '../sessions/agent.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { RunTallies } from '../sessions/run-tally.ts';
import type { Stops } from '../stops/stops.ts';
import { createAskedCalls } from '../calls/asked-calls.ts';
import { createCameBack, type CameBack } from './came-back.ts';
import { dialects, refusalIn } from './dialects.ts';
import { createHeldBy } from './held-by.ts';
import { toolOf } from '../calls/hook-message.ts';
import type { HookCall, HookOutcome } from '../calls/hook-message.ts';
import type { OpenJudge, HookJudge } from '../judging/hook-judge.ts';
import { createOutcomeOfHook } from './hook-outcome.ts';
import { createInTurn } from './in-turn.ts';
import { createJudgeMemory } from '../judging/judge-memory.ts';
import { createRecordHappening } from './record-happening.ts';
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
    /** Called before it is answered where the ledger holds what was asked or told. */
    readonly onRecorded?: () => void;
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
  /** What calls of the gateway brought. */
  readonly cameBack: CameBack;
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

export function createHookDesk(
  needs: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random' | 'log' | 'machines' | 'riskOf'> & {
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
  const { clock, sessions } = needs;
  const memory = createJudgeMemory(needs);
  const askedCalls = createAskedCalls();
  const inTurn = createInTurn(sessions);
  const record = createRecordHappening(needs);
  const heldBy = createHeldBy(needs.stops);
  const outcomeOf = createOutcomeOfHook({
    ...needs,
    memory,
    askedCalls,
    judgedBefore: createJudgedBefore(clock),
    heldBy,
    judgedBy: ({ agent }) => ({ pack: agent.pack, policies: needs.policiesNow?.() }),
    record,
  });
  const judgeAtGateway = (standing: StandingSession): HookJudge => memory.of(standing, 'gateway');

  return {
    async answer({ sessionId, harness, body, waiting, onRecorded }) {
      try {
        const { name, outcome } = await inTurn(sessionId, (standing) => {
          if (standing.agent.harness !== harness)
            throw new AgentGuardError(
              'hook_session_other',
              `Cannot take a hook of ${harness}: the session is one of ${standing.agent.harness}`,
            );
          const message = dialects[harness].parse(body);
          return { name: message.name, outcome: outcomeOf({ standing, message, waiting }) };
        });
        const said = await outcome;
        if (said.isRecorded === true) onRecorded?.();
        return dialects[harness].answer(name, said);
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
        outcome: outcomeOf({ standing, message: { event }, gateway, waiting }),
      }));
      return outcome;
    },

    cameBack: createCameBack({ inTurn, memory, heldBy, record }),

    async missed({ sessionId, calls }) {
      const standing = await sessions.standing(sessionId);
      const { session, agent, ownerName } = standing;
      judgeAtGateway(standing).forgot();
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
      judgeAtGateway(await sessions.standing(sessionId)).forgot();
    },

    wasAsked: (session, callId) => (memory.isWhole(session) ? askedCalls.wasAsked(session.id, callId) : undefined),

    noteSilence: createSilenceWatch({ clock, sessions, memory, record }),
  };
}

/** A body that is no object is no hook. */
export function hookBody(body: unknown): JsonObject {
  if (isJsonObject(body)) return body;
  throw new AgentGuardError('hook_invalid', 'Cannot read the hook: must be a JSON object');
}
