import type { JsonValue } from '@sallyport/contracts';
import { formatVerifierKey } from '@sallyport/merkle-log';
import type { Command } from 'commander';
import { listField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine, plainText, timeText } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';
import { readVerifierKey } from './verifier-key-option.ts';

type Options = ConnectionOptions & { json?: true };

const path = '/v1/rules/pack-keys';

/** `rules pack trust`: whose packs are taken. */
export function addPackTrustCommands(pack: Command, needs: CliNeeds): void {
  const trust = pack.command('trust').description('the keys whose packs are taken');
  withConnection(trust.command('list'))
    .description('list them')
    .option('--json', 'print JSON, one key a line')
    .action((options: Options) =>
      asking(options, needs, async (ask) => {
        for (const key of listField(await ask({ path }), 'keys'))
          needs.stdout.write(options.json === true ? `${jsonLine(key)}\n` : row(key));
      }),
    );
  withConnection(trust.command('add'))
    .description('trust a key; ask its owner for it on another way than the pack came')
    .argument('<verifier-key>', 'the key, or a file that holds it')
    .requiredOption('--note <text>', 'whose it is, and how you know')
    .option('--json', 'print JSON')
    .action((given: string, options: Options & { note: string }) =>
      asking(options, needs, async (ask) => {
        const { key } = await readVerifierKey(given);
        const body = { key: formatVerifierKey(key), note: options.note };
        const trusted = await ask({ method: 'POST', path, body });
        needs.stdout.write(options.json === true ? `${jsonLine(trusted)}\n` : row(trusted));
      }),
    );
  withConnection(trust.command('remove'))
    .description('trust a key no longer')
    .argument('<id>', 'its id, as listed')
    .action((id: string, options: Options) =>
      asking(options, needs, async (ask) => {
        await ask({ method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` });
        needs.stdout.write(`${plainText(id)} is trusted no longer\n`);
      }),
    );
}

type Ask = (what: {
  readonly method?: 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: JsonValue;
}) => Promise<JsonValue>;

async function asking(options: Options, needs: CliNeeds, work: (ask: Ask) => Promise<void>): Promise<void> {
  const client = openOperatorClient(options, needs);
  try {
    await work(async ({ body, ...request }) => {
      const sent = body === undefined ? {} : jsonBody(body);
      const text = await client.text({ ...request, ...sent, signal: needs.signal });
      return parseJson(text) ?? null;
    });
  } finally {
    client.close();
  }
}

function row(key: JsonValue): string {
  const cells = ['id', 'key', 'note'].map((name) => plainText(textField(key, name) ?? ''));
  return `${cells.join('  ')}  since ${timeText(textField(key, 'at'))}\n`;
}
