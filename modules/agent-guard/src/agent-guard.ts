import type { RoutePlugin } from '@sallyport/platform/http';
import { createGatewayCallRoutes } from './gateway/call-routes.ts';
import { createGatewayCalls, type ToolServerGate } from './gateway/gateway-calls.ts';
import { createHookDesk, type HookDesk } from './hooks/hook-desk.ts';
import { createHookRoutes } from './hooks/hook-routes.ts';
import type { OpenJudge } from './hooks/hook-judge.ts';
import { defaultLimits, type AgentGuardNeeds } from './needs.ts';
import { createAgentRoutes } from './sessions/agent-routes.ts';
import { createAgentSessions, type AgentSessions } from './sessions/agent-sessions.ts';
import { createAgentStore } from './sessions/agent-store.ts';
import { createStopRoutes } from './stops/stop-routes.ts';
import { createStops, type Stops } from './stops/stops.ts';

export type AgentGuard = {
  readonly sessions: AgentSessions;
  readonly stops: Stops;
  readonly hooks: HookDesk;
  readonly routes: RoutePlugin;
};

/** Identifies agents and their runs, decides what each call may do, and stops them. */
export async function createAgentGuard(
  needs: AgentGuardNeeds & { readonly openJudge: OpenJudge; readonly toolServers?: ToolServerGate },
): Promise<AgentGuard> {
  const limits = { ...defaultLimits, ...needs.limits };
  const sessions = createAgentSessions({ ...needs, store: createAgentStore(needs), limits });
  const stops = await createStops(needs);
  const hooks = createHookDesk({ ...needs, sessions, stops, limits });
  const gateway = createGatewayCalls({ hooks, toolServers: needs.toolServers ?? nothingIsLet, log: needs.log });
  const plugins = [
    createGatewayCallRoutes(gateway),
    createAgentRoutes(sessions, { hooks, owner: needs.owner }),
    createStopRoutes(stops),
    createHookRoutes(hooks),
  ];
  return {
    sessions,
    stops,
    hooks,
    async routes(app) {
      for (const plugin of plugins) await app.register(async (own) => plugin(own));
    },
  };
}

/** Where nobody says which servers are approved, none is. */
const nothingIsLet: ToolServerGate = {
  isLet: async () => ({ isLet: false, reason: 'Nobody approved this server', isForgotten: false }),
};
