import { happened, sessionWords } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import type { HookDesk } from './hook-desk.ts';

/** A hook that nobody answered while the server could not be reached. */
export type UnansweredHook = { readonly atMs: number; readonly tool: string; readonly went: boolean };

/** What was asked in vain, as the guard tells once it gets through again. */
export type Outages = {
  /** Resolves once the ledger has it; what went ahead brought nobody knows what. Throws `agent_session_not_found`. */
  told(outage: { readonly sessionId: string; readonly hooks: readonly UnansweredHook[] }): Promise<void>;
};

export function createOutages(
  needs: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random'> & {
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly hooks: Pick<HookDesk, 'forget'>;
  },
): Outages {
  const { ledger, clock, random, sessions, hooks: desk } = needs;
  return {
    async told({ sessionId, hooks }) {
      const { session, agent, ownerName } = await sessions.standing(sessionId);
      if (hooks.some(({ went }) => went)) await desk.forget(sessionId);
      const stream = `agent/${Buffer.from(random(16)).toString('hex')}`;
      const words = sessionWords(session, { agent, ownerName });
      await ledger.append({
        collector: 'agent',
        priority: 'control',
        entries: hooks.map(({ atMs, tool, went }, sequence) => {
          const { classUid, event } = happened(clock.nowMs(), words, {
            kind: 'tool_decided',
            call: { id: '', tool: { name: tool === '' ? 'unknown' : tool }, action: 'execute' },
            verdict: went ? 'allow' : 'deny',
            policies: ['server-unreachable'],
            reason: `${went ? 'Went ahead' : 'Was refused by the guard'} at ${new Date(atMs).toISOString()}: the server could not be asked`,
          });
          return { classUid, sequence, stream, body: Buffer.from(JSON.stringify(event)) };
        }),
      });
    },
  };
}
