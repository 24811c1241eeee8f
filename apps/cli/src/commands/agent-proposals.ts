import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import type { ApiClient } from '../http-client.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, timeText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };

const path = '/v1/agent/proposals';

/** `agent proposals`: what people who were asked want policy to answer by itself. */
export function addProposalCommands(agent: Command, needs: CliNeeds): void {
  const proposals = agent
    .command('proposals')
    .description('changes of policy that people proposed who were asked: see them, make drafts of them');
  const add = (name: string, words: string): Command => withConnection(proposals.command(name)).description(words);
  add('list', 'what is proposed, newest first (agents:read)')
    .option('--json', 'print JSON')
    .action((options: Options) => withClient(options, needs, (client) => list(client, options, needs)));
  add('make', 'propose that policy answers a question from now on: a note, changes nothing')
    .argument('<question>', 'its id')
    .requiredOption('--words <text>', 'what policy should say, and why')
    .action((id: string, options: Options & { words: string }) =>
      withClient(options, needs, async (client) => {
        const body = jsonBody({ approval_id: id, words: options.words });
        const made = await client.json({ method: 'POST', path, signal: needs.signal, ...body });
        needs.stdout.write(`Proposed: ${plainText(textField(made, 'id') ?? '')}\n`);
      }),
    );
  add('draft', 'make a document of a proposal, in force nowhere (agents:manage)')
    .argument('<proposal>', 'its id')
    .action((id: string, options: Options) =>
      withClient(options, needs, async (client) => {
        const made = await client.json({
          method: 'POST',
          path: `${path}/${encodeURIComponent(id)}/draft`,
          signal: needs.signal,
        });
        needs.stdout.write(`Made document ${plainText(textField(made, 'document') ?? '')}; in force nowhere yet\n`);
      }),
    );
  add('close', 'say that a proposal was seen to (agents:manage)')
    .argument('<proposal>', 'its id')
    .option('--note <text>', 'what came of it', '')
    .action((id: string, options: Options & { note: string }) =>
      withClient(options, needs, async (client) => {
        const body = jsonBody({ note: options.note });
        await client.text({
          method: 'POST',
          path: `${path}/${encodeURIComponent(id)}/close`,
          signal: needs.signal,
          ...body,
        });
        needs.stdout.write(`Closed proposal ${plainText(id)}\n`);
      }),
    );
}

async function list(client: ApiClient, options: Options, { stdout, stderr, signal }: CliNeeds): Promise<void> {
  const found = listField(await client.json({ path, signal }), 'proposals');
  for (const one of found) stdout.write(options.json === true ? `${jsonLine(one)}\n` : proposalText(one));
  if (options.json !== true) stderr.write(`${counted(found.length, 'proposal')}\n`);
}

function proposalText(one: JsonValue): string {
  const [id, by, title, words] = [
    textField(one, 'id'),
    textField(field(one, 'by'), 'name'),
    textField(one, 'title'),
    textField(one, 'words'),
  ].map((text) => plainText(text ?? ''));
  return `${id ?? ''}  ${timeText(numberField(one, 'at_ms') ?? 0)}  ${by ?? ''} about ${title ?? ''}\n  ${words ?? ''}\n`;
}
