import type { JsonValue } from '@sallyport/contracts';
import { Argument, type Command } from 'commander';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';

type JsonOption = ConnectionOptions & { json?: true };

const kinds = ['person', 'host', 'device', 'camera', 'site'];
const levels = ['low', 'normal', 'high', 'crown_jewel'];

export function addCriticalityCommands(program: Command, needs: CliNeeds): void {
  const criticality = program
    .command('criticality')
    .description('how much people, hosts, devices, cameras and sites matter: a factor of the priority of alerts');
  withConnection(criticality.command('list'))
    .description('what somebody set, the most critical first')
    .option('--json', 'one line of JSON per asset')
    .action((options: JsonOption) => list(options, needs));
  withConnection(criticality.command('set'))
    .description('say how much an asset matters; "default" takes back what was said')
    .addArgument(new Argument('<kind>').choices(kinds))
    .argument('<name>', 'as events name it, in any case; of a camera or device its id')
    .addArgument(new Argument('<level>').choices([...levels, 'default']))
    .option('--reason <text>', 'why; kept with it and in the audit trail', 'set on the command line')
    .option('--json', 'print JSON')
    .action((kind: string, name: string, level: string, options: JsonOption & { reason: string }) =>
      set({ kind, name, level }, options, needs),
    );
}

async function list(options: JsonOption, needs: CliNeeds): Promise<void> {
  const { stdout, signal } = needs;
  const client = openClient(options, needs);
  try {
    const page = await client.json({ path: '/v1/criticality', query: { limit: 1000 }, signal });
    const assets = listField(page, 'assets');
    for (const asset of assets) stdout.write(options.json === true ? `${jsonLine(asset)}\n` : `${assetLine(asset)}\n`);
    if (options.json === true) return;
    if (assets.length === 0)
      stdout.write('Nobody set any: this server and its administrators are high, all else is normal\n');
    const total = numberField(page, 'total') ?? assets.length;
    if (total > assets.length) stdout.write(`${counted(total - assets.length, 'further asset')}\n`);
  } finally {
    client.close();
  }
}

async function set(
  asset: { readonly kind: string; readonly name: string; readonly level: string },
  options: JsonOption & { reason: string },
  needs: CliNeeds,
): Promise<void> {
  const { stdout, signal } = needs;
  const client = openClient(options, needs);
  try {
    const path = `/v1/criticality/${encodeURIComponent(asset.kind)}/${encodeURIComponent(asset.name)}`;
    if (asset.level === 'default') await client.text({ path, method: 'DELETE', signal });
    else {
      const body = Buffer.from(JSON.stringify({ level: asset.level, reason: options.reason }));
      const headers = { 'content-type': 'application/json' };
      await client.json({ path, method: 'PUT', body, headers, signal });
    }
    const after = await client.json({ path, signal });
    stdout.write(options.json === true ? `${jsonLine(after)}\n` : `${assetLine(after)}\n`);
  } finally {
    client.close();
  }
}

function assetLine(asset: JsonValue): string {
  const level = (textField(asset, 'level') ?? '').replace('_', ' ');
  const by = textField(field(asset, 'set_by'), 'name');
  const reason = textField(asset, 'reason') ?? '';
  return `${plainText(level).padEnd(11)}  ${plainText(textField(asset, 'kind') ?? '').padEnd(6)}  ${plainText(textField(asset, 'name') ?? '')}  ${reason === '' ? 'default' : plainText(reason)}${by === undefined ? '' : `, by ${plainText(by)}`}`;
}
