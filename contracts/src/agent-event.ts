import type {
  AgentAction,
  AgentCall,
  AgentContent,
  AgentHappening,
  AgentKindCount,
  AgentMachine,
  AgentSession,
  AgentTool,
} from './agent-happening.ts';
import { ocsfClass } from './ocsf.ts';
import type { JsonObject, JsonValue, OcsfEvent } from './ocsf.ts';

export type AgentEventInput = {
  readonly nowMs: number;
  readonly session: AgentSession;
  readonly happening: AgentHappening;
};

/** Characters; entries of a list. What is longer is cut. */
export const agentEventLimits = { name: 256, text: 4096, list: 32 } as const;

/** `metadata.log_name` of all of them, and how their `metadata.event_code` begins. */
export const agentLogName = 'agent';

/**
 * What an AI agent did, as an OCSF 1.8 event: API Activity (6003) of the AI operation profile, and Application Lifecycle (6002) where a
 * session begins, ends, falls silent or is stopped. Without `raw_data`, so that only this product can say it. The same input gives the
 * same event. Nothing here is a secret: arguments come redacted.
 */
export function agentEvent({ nowMs, session, happening }: AgentEventInput): OcsfEvent {
  const { classUid, activityId, activityName, ...shape } = shapeOf(session, happening);
  const isRefused = refused(happening);
  return {
    class_uid: classUid,
    category_uid: 6,
    activity_id: activityId,
    activity_name: activityName,
    type_uid: classUid * 100 + activityId,
    severity_id: isRefused ? 2 : 1,
    status_id: isRefused ? 2 : 1,
    time: nowMs,
    message: `agent.${happening.kind}`,
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      profiles: ['ai_operation', 'host', 'security_control'],
      log_name: agentLogName,
      event_code: `agent.${happening.kind}`,
      correlation_uid: name(session.id),
    },
    actor: {
      // The owner is no `user` that acts: what an agent does is not learnt of its person.
      user: { uid: name(session.owner.id), name: name(session.owner.name) },
      app_name: name(session.harness.name),
      app_uid: name(session.agent.id),
      session: { uid: name(session.id) },
    },
    ...(session.host === undefined ? {} : { device: { hostname: name(session.host), type_id: 0 } }),
    ...shape,
    unmapped: {
      sallyport: { generation: 0, agent: { ...sessionFields(session), ...happeningFields(happening) } },
    },
  };
}

type Shape = { readonly classUid: number; readonly activityId: number; readonly activityName: string } & JsonObject;

function shapeOf(session: AgentSession, happening: AgentHappening): Shape {
  const lifecycle = lifecycles.get(happening.kind);
  if (lifecycle !== undefined) {
    const { name: harness, version } = session.harness;
    return {
      classUid: ocsfClass.applicationLifecycle,
      ...lifecycle,
      app: { name: name(harness), ...(version === undefined ? {} : { version: name(version) }) },
    };
  }
  const { model } = session;
  const call = 'call' in happening ? happening.call : undefined;
  const tool = call?.tool ?? ('tool' in happening ? happening.tool : undefined);
  const server = tool?.server ?? ('server' in happening ? happening.server : undefined);
  return {
    classUid: ocsfClass.apiActivity,
    ...activityOf(call?.action),
    api: {
      operation: name(tool?.name ?? happening.kind),
      ...(server === undefined ? {} : { service: { name: name(server.name) } }),
      ...(call === undefined ? {} : { request: { uid: name(call.id) } }),
    },
    // The class asks for one; the session is one, and who has no address is not given a made-up one.
    src_endpoint: { uid: name(session.id), ...(session.address === undefined ? {} : { ip: name(session.address) }) },
    ...(model === undefined ? {} : { ai_model: { name: name(model.name), ai_provider: name(model.provider) } }),
    message_context: {
      ai_role_id: happening.kind === 'prompt_given' ? 1 : 4,
      application: { name: name(session.harness.name) },
      name: name(session.id),
      ...tokensOf(happening),
    },
    ...decisionOf(happening),
  };
}

const lifecycles: ReadonlyMap<AgentHappening['kind'], { readonly activityId: number; readonly activityName: string }> =
  new Map([
    ['session_started', { activityId: 3, activityName: 'Start' }],
    ['session_ended', { activityId: 4, activityName: 'Stop' }],
    ['stopped', { activityId: 7, activityName: 'Disable' }],
    ['hook_silent', { activityId: 99, activityName: 'Hook silent' }],
  ]);

/** API Activity knows four; what is none of them is named by its class of action. */
function activityOf(action: AgentAction | undefined): { readonly activityId: number; readonly activityName: string } {
  if (action === 'read' || action === 'secret') return { activityId: 2, activityName: 'Read' };
  if (action === 'write' || action === 'configure') return { activityId: 3, activityName: 'Update' };
  return { activityId: 99, activityName: action ?? 'Other' };
}

function decisionOf(happening: AgentHappening): JsonObject {
  if (happening.kind !== 'tool_decided') return {};
  const { verdict, policies = [] } = happening;
  // 1 allowed, 2 denied, 99 other: asked, and not answered yet.
  const actionId = { allow: 1, deny: 2, ask: 99 }[verdict];
  return {
    action_id: actionId,
    ...(policies.length === 0
      ? {}
      : {
          authorizations: policies
            .slice(0, agentEventLimits.list)
            .map((uid) => ({ decision: verdict, policy: { uid: name(uid) } })),
        }),
  };
}

/** What the harness told of a call of its model. */
function tokensOf(happening: AgentHappening): JsonObject {
  if (happening.kind !== 'model_called') return {};
  const { inputTokens, outputTokens } = happening;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

function refused(happening: AgentHappening): boolean {
  if (happening.kind === 'tool_decided') return happening.verdict === 'deny';
  if (happening.kind === 'tool_finished' || happening.kind === 'model_called') return !happening.isSuccess;
  if (happening.kind === 'server_sign_in') return happening.change === 'refresh_failed';
  if (happening.kind === 'tool_task') return happening.change === 'expired' || happening.change === 'abandoned';
  if (happening.kind === 'rate_reached') return true;
  return happening.kind === 'approval_answered' && happening.answer !== 'allow';
}

function sessionFields(session: AgentSession): JsonObject {
  return given({
    id: name(session.agent.id),
    name: name(session.agent.name),
    harness: name(session.harness.name),
    session: name(session.id),
    parent_session: optional(session.parent),
    is_attended: session.isAttended,
    repository: optional(session.repository),
    branch: optional(session.branch),
  });
}

function happeningFields(happening: AgentHappening): JsonObject {
  switch (happening.kind) {
    case 'session_started':
      return given({ reason: optional(happening.reason), ...machineFields(happening.machine) });
    case 'session_ended':
      return given({ reason: optional(happening.reason) });
    case 'prompt_given':
      return given({
        prompt: name(happening.prompt),
        origin: happening.origin,
        text: long(happening.text),
        ...contentFields(happening.found),
      });
    case 'tool_decided':
      return given({ ...callFields(happening.call), verdict: happening.verdict, reason: long(happening.reason) });
    case 'tool_finished':
      return given({
        ...callFields(happening.call),
        content: happening.content,
        ...contentFields(happening.found),
        duration_ms: happening.durationMs,
        task: optional(happening.task),
      });
    case 'tool_task': {
      const { call, task, change, content, found, reason } = happening;
      return given({
        ...callFields(call),
        task: name(task),
        change,
        content,
        ...contentFields(found),
        reason: optional(reason),
      });
    }
    case 'tool_described': {
      const { tool, offer, change, before, after, hides, says, looksLike } = happening;
      return given({
        ...toolFields(tool),
        offer: optional(offer),
        change,
        before: optional(before),
        after: optional(after),
        hides: list(hides),
        says: list(says),
        looks_like: optional(looksLike),
      });
    }
    case 'server_added':
      return given({ ...serverFields(happening.server), looks_like: optional(happening.looksLike) });
    case 'server_sign_in': {
      const { server, change, atMs, address, issuer, scopes, reason } = happening;
      return given({
        ...serverFields(server),
        change,
        at_ms: atMs,
        address: long(address),
        issuer: long(issuer),
        scopes: list(scopes),
        reason: optional(reason),
      });
    }
    case 'rate_reached':
      return given({
        ...serverFields(happening.server),
        rate: happening.rate,
        refused: happening.refused,
        of: optional(happening.of),
      });
    case 'approval_asked':
      return given({
        ...callFields(happening.call),
        approval: name(happening.approval),
        digest: optional(happening.digest),
      });
    case 'approval_answered': {
      const { approval, call, answer, answeredBy, alsoBy, afterMs, scope, reason, digest } = happening;
      return given({
        ...callFields(call),
        approval: name(approval),
        answer,
        answered_by: optional(answeredBy),
        also_by: list(alsoBy),
        after_ms: afterMs,
        scope,
        reason: optional(reason),
        digest: optional(digest),
      });
    }
    case 'model_called':
      return given({
        prompt: optional(happening.prompt),
        model: optional(happening.model),
        input_tokens: happening.inputTokens,
        output_tokens: happening.outputTokens,
        cached_tokens: happening.cachedTokens,
        cost: happening.cost,
        duration_ms: happening.durationMs,
      });
    case 'hook_silent':
      return given({
        silent_ms: happening.silentMs,
        still_seen: happening.stillSeen,
        ...(happening.call === undefined ? {} : callFields(happening.call)),
      });
    case 'stopped':
      return given({ scope: happening.scope, stopped_by: name(happening.stoppedBy) });
  }
}

type Fields = Readonly<Record<string, JsonValue | undefined>>;

function machineFields(machine: AgentMachine | undefined): Fields {
  if (machine === undefined) return {};
  const { posture, weaknesses, sensor, isProofRefused } = machine;
  return {
    machine_posture: name(posture),
    machine_weaknesses: list(weaknesses),
    machine_sensor: optional(sensor),
    machine_proof_refused: isProofRefused,
  };
}

function callFields(call: AgentCall): Fields {
  return {
    call: name(call.id),
    ...toolFields(call.tool),
    action: call.action,
    target: long(call.target),
    destination: optional(call.destination?.name),
    destination_is_new: call.destination?.isNew,
    arguments: long(call.arguments),
    ...contentFields(call.found),
    encodings: list(call.encodings),
    origins: list(call.origins),
    is_tainted: call.taintPath === undefined ? undefined : call.taintPath.length > 0,
    taint_path: list(call.taintPath),
    saw_foreign: call.sawForeign,
    is_beyond_parent: call.isBeyondParent,
    guards: call.guards,
    person_hours: call.personHours,
    judged: call.judged?.slice(0, agentEventLimits.list),
  };
}

/** Kinds and how many; a search is for a kind, a rule for a number. */
function contentFields(found: AgentContent | undefined): Fields {
  if (found === undefined) return {};
  const { secrets = [], personal = [], signals, redacted, restored, isCut } = found;
  return {
    secret_kinds: list(secrets.map(({ kind }) => kind)),
    secret_count: sum(secrets),
    personal_kinds: list(personal.map(({ kind }) => kind)),
    personal_count: sum(personal),
    injection_signals: list(signals),
    redacted,
    restored,
    content_is_cut: isCut,
  };
}

function sum(counted: readonly AgentKindCount[]): number | undefined {
  return counted.length === 0 ? undefined : counted.reduce((all, { count }) => all + count, 0);
}

function toolFields(tool: AgentTool): Fields {
  return { tool: name(tool.name), ...(tool.server === undefined ? {} : serverFields(tool.server)) };
}

function serverFields(server: NonNullable<AgentTool['server']>): Fields {
  return { server: name(server.name), server_source: optional(server.source), server_is_new: server.isNew };
}

function given(fields: Fields): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

function list(values: readonly string[] | undefined): readonly string[] | undefined {
  return values === undefined || values.length === 0 ? undefined : values.slice(0, agentEventLimits.list).map(name);
}

function optional(value: string | undefined): string | undefined {
  return value === undefined ? undefined : name(value);
}

function name(value: string): string {
  return value.slice(0, agentEventLimits.name).toWellFormed();
}

function long(value: string | undefined): string | undefined {
  return value?.slice(0, agentEventLimits.text).toWellFormed();
}
