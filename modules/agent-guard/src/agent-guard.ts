import type { RoutePlugin } from '@sallyport/platform/http';
import { endThoseOfBefore } from './approvals/after-restart.ts';
import { createApprovalRoutes } from './approvals/approval-routes.ts';
import { createApprovalStore } from './approvals/approval-store.ts';
import { createApprovals, type Approvals } from './approvals/approvals.ts';
import { createAskPerson } from './approvals/ask-person.ts';
import { createProposals } from './approvals/proposals.ts';
import { createProposalRoutes } from './approvals/proposal-routes.ts';
import { createSessionSteps } from './approvals/session-steps.ts';
import { createGatewayCallRoutes } from './gateway/call-routes.ts';
import { createGatewayCalls } from './gateway/gateway-calls.ts';
import { createRateRoutes } from './gateway/rate-routes.ts';
import { createReachedRates, type ReachedRates } from './gateway/reached-rates.ts';
import { createSignInRoutes } from './gateway/sign-in-routes.ts';
import { createTaskRoutes } from './gateway/task-routes.ts';
import { createSignIns } from './gateway/sign-ins.ts';
import { createHookDesk, type HookDesk } from './hooks/hook-desk.ts';
import { createHookRoutes } from './hooks/hook-routes.ts';
import { createRecordHappening } from './hooks/record-happening.ts';
import { createOutageRoutes } from './hooks/outage-routes.ts';
import { createOutages, type Outages } from './hooks/outages.ts';
import type { OpenJudge } from './judging/hook-judge.ts';
import { defaultLimits, type AgentGuardNeeds } from './needs.ts';
import { createCoverageRoutes } from './coverage/coverage-routes.ts';
import type { PackDecisions } from './decisions/index.ts';
import { createOwnDocumentRoutes } from './own-policies/document-routes.ts';
import type { OwnPolicies } from './own-policies/own-policies.ts';
import { createProposalDraftRoute } from './own-policies/proposal-draft-route.ts';
import { createOwnVersionRoutes } from './own-policies/version-routes.ts';
import type { PastCalls } from './past-calls/replay-calls.ts';
import { createReplayRoutes } from './past-calls/replay-routes.ts';
import { createAgentRoutes } from './sessions/agent-routes.ts';
import type { Pack } from './sessions/agent.ts';
import { createAgentSessions, type AgentSessions } from './sessions/agent-sessions.ts';
import { createAgentStore } from './sessions/agent-store.ts';
import { createMachineProofs } from './sessions/machine-proofs.ts';
import { createRunTallies, type RunTallies } from './sessions/run-tally.ts';
import { createNoticeChoices } from './notices/notice-choices.ts';
import { createNoticeRoutes } from './notices/notice-routes.ts';
import type { Telling } from './notices/telling.ts';
import { createTestNotice } from './notices/test-notice.ts';
import { createWaitingNotices, type WaitingNotices } from './notices/waiting-notices.ts';
import { createStopRoutes } from './stops/stop-routes.ts';
import { createStops, type Stops } from './stops/stops.ts';
import { createRunTelemetry, type RunTelemetry } from './telemetry/run-telemetry.ts';
import { createTelemetryRoutes } from './telemetry/telemetry-routes.ts';
import { createGatewayServerRoutes } from './tool-servers/gateway-server-routes.ts';
import { createToolServerRoutes } from './tool-servers/tool-server-routes.ts';
import { createToolServers, type ToolServers } from './tool-servers/tool-servers.ts';

export type AgentGuard = {
  readonly sessions: AgentSessions;
  readonly stops: Stops;
  readonly hooks: HookDesk;
  readonly approvals: Approvals;
  readonly notices: WaitingNotices;
  readonly toolServers: ToolServers;
  readonly rates: Pick<ReachedRates, 'tick'>;
  readonly tallies: RunTallies;
  readonly telemetry: RunTelemetry;
  readonly outages: Outages;
  readonly routes: RoutePlugin;
};

/** Identifies agents and their runs, decides what each call may do, and stops them. */
export async function createAgentGuard(
  needs: AgentGuardNeeds & {
    readonly openJudge: OpenJudge;
    /** With what past calls are judged again. */
    readonly packs: PackDecisions;
    readonly pastCalls: PastCalls;
    /** The organisation's own policies beside the packs; `openJudge` decides by them. */
    readonly ownPolicies?: OwnPolicies;
    readonly telling: Telling;
    /** Makes the judge quick before a run begins; left out, its first calls do. */
    readonly warmJudge?: (pack: Pack) => Promise<void>;
  },
): Promise<AgentGuard> {
  const limits = { ...defaultLimits, ...needs.limits };
  const kept = createAgentSessions({ ...needs, store: createAgentStore(needs), limits });
  const stops = await createStops(needs);
  const steps = createSessionSteps();
  const store = createApprovalStore(needs);
  await endThoseOfBefore({ ...needs, store, sessions: kept });
  const approvals = createApprovals({ ...needs, store, sessions: kept, stops, steps, limits });
  const choices = createNoticeChoices(needs);
  const notices = createWaitingNotices({ ...needs, approvals, choices });
  const people = createAskPerson(approvals, { longestMs: limits.approvalMs });
  const sessions: AgentSessions = {
    ...kept,
    async begin(run) {
      const begun = await kept.begin(run);
      await needs.warmJudge?.(begun.agent.pack);
      return begun;
    },
    async end(request) {
      await kept.end(request);
      approvals.runOver(request.id, 'the run is over');
    },
  };
  const tallies = createRunTallies(needs);
  const hooks = createHookDesk({
    ...needs,
    policiesNow: needs.ownPolicies?.inForce,
    sessions,
    stops,
    people,
    steps,
    tallies,
    limits,
  });
  const rates = createReachedRates({ ...needs, sessions, record: createRecordHappening({ ...needs, steps }) });
  const toolServers = createToolServers({ ...needs, sessions, stops, reached: rates.of });
  const gateway = createGatewayCalls({ hooks, toolServers, log: needs.log });
  const telemetry = createRunTelemetry({ ...needs, sessions, hooks, tallies });
  const outages = createOutages({ ...needs, sessions, hooks });
  const proposals = createProposals(needs);
  const plugins = [
    createGatewayCallRoutes(gateway),
    createTaskRoutes(gateway),
    createRateRoutes(rates),
    createSignInRoutes(createSignIns({ ...needs, sessions })),
    createGatewayServerRoutes(toolServers),
    createToolServerRoutes(toolServers),
    createAgentRoutes(sessions, { ...needs, tallies, proofs: createMachineProofs(needs) }),
    createStopRoutes(stops),
    createApprovalRoutes(approvals),
    createProposalRoutes(proposals, approvals),
    createNoticeRoutes({ ...needs, choices, tryOut: createTestNotice(needs) }),
    createReplayRoutes({ ...needs, sessions }),
    createCoverageRoutes({ ...needs, sessions }),
    ...(needs.ownPolicies === undefined
      ? []
      : [
          createOwnDocumentRoutes(needs.ownPolicies),
          createOwnVersionRoutes(needs.ownPolicies),
          createProposalDraftRoute({ documents: needs.ownPolicies.documents, proposals }),
        ]),
    createHookRoutes(hooks),
    createOutageRoutes(outages),
    createTelemetryRoutes(telemetry),
  ];
  return {
    sessions,
    stops,
    hooks,
    approvals,
    notices,
    toolServers,
    rates,
    tallies,
    telemetry,
    outages,
    async routes(app) {
      for (const plugin of plugins) await app.register(async (own) => plugin(own));
    },
  };
}
