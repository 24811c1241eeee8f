import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type AgentGuardErrorCode =
  | 'agent_approval_changed'
  | 'agent_approval_not_found'
  | 'agent_approval_not_yours'
  | 'agent_approval_over'
  | 'agent_approval_own'
  | 'agent_approval_person_needed'
  | 'agent_approval_proof_old'
  | 'agent_approval_scope_unfit'
  | 'agent_approval_twice'
  | 'agent_invalid'
  | 'agent_limit_reached'
  | 'agent_not_found'
  | 'agent_owner_unfit'
  | 'agent_session_not_found'
  | 'agent_pack_invalid'
  | 'agent_policy_conflict'
  | 'agent_policy_damaged'
  | 'agent_policy_invalid'
  | 'agent_policy_not_replayed'
  | 'agent_policy_refused'
  | 'agent_policy_second_person'
  | 'agent_policy_tests_failed'
  | 'agent_policy_unknown'
  | 'agent_policy_version_state'
  | 'agent_policy_version_damaged'
  | 'agent_policy_version_unknown'
  | 'agent_proposal_not_found'
  | 'agent_stop_not_found'
  | 'agent_suite_invalid'
  | 'agent_telemetry_invalid'
  | 'agent_stopped'
  | 'hook_invalid'
  | 'hook_session_other'
  | 'tool_server_changed'
  | 'tool_server_invalid'
  | 'tool_server_not_found';

/** What is refused about agents, their sessions and what holds them. */
export class AgentGuardError extends CodedError<AgentGuardErrorCode> {}

export const agentGuardProblems = {
  agent_approval_changed: { status: 409, title: 'This is not what was shown' },
  agent_approval_not_found: { status: 404, title: 'There is no such question' },
  agent_approval_not_yours: { status: 403, title: 'This question is somebody else’s to answer' },
  agent_approval_over: { status: 409, title: 'The question waits no more' },
  agent_approval_own: { status: 403, title: 'The agent acts for whoever answers' },
  agent_approval_person_needed: { status: 403, title: 'Questions of agents are answered by people' },
  agent_approval_proof_old: { status: 403, title: 'The sign-in is from before the question' },
  agent_approval_scope_unfit: { status: 422, title: 'A yes to this holds for one call' },
  agent_approval_twice: { status: 409, title: 'Another person must say yes' },
  agent_invalid: { status: 400, title: 'The agent or its session is not well formed' },
  agent_limit_reached: { status: 409, title: 'There are too many agents or sessions' },
  agent_not_found: { status: 404, title: 'There is no such agent' },
  agent_owner_unfit: { status: 403, title: 'Agents belong to people, service accounts and their keys' },
  agent_session_not_found: { status: 404, title: 'There is no such session' },
  agent_proposal_not_found: { status: 404, title: 'There is no such proposal' },
  agent_pack_invalid: { status: 422, title: 'The pack of agent policies does not load' },
  agent_policy_conflict: { status: 409, title: 'The policies for agents are others by now' },
  agent_policy_damaged: { status: 409, title: 'The policy for agents is not as it was sealed' },
  agent_policy_invalid: { status: 400, title: 'The policy for agents is not well formed' },
  agent_policy_not_replayed: { status: 409, title: 'This was not replayed on recorded calls' },
  agent_policy_refused: { status: 422, title: 'The policies for agents cannot be used' },
  agent_policy_second_person: { status: 403, title: 'Somebody else must approve these policies for agents' },
  agent_policy_tests_failed: { status: 422, title: 'Not every test of the policies for agents holds' },
  agent_policy_unknown: { status: 404, title: 'There is no such policy for agents' },
  agent_policy_version_damaged: {
    status: 409,
    title: 'The version of the policies for agents is not as it was sealed',
  },
  agent_policy_version_state: { status: 409, title: 'The version of the policies for agents is past this step' },
  agent_policy_version_unknown: { status: 404, title: 'There is no such version of the policies for agents' },
  agent_stop_not_found: { status: 404, title: 'There is no such stop' },
  agent_suite_invalid: { status: 422, title: 'The recorded suites were not understood' },
  agent_telemetry_invalid: { status: 400, title: 'The telemetry was not understood' },
  agent_stopped: { status: 403, title: 'The agent was stopped' },
  hook_invalid: { status: 400, title: 'The hook was not understood' },
  hook_session_other: { status: 403, title: 'The hook speaks of another session' },
  tool_server_changed: { status: 409, title: 'The tool does not say any more what was shown' },
  tool_server_invalid: { status: 400, title: 'The tool server or what is said of its tools is not well formed' },
  tool_server_not_found: { status: 404, title: 'There is no such tool server or tool' },
} as const satisfies Record<AgentGuardErrorCode, ProblemTable[string]>;
