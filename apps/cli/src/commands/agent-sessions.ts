import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText, tableHead, timeText } from '../terminal.ts';
import { jsonBody, type ConnectionOptions } from './connection.ts';

export type AgentListOptions = ConnectionOptions & {
  json?: true;
  all?: true;
  open?: true;
  agent?: string;
  limit?: number;
};
export type AgentChangeOptions = ConnectionOptions & { json?: true; pack?: string; approvals?: string };
export type AgentStopOptions = ConnectionOptions & { json?: true; reason: string };

/** Runs of agents, newest first. */
export async function listSessions(client: ApiClient, options: AgentListOptions, needs: CliNeeds): Promise<void> {
  const own = options.all === true ? '' : '/own';
  if (options.agent !== undefined && options.all !== true)
    throw new CliError('usage', 'Cannot choose the agent among your own runs: --agent goes with --all (agents:read)');
  const answer = await client.json({
    path: `/v1/agent/sessions${own}`,
    query: { open: options.open === true ? 'true' : undefined, agent: options.agent, limit: options.limit },
    signal: needs.signal,
  });
  const sessions = listField(answer, 'sessions');
  if (options.json !== true && sessions.length > 0)
    needs.stdout.write(tableHead(needs.stdout, [['session', 16], ['begun', 20], ['state', 14], ['where']]));
  for (const session of sessions)
    needs.stdout.write(options.json === true ? `${jsonLine(session)}\n` : `${sessionRow(session)}\n`);
  if (options.json !== true) needs.stderr.write(`${counted(sessions.length, 'run')}\n`);
}

function sessionRow(session: JsonValue): string {
  const where = [textField(session, 'host'), textField(session, 'workspace')].filter((part) => part !== undefined);
  return [
    shortText(textField(session, 'id') ?? '', 16).padEnd(16),
    timeText(numberField(session, 'started_at_ms') ?? 0).padEnd(20),
    shortText(textField(session, 'ended_for') ?? 'goes on', 14).padEnd(14),
    shortText(where.join(':'), 80),
  ].join('  ');
}

/** Agents and the policies they are judged by. */
export async function listAgents(client: ApiClient, options: AgentListOptions, needs: CliNeeds): Promise<void> {
  const answer = await client.json({ path: `/v1/agents${options.all === true ? '' : '/own'}`, signal: needs.signal });
  const agents = listField(answer, 'agents');
  if (options.json !== true && agents.length > 0)
    needs.stdout.write(
      tableHead(needs.stdout, [['agent', 16], ['policies', 12], ['harness', 12], ['owner', 20], ['name']]),
    );
  for (const agent of agents)
    needs.stdout.write(options.json === true ? `${jsonLine(agent)}\n` : `${agentRow(agent)}\n`);
  if (options.json !== true) needs.stderr.write(`${counted(agents.length, 'agent')}\n`);
}

function agentRow(agent: JsonValue): string {
  const owner = field(agent, 'owner');
  return [
    shortText(textField(agent, 'id') ?? '', 16).padEnd(16),
    shortText(textField(agent, 'pack') ?? '', 12).padEnd(12),
    shortText(textField(agent, 'harness') ?? '', 12).padEnd(12),
    shortText((owner === undefined ? undefined : textField(owner, 'name')) ?? '', 20).padEnd(20),
    shortText(textField(agent, 'name') ?? '', 60),
  ].join('  ');
}

/** Chooses by which policies an agent is judged, and where its person is asked. */
export async function changeAgent(
  client: ApiClient,
  id: string,
  options: AgentChangeOptions,
  needs: CliNeeds,
): Promise<void> {
  const { pack, approvals } = options;
  if (pack === undefined && approvals === undefined)
    throw new CliError('usage', 'Cannot change the agent: must be told --pack, --approvals or both');
  const agent = await client.json({
    method: 'PATCH',
    path: `/v1/agents/${encodeURIComponent(id)}`,
    signal: needs.signal,
    ...jsonBody({ ...(pack === undefined ? {} : { pack }), ...(approvals === undefined ? {} : { approvals }) }),
  });
  needs.stdout.write(
    options.json === true
      ? `${jsonLine(agent)}\n`
      : `${plainText(textField(agent, 'name') ?? '')}: policies ${plainText(textField(agent, 'pack') ?? '')}, asked ${plainText(textField(agent, 'approvals') ?? '')}, from its next call on\n`,
  );
}

/** Stops what is named, at once. */
export async function stopAgents(
  client: ApiClient,
  { scope, value }: { readonly scope: string; readonly value: string },
  options: AgentStopOptions,
  needs: CliNeeds,
): Promise<void> {
  const stop = await client.json({
    method: 'POST',
    path: '/v1/agent/stops',
    signal: needs.signal,
    ...jsonBody({ scope, value, reason: options.reason }),
  });
  if (options.json === true) needs.stdout.write(`${jsonLine(stop)}\n`);
  else
    needs.stdout.write(
      `Stopped; stop ${plainText(textField(stop, 'id') ?? '')} holds until somebody lifts it (agents:manage)\n`,
    );
}
