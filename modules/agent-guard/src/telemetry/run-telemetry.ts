import type { AgentHappening } from '@sallyport/contracts';
import { happened, sessionWords } from '../audit-record.ts';
import { AgentGuardError } from '../errors.ts';
import type { HookDesk } from '../hooks/hook-desk.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSession } from '../sessions/agent.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import type { RunTallies } from '../sessions/run-tally.ts';
import { readHarnessRecords } from './harness-records.ts';
import type { HarnessRecord } from './harness-records.ts';

/** What a harness tells of itself by OpenTelemetry, as part of the run it belongs to. */
export type RunTelemetry = {
  /**
   * Takes an OTLP request for the run whose credential came with it; resolves once the ledger has what it says. A call that ran and was
   * never asked about is told as a silent hook. Throws `agent_telemetry_invalid`.
   */
  take(told: {
    readonly sessionId: string;
    readonly text: string;
  }): Promise<{ readonly rejected: number; readonly reason: string }>;
};

/** Of one run: more of the same says nothing more. */
const maxSilent = 20;

export function createRunTelemetry(
  needs: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random'> & {
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly hooks: Pick<HookDesk, 'wasAsked'>;
    readonly tallies: Pick<RunTallies, 'modelAnswered'>;
  },
): RunTelemetry {
  const { ledger, clock, random, sessions, hooks, tallies } = needs;
  /** Calls that were told of, by run; the run told of last stands last. */
  const silent = new Map<string, Set<string>>();

  function silentCall(
    session: AgentSession,
    { call, tool }: Extract<HarnessRecord, { kind: 'tool_ran' }>,
  ): AgentHappening[] {
    const { id: sessionId } = session;
    // Of a run that is over its hooks are not remembered.
    if (session.ended !== undefined || hooks.wasAsked(session, call) !== false) return [];
    const told = silent.get(sessionId) ?? new Set();
    if (told.has(call) || told.size >= maxSilent) return [];
    silent.delete(sessionId);
    silent.set(sessionId, told.add(call));
    const [oldest] = silent.keys();
    if (silent.size > 1000 && oldest !== undefined) silent.delete(oldest);
    const ran = { id: call, tool: { name: tool }, action: 'execute' } as const;
    return [{ kind: 'hook_silent', silentMs: 0, stillSeen: 'telemetry', call: ran }];
  }

  return {
    async take({ sessionId, text }) {
      const read = readHarnessRecords(text);
      if (!read.ok) throw new AgentGuardError('agent_telemetry_invalid', `Cannot read the telemetry: ${read.message}`);
      const { session, agent, ownerName, isMute } = await sessions.standing(sessionId);
      // What comes within the last seconds of a run is its own; what comes later is anybody's.
      const happenings = isMute
        ? []
        : read.records.flatMap((record): AgentHappening[] => {
            if (record.kind === 'tool_ran') return silentCall(session, record);
            const { costUsd, ...rest } = record;
            return [{ ...rest, ...(costUsd === undefined ? {} : { cost: costUsd }) }];
          });
      if (happenings.length > 0) {
        const words = sessionWords(session, { agent, ownerName });
        const stream = `agent/${Buffer.from(random(16)).toString('hex')}`;
        await ledger.append({
          collector: 'agent',
          priority: 'control',
          entries: happenings.map((happening, sequence) => {
            const { classUid, event } = happened(clock.nowMs(), words, happening);
            return { classUid, sequence, stream, body: Buffer.from(JSON.stringify(event)) };
          }),
        });
        for (const happening of happenings)
          if (happening.kind === 'model_called')
            tallies.modelAnswered(sessionId, {
              inputTokens: happening.inputTokens,
              outputTokens: happening.outputTokens,
              cachedTokens: happening.cachedTokens,
              costMicros: Math.round((happening.cost ?? 0) * 1e6),
            });
      }
      return { rejected: read.rejected, reason: read.reason };
    },
  };
}
