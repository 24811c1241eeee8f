import { resolve } from 'node:path';
import type { JsonValue } from '@sallyport/contracts';
import { Argument, type Command } from 'commander';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine, plainText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';

type JsonOption = ConnectionOptions & { json?: true };

export function addGeoCommands(program: Command, needs: CliNeeds): void {
  const geo = program
    .command('geo')
    .description('databases that say where addresses are; nothing is asked of the network');
  withConnection(geo.command('status'))
    .description('which there are, with the SHA-256 of imported ones')
    .option('--json', 'one line of JSON per database')
    .action((options: JsonOption) => status(options, needs));
  withConnection(geo.command('import'))
    .description(
      'take a database of countries, cities or networks (.mmdb) in place of the one of its kind; on the machine of the server',
    )
    .argument('<file>', 'as the server can read it')
    .option('--json', 'print JSON')
    .action((file: string, options: JsonOption) => load(file, options, needs));
  withConnection(geo.command('remove'))
    .description('go back to what came with the product, or to nothing')
    .addArgument(new Argument('<kind>').choices(['country', 'city', 'asn']))
    .action((kind: string, options: ConnectionOptions) => remove(kind, options, needs));
}

async function status(options: JsonOption, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const answer = await client.json({ path: '/v1/geo', signal: needs.signal });
    for (const one of listField(answer, 'databases'))
      needs.stdout.write(options.json === true ? `${jsonLine(one)}\n` : `${databaseLine(one)}\n`);
  } finally {
    client.close();
  }
}

async function load(file: string, options: JsonOption, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const body = Buffer.from(JSON.stringify({ file: resolve(file) }));
    const headers = { 'content-type': 'application/json' };
    const loaded = await client.json({ path: '/v1/geo', method: 'POST', body, headers, signal: needs.signal });
    needs.stdout.write(options.json === true ? `${jsonLine(loaded)}\n` : `${databaseLine(loaded)}\n`);
  } finally {
    client.close();
  }
}

async function remove(kind: string, options: ConnectionOptions, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    await client.text({ path: `/v1/geo/${kind}`, method: 'DELETE', signal: needs.signal });
  } finally {
    client.close();
  }
  needs.stdout.write(`The imported ${kind} database is removed\n`);
}

function databaseLine(database: JsonValue): string {
  const [kind, origin] = [textField(database, 'kind') ?? '', textField(database, 'origin') ?? ''];
  const bytes = numberField(database, 'bytes');
  const size = bytes === undefined ? '' : `  ${(bytes / 1e6).toFixed(1)} MB`;
  const built = numberField(database, 'built_at');
  const date = built === undefined || built === 0 ? '' : `  of ${new Date(built).toISOString().slice(0, 10)}`;
  const hash = textField(database, 'sha256');
  const name = textField(database, 'type') ?? '';
  return `${plainText(kind).padEnd(8)}${plainText(origin).padEnd(9)}${plainText(name)}${size}${date}${hash === undefined ? '' : `  SHA-256 ${plainText(hash)}`}`.trimEnd();
}
