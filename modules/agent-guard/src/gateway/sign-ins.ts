import type { AgentSignInChange } from '@sallyport/contracts';
import { happened, sessionWords } from '../audit-record.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';

/** What a person did to their sign-in to a remote tool server, on the machine of a run. */
export type ToldSignIn = {
  readonly change: AgentSignInChange;
  readonly atMs: number;
  /** As the harness calls the server, where somebody said. */
  readonly name?: string;
  /** Origin and path. */
  readonly server: string;
  readonly issuer: string;
  readonly scopes: readonly string[];
  readonly reason?: string;
};

/** Sign-ins to remote tool servers, as a gateway tells of them before it uses one. Tokens are not told. */
export type SignIns = {
  /** Resolves once the ledger has it. Throws `agent_session_not_found`. */
  told(told: { readonly sessionId: string; readonly events: readonly ToldSignIn[] }): Promise<void>;
};

export function createSignIns({
  ledger,
  clock,
  random,
  sessions,
}: Pick<AgentGuardNeeds, 'ledger' | 'clock' | 'random'> & {
  readonly sessions: Pick<AgentSessions, 'standing'>;
}): SignIns {
  return {
    async told({ sessionId, events }) {
      const { session, agent, ownerName } = await sessions.standing(sessionId);
      const stream = `agent/${Buffer.from(random(16)).toString('hex')}`;
      const words = sessionWords(session, { agent, ownerName });
      await ledger.append({
        collector: 'agent',
        priority: 'control',
        entries: events.map(({ name, server, ...rest }, sequence) => {
          const { classUid, event } = happened(clock.nowMs(), words, {
            kind: 'server_sign_in',
            server: { name: name ?? new URL(server).host, source: 'gateway' },
            address: server,
            ...rest,
          });
          return { classUid, sequence, stream, body: Buffer.from(JSON.stringify(event)) };
        }),
      });
    },
  };
}
