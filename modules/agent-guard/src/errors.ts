import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AgentGuardErrorCode =
  | 'agent_invalid'
  | 'agent_limit_reached'
  | 'agent_not_found'
  | 'agent_owner_unfit'
  | 'agent_session_not_found'
  | 'agent_pack_invalid'
  | 'agent_stop_not_found'
  | 'agent_suite_invalid'
  | 'agent_stopped'
  | 'hook_invalid'
  | 'hook_session_other';

/** What is refused about agents, their sessions and what holds them. */
export class AgentGuardError extends CodedError<AgentGuardErrorCode> {}

export const agentGuardProblems = {
  agent_invalid: { status: 400, title: 'The agent or its session is not well formed' },
  agent_limit_reached: { status: 409, title: 'There are too many agents or sessions' },
  agent_not_found: { status: 404, title: 'There is no such agent' },
  agent_owner_unfit: { status: 403, title: 'Agents belong to people, service accounts and their keys' },
  agent_session_not_found: { status: 404, title: 'There is no such session' },
  agent_pack_invalid: { status: 422, title: 'The pack of agent policies does not load' },
  agent_stop_not_found: { status: 404, title: 'There is no such stop' },
  agent_suite_invalid: { status: 422, title: 'The recorded suites were not understood' },
  agent_stopped: { status: 403, title: 'The agent was stopped' },
  hook_invalid: { status: 400, title: 'The hook was not understood' },
  hook_session_other: { status: 403, title: 'The hook speaks of another session' },
} as const satisfies Record<AgentGuardErrorCode, ProblemTable[string]>;
