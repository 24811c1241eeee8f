import { createTurns } from '@sallyport/platform/turns';
import { AgentGuardError } from '../errors.ts';
import type { AgentGuardNeeds } from '../needs.ts';
import type { ReachedRates } from '../gateway/reached-rates.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import type { Stops } from '../stops/stops.ts';
import { createServerDecisions, type ServerDecisions } from './decide-server.ts';
import { createSeeServer, type SeenServer, type ToldServer } from './see-server.ts';
import { createShowServers, type ShowServers } from './show-server.ts';
import { createToolGate, type ToolGate } from './tool-gate.ts';
import { createToolServerStore } from './tool-server-store.ts';
import { createWaitingOffers } from './waiting-offers.ts';

/**
 * The servers of tools that agents meet: quarantined until somebody approves them, their tools pinned by digest to what they said of
 * themselves when they were approved. What is unknown, changed, blocked or forgotten is not let.
 */
export type ToolServers = ServerDecisions &
  Pick<ToolGate, 'isLet'> & {
    readonly show: ShowServers;
    /** A run met a server. Throws `agent_stopped`, `agent_session_not_found`, `tool_server_invalid`, `agent_limit_reached`. */
    see(met: { readonly sessionId: string; readonly told: ToldServer }): Promise<SeenServer>;
  };

export function createToolServers(
  needs: Pick<AgentGuardNeeds, 'database' | 'outbox' | 'clock' | 'random' | 'columnKeys'> & {
    readonly sessions: Pick<AgentSessions, 'standing'>;
    readonly stops: Pick<Stops, 'holding'>;
    /** More that is new was told of than is taken in at once. */
    readonly reached: ReachedRates['of'];
  },
): ToolServers {
  const store = createToolServerStore(needs);
  const inTurn = createTurns();
  const waitingOffers = createWaitingOffers();
  const seeServer = createSeeServer({ ...needs, store, inTurn, waitingOffers });
  const gate = createToolGate({ database: needs.database, store, waitingOffers });
  return {
    ...createServerDecisions({ ...needs, store, inTurn }),
    show: createShowServers({ database: needs.database, store }),
    isLet: gate.isLet,
    async see({ sessionId, told }) {
      const standing = await needs.sessions.standing(sessionId);
      if (standing.over !== undefined)
        throw new AgentGuardError('agent_session_not_found', `Cannot take in a server: run "${sessionId}" is over`);
      const stop = needs.stops.holding(standing);
      if (stop !== undefined)
        throw new AgentGuardError('agent_stopped', `Cannot take in a server: agents were stopped by ${stop.by}`);
      for (const text of [told.name, told.target]) mustBePlain(text);
      const seen = await seeServer(standing, told);
      gate.met({ sessionId, server: told.name, serverId: seen.server.id });
      return seen;
    },
  };
}

/** A server is approved by its name and place: nothing in them may move or hide text. */
function mustBePlain(text: string): void {
  if (
    text.trim() !== '' &&
    text.isWellFormed() &&
    !/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u.test(text)
  )
    return;
  throw new AgentGuardError(
    'tool_server_invalid',
    'Cannot take in a server: its name and its command line or address must be text without unseen signs',
  );
}
