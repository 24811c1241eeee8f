import type { MigrationSet } from '@sallyport/platform/database';
import { createAgents } from './migrations/0001-create-agents.ts';
import { createToolServers } from './migrations/0002-create-tool-servers.ts';
import { createApprovals } from './migrations/0003-create-approvals.ts';
import { createRunTallies } from './migrations/0004-create-run-tallies.ts';
import { pinOffers } from './migrations/0005-pin-offers.ts';
import { createOwnPolicies as createOwnPolicyTables } from './migrations/0007-create-own-policies.ts';
import { keepWhoBroughtTools } from './migrations/0008-who-brought-tools.ts';
import { createNoticeChoices } from './migrations/0009-create-notice-choices.ts';
import { keepTelemetryCredentials } from './migrations/0010-telemetry-credentials.ts';

export { createAgentGuard } from './agent-guard.ts';
export type { AgentGuard } from './agent-guard.ts';
export { AgentGuardError, agentGuardProblems } from './errors.ts';
export { createOpenJudge } from './judging/open-judge.ts';
export { createWarmJudge } from './judging/warm-judge.ts';
export { loadPackDecisions } from './decisions/pack-decisions.ts';
export type { AgentGuardNeeds } from './needs.ts';
export type { PastCalls } from './past-calls/replay-calls.ts';
export { isAgentToken } from './sessions/credential.ts';
export { createOwnPolicies } from './own-policies/own-policies.ts';
export type { OwnPolicies } from './own-policies/own-policies.ts';

export const agentGuardMigrations: MigrationSet = {
  module: 'agent-guard',
  migrations: {
    '0001-create-agents': createAgents,
    '0002-create-tool-servers': createToolServers,
    '0003-create-approvals': createApprovals,
    '0004-create-run-tallies': createRunTallies,
    '0005-pin-offers': pinOffers,
    '0007-create-own-policies': createOwnPolicyTables,
    '0008-who-brought-tools': keepWhoBroughtTools,
    '0009-create-notice-choices': createNoticeChoices,
    '0010-telemetry-credentials': keepTelemetryCredentials,
  },
};
