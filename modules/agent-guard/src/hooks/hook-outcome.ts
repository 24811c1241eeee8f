import type { AgentContent, JsonObject } from '@sallyport/contracts';
import type { Waiting } from '../approvals/ask-person.ts';
import { sessionWords } from '../audit-record.ts';
import { rewritesOf } from '../calls/can-rewrite.ts';
import { sayContent } from '../content/session-content.ts';
import type { AgentSessions, StandingSession } from '../sessions/agent-sessions.ts';
import type { RunTallies } from '../sessions/run-tally.ts';
import { createCallOutcome } from './call-outcome.ts';
import type { ByGateway } from './call-outcome.ts';
import { toolOf } from '../calls/hook-message.ts';
import type { HookMessage, HookOutcome } from '../calls/hook-message.ts';
import type { JudgeMemory } from '../judging/judge-memory.ts';

type HookHeard = {
  readonly standing: StandingSession;
  readonly message: Pick<HookMessage, 'child' | 'event'>;
  readonly gateway?: ByGateway;
  readonly waiting?: Waiting | undefined;
};

/**
 * What is answered to what a harness or the gateway tells or asks, once it stands in the ledger. Judges before it first waits for anything: a
 * turn is as long as that. Throws where it cannot be recorded.
 */
export type OutcomeOfHook = (heard: HookHeard) => Promise<HookOutcome>;

export function createOutcomeOfHook(
  needs: Parameters<typeof createCallOutcome>[0] & {
    readonly sessions: Pick<AgentSessions, 'end'>;
    readonly tallies: Pick<RunTallies, 'hookHeard'>;
    readonly memory: Pick<JudgeMemory, 'of' | 'end'>;
  },
): OutcomeOfHook {
  const { sessions, memory, judgedBefore, heldBy, judgedBy, record } = needs;
  const callOutcome = createCallOutcome(needs);

  return async ({ standing, message, gateway, waiting }) => {
    const { session, agent, ownerName } = standing;
    const { event, child } = message;
    const words = sessionWords(session, { agent, ownerName, ...(child === undefined ? {} : { child }) });
    const canAsk = gateway === undefined && session.facts.isAttended && agent.harness === 'claude-code';
    const plain = { isOver: false, canAsk, grants: false } as const;
    const passed: HookOutcome = { ...plain, verdict: 'allow', reason: '' };
    const recorded: HookOutcome = { ...passed, isRecorded: true };
    const held = heldBy(standing);
    if (gateway === undefined) needs.tallies.hookHeard(session.id);
    if (held !== undefined) {
      if (standing.over !== undefined) memory.end(session.id);
      const reason = `Sallyport: ${held}`;
      const refused: HookOutcome = { ...plain, verdict: 'deny', reason, isOver: true };
      if (event.kind !== 'before_call') return refused;
      await record(words, {
        kind: 'tool_decided',
        call: { id: event.call.id, tool: toolOf(event.call), action: 'execute' },
        verdict: 'deny',
        policies: ['stopped'],
        reason,
      });
      return { ...refused, isRecorded: true };
    }
    const judge = memory.of(standing, gateway === undefined ? 'hook' : 'gateway');
    switch (event.kind) {
      case 'prompt': {
        // Nobody types inside a sub-agent: what comes there as a prompt are the words of an agent.
        const origin = child === undefined ? event.origin : 'untrusted';
        // Whatever was let through and did not come is not to come any more: their person said no to it.
        if (child === undefined) judgedBefore.forget(session.id);
        const found = judge.prompted({ ...event, origin });
        await record(words, {
          kind: 'prompt_given',
          prompt: event.id,
          origin,
          ...(found === undefined ? {} : { found }),
        });
        return found?.secrets === undefined ? recorded : { ...recorded, notice: promptNotice(found) };
      }
      case 'before_call':
      case 'permission':
        return callOutcome({ standing, event, judge, child, gateway, waiting, words, canAsk });
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
        return output === undefined ? recorded : { ...recorded, output };
      }
      case 'settings_changed': {
        // What holds the agent is changed in the middle of its run: by it, or by somebody in its place.
        const input: JsonObject = event.file === undefined ? {} : { file_path: event.file };
        const { verdict, reason, policies, call } = judge.judge({ id: '', tool: 'ConfigChange', input }, child);
        const changed = { ...call, action: 'configure', guards: 'settings' } as const;
        await record(words, { kind: 'tool_decided', call: changed, verdict, policies, reason });
        return { ...recorded, verdict: verdict === 'ask' ? 'deny' : verdict, reason: `Sallyport: ${reason}` };
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
  };
}

function promptNotice(found: AgentContent): string {
  return `Sallyport: your prompt holds ${sayContent(found)}. It goes to the model as you typed it; if you did not mean that, replace what it opens`;
}

function ownPrincipal({ session, agent }: StandingSession) {
  return { kind: 'agent', id: session.id, name: agent.name, scopes: [] } as const;
}
