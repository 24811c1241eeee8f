import { agentEvent, ocsfClass } from '@sallyport/contracts';
import type { AgentHappening, AgentSession as SessionWords, JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor, AuditEvent } from '@sallyport/ledger';
import type { Agent, AgentSession } from './sessions/agent.ts';

const activities: Readonly<Record<string, number>> = {
  'agent.create': 1,
  'agent.change': 3,
  'agent.session_begin': 1,
  'agent.session_end': 4,
  'agent.stop': 9,
  'agent.stop_lift': 8,
  'agent.server_approve': 8,
  'agent.server_block': 9,
  'agent.server_forget': 4,
  'agent.approval_answer': 3,
  'agent.notice': 99,
  'agent.notice_choose': 3,
  'agent.policy_propose': 1,
  'agent.policy_save': 3,
  'agent.policy_delete': 4,
  'agent.policy_stage': 1,
  'agent.policy_replay': 2,
  'agent.policy_ask': 3,
  'agent.policy_decline': 3,
  'agent.policy_withdraw': 3,
  'agent.policy_activate': 8,
  'agent.policy_unreadable': 99,
  'agent.policy_damaged': 99,
  'agent.policy_proposal_close': 4,
};

/** A change somebody made to agents, sessions or what holds them: OCSF Entity Management (3004). */
export function guardEvent(input: {
  readonly nowMs: number;
  readonly by: Actor;
  readonly action: string;
  readonly target: { readonly type: string; readonly id: string; readonly name?: string };
  readonly details?: JsonObject;
  readonly outcome?: 'success' | 'failure';
}): AuditEvent {
  const { nowMs, by, action, target, details = {}, outcome = 'success' } = input;
  return auditEvent({
    nowMs,
    actor: { kind: by.kind, id: by.id, name: by.name },
    action,
    classUid: ocsfClass.entityManagement,
    activityId: activities[action] ?? 99,
    outcome,
    target,
    details,
  });
}

/** What events say of a session, the same in all of them. */
export function sessionWords(
  session: AgentSession,
  { agent, ownerName, child }: { readonly agent: Agent; readonly ownerName: string; readonly child?: string },
): SessionWords {
  const { facts } = session;
  return {
    id: child === undefined ? session.id : `${session.id}/${child}`,
    ...(child === undefined ? {} : { parent: session.id }),
    agent: { id: agent.id, name: agent.name },
    harness: {
      name: agent.harness,
      ...(facts.harnessVersion === undefined ? {} : { version: facts.harnessVersion }),
    },
    owner: { id: session.owner.id, name: ownerName },
    isAttended: facts.isAttended,
    ...(facts.model === undefined ? {} : { model: facts.model }),
    ...(facts.host === undefined ? {} : { host: facts.host }),
    ...(facts.address === undefined ? {} : { address: facts.address }),
    ...(facts.repository === undefined ? {} : { repository: facts.repository }),
    ...(facts.branch === undefined ? {} : { branch: facts.branch }),
  };
}

/** What an agent did or was told, as it stands in the ledger. */
export function happened(nowMs: number, session: SessionWords, happening: AgentHappening): AuditEvent {
  const event = agentEvent({ nowMs, session, happening });
  return { classUid: event.class_uid, event };
}
