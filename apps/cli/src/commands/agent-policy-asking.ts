import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import { plainText, timeText } from '../terminal.ts';
import { jsonBody, type ConnectionOptions } from './connection.ts';
import type { Asked } from './policy-past.ts';

export type AgentPolicyOptions = ConnectionOptions & { json?: true };

/** Where policies for agents stand on the server. */
export const agentPoliciesPath = '/v1/agents/policies';

/** What the list shows the way out of. */
const listed: ReadonlySet<string> = new Set([
  'agent_policy_unknown',
  'agent_policy_version_unknown',
  'agent_policy_version_state',
]);

export function read({ client, needs }: Asked, from: string): Promise<JsonValue> {
  return hinted(client.json({ path: `${agentPoliciesPath}${from}`, signal: needs.signal }));
}

/** Where the server said what is wrong and not what to do: the list has what there is, and how it stands. */
async function hinted<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof CliError) || error.hint !== undefined) throw error;
    const { serverCode } = error.details;
    if (typeof serverCode !== 'string' || !listed.has(serverCode)) throw error;
    throw new CliError(error.code, error.message, {
      hint: 'see what there is: sallyport agent policies list',
      cause: error,
      details: error.details,
    });
  }
}

export function send(
  { client, needs }: Asked,
  to: string,
  body?: JsonValue,
  method: 'POST' | 'PUT' = 'POST',
): Promise<JsonValue> {
  const sent = body === undefined ? {} : jsonBody(body);
  return hinted(client.json({ path: `${agentPoliciesPath}${to}`, signal: needs.signal, method, ...sent }));
}

/** A document or version that is not as it was sealed. */
export function damageLine(noun: 'Version' | 'Document', one: JsonValue): string {
  const what = String(numberField(one, 'version') ?? textField(one, 'id') ?? '');
  return `${noun} ${plainText(what)} is damaged, found ${timeText(numberField(one, 'found_ms') ?? 0)}: ${plainText(textField(one, 'why') ?? '')}\n`;
}

/** Ids of what may let through what is not now. */
export function openingIds(made: JsonValue | undefined): readonly string[] {
  return listField(made, 'openings').flatMap((one) => textField(one, 'id') ?? []);
}
