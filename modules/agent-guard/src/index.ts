import type { MigrationSet } from '@sallyport/platform/database';
import { createAgents } from './migrations/0001-create-agents.ts';

export { createAgentGuard } from './agent-guard.ts';
export type { AgentGuard } from './agent-guard.ts';
export { AgentGuardError, agentGuardProblems } from './errors.ts';
export { createOpenJudge } from './hooks/open-judge.ts';
export type { AgentGuardNeeds } from './needs.ts';
export { isAgentToken } from './sessions/credential.ts';

export const agentGuardMigrations: MigrationSet = {
  module: 'agent-guard',
  migrations: { '0001-create-agents': createAgents },
};
