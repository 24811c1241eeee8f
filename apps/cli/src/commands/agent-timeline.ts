import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { column, counted, jsonLine, plainText, shortText, timeText } from '../terminal.ts';
import type { ConnectionOptions } from './connection.ts';

export type TimelineOptions = ConnectionOptions & { json?: true; last: number };

const pageSize = 500;
const verdicts: Readonly<Record<string, string>> = { allow: 'went ahead', ask: 'asked', deny: 'refused' };

/** What a run did, the oldest first, with what was decided of each call and why: the last steps of it. */
export async function showTimeline(
  client: ApiClient,
  session: string,
  options: TimelineOptions,
  needs: CliNeeds,
): Promise<void> {
  if (!/^[0-9a-zA-Z_-]{1,64}$/.test(session))
    throw new CliError('usage', `Cannot look at run "${plainText(session)}": must be the id of one`, {
      hint: 'sallyport agent sessions',
    });
  const found: JsonValue[] = [];
  let after: string | undefined;
  do {
    const query = {
      q: `log_name:agent "${session}"`,
      limit: String(Math.min(pageSize, options.last - found.length)),
      ...(after === undefined ? {} : { after }),
    };
    const page = await client.json({ path: '/v1/events', query, signal: needs.signal });
    const events = listField(page, 'events');
    found.push(...events.filter((one) => isOf(one, session)));
    const next = textField(page, 'next');
    after = events.length === 0 || next === after ? undefined : next;
  } while (after !== undefined && found.length < options.last);
  for (const row of found.toReversed())
    needs.stdout.write(options.json === true ? `${jsonLine(row)}\n` : stepText(row));
  if (options.json !== true)
    needs.stderr.write(
      `${counted(found.length, 'step')}${after === undefined ? '' : ', the last ones: --last says how many'}\n`,
    );
}

/** Of this run or of a sub-agent of it, not of one that only speaks of it. */
function isOf(row: JsonValue, session: string): boolean {
  const said = textField(agentOf(row), 'session') ?? '';
  return said === session || said.startsWith(`${session}/`);
}

function agentOf(row: JsonValue): JsonValue | undefined {
  return field(field(field(field(row, 'event'), 'unmapped'), 'sallyport'), 'agent');
}

function stepText(row: JsonValue): string {
  const agent = agentOf(row);
  const code = textField(field(field(row, 'event'), 'metadata'), 'event_code') ?? '';
  const verdict = verdicts[textField(agent, 'verdict') ?? ''] ?? '';
  const [tool, target] = [textField(agent, 'tool'), textField(agent, 'target') ?? textField(agent, 'destination')];
  const what = [tool, target].filter((part) => part !== undefined).join(': ');
  const happened = code.replace(/^agent\./, '').replaceAll('_', ' ');
  const words = code === 'agent.tool_decided' ? what : [happened, what, tokensOf(agent)].filter(Boolean).join(' · ');
  const child = (textField(agent, 'session') ?? '').split('/').slice(1).join('/');
  const answered = textField(agent, 'answered_by');
  const why = [
    child === '' ? '' : `sub-agent ${child}`,
    answered === undefined ? '' : `${textField(agent, 'answer') ?? ''} by ${answered}`,
    textField(agent, 'reason') ?? '',
  ]
    .filter((part) => part !== '')
    .join(' · ');
  const line = `${timeText(field(row, 'received'))}  ${column(verdict, 10)}  ${shortText(words, 160)}\n`;
  return why === '' ? line : `${line}${' '.repeat(34)}${shortText(why, 160)}\n`;
}

function tokensOf(agent: JsonValue | undefined): string {
  const [input, output] = [numberField(agent, 'input_tokens'), numberField(agent, 'output_tokens')];
  return input === undefined && output === undefined ? '' : `${input ?? 0} tokens in, ${output ?? 0} out`;
}
