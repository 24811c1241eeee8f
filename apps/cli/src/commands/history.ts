import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string; json?: true };

const path = '/v1/search/remap';

/** `history`: by which mappings search shows what was recorded before. Not under `search`, where every word is one to look for. */
export function addHistoryCommands(program: Command, needs: CliNeeds): void {
  const history = program
    .command('history')
    .description('by which mappings search shows what was recorded before; the ledger is never changed');
  const options = (command: Command): Command =>
    withConnection(command)
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  options(history.command('status', { isDefault: true }))
    .description('tell by which, and how far that is')
    .action((given: Options) => request(given, needs));
  options(history.command('remap'))
    .description("fill the search store again, with everything as today's mappings show it")
    .option('--sealed', 'or as each event was recorded')
    .action((given: Options & { sealed?: true }) =>
      request(given, needs, { mappings: given.sealed === true ? 'sealed' : 'today' }),
    );
}

async function request(options: Options, needs: CliNeeds, body?: JsonValue): Promise<void> {
  const client = openOperatorClient(options, needs);
  try {
    const answer = await client.json({
      path,
      signal: needs.signal,
      ...(body !== undefined && {
        method: 'POST' as const,
        ...jsonBody(body),
      }),
    });
    needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${told(answer)}\n`);
  } finally {
    client.close();
  }
}

const shownBy: Readonly<Record<string, string>> = {
  sealed: 'as each event was recorded',
  today: "by today's mappings",
  older: 'by mappings that have changed since',
};

function told(answer: JsonValue): string {
  const text = (name: string): string => plainText(textField(answer, name) ?? '');
  const how = shownBy[text('mappings')] ?? text('mappings');
  const kept = numberField(answer, 'kept') ?? 0;
  const left = kept === 0 ? '' : `; about ${counted(kept, 'event')} could not be mapped and stayed as recorded`;
  switch (text('state')) {
    case 'none':
      return `History is shown ${how}`;
    case 'asked':
      return `History is going to be shown ${how}: the search store is about to be filled again`;
    case 'running':
      return `History is being shown ${how}: events before ${text('through')} are there, up to ${text('until')} follow${left}`;
    default:
      return `History before ${text('until')} is shown ${how}${left}`;
  }
}
