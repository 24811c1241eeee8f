import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';
import { pointInFuture } from './option-values.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type CreateOptions = Options & {
  scopes: string;
  name: string;
  source?: string;
  networks?: string;
  site?: string[];
  expires?: number;
};

export function addKeyCommands(program: Command, needs: CliNeeds): void {
  const key = program
    .command('key')
    .description('API keys: through the operator socket of the server on this machine, or with --server and --key');
  const add = (name: string): Command =>
    withConnection(key.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('create')
    .description('create a key; it is shown this once')
    .requiredOption(
      '--scopes <list>',
      'what it may do, separated by commas: events:write, events:read, alerts:read, alerts:write, ledger:read, keys:manage, health:read',
    )
    .option('--name <name>', 'what it is for', 'cli')
    .option('--source <source>', 'the only source it may send events as')
    .option('--networks <list>', 'the only networks it may be used from, separated by commas: 192.0.2.0/24')
    .option('--site <name...>', 'the only sites it is for, as they stand on cameras and devices')
    .option(
      '--expires <time>',
      'when it ends: a time, or how long from now (12h, 90d)',
      pointInFuture(needs.clock.nowMs()),
    )
    .action((options: CreateOptions) => createKey(options, needs));
  add('list')
    .description('list keys')
    .action((options: Options) => listKeys(options, needs));
  add('rotate')
    .description('give a key another secret; the one it has is good for a while longer')
    .argument('<id>', 'the id that create and list print')
    .option('--overlap <days>', 'for so many days (0 to 7)', '1')
    .action((id: string, options: Options & { overlap: string }) => rotateKey(id, options, needs));
  add('revoke')
    .description('revoke a key, effective at once')
    .argument('<id>', 'the id that create and list print')
    .action((id: string, options: Options) => revokeKey(id, options, needs));
}

async function createKey(options: CreateOptions, needs: CliNeeds): Promise<void> {
  const scopes = options.scopes.split(/[,\s]+/).filter((scope) => scope !== '');
  const body = {
    name: options.name,
    scopes,
    ...(options.source === undefined ? {} : { source: options.source }),
    ...(options.networks === undefined
      ? {}
      : { networks: options.networks.split(/[,\s]+/).filter((one) => one !== '') }),
    ...(options.site === undefined ? {} : { sites: options.site }),
    ...(options.expires === undefined ? {} : { expiresAtMs: options.expires }),
  };
  const answer = await request(options, needs, {
    method: 'POST',
    path: '/v1/keys',
    ...jsonBody(body),
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const key = textField(answer, 'key');
  if (key === undefined) throw new CliError('server_answer', 'Cannot read the answer: it holds no key');
  const hint = 'pipe it into sallyport connect --key-file -, or export SALLYPORT_KEY=<key>';
  // The key alone on stdout, so that it can go straight into a variable or a file.
  needs.stdout.write(`${plainText(key)}\n`);
  needs.stderr.write(
    `Key ${plainText(textField(answer, 'id') ?? '')} may ${scopes.map(plainText).join(', ')}${atSites(answer)}. It is not shown again.\nhint: ${asTyped(hint, needs.configuration.command)}\n`,
  );
}

async function rotateKey(id: string, options: Options & { overlap: string }, needs: CliNeeds): Promise<void> {
  const days = Number(options.overlap);
  if (!(days >= 0 && days <= 7))
    throw new CliError('usage', `Cannot use --overlap "${options.overlap}": must be 0 to 7 days`);
  const path = `/v1/keys/${encodeURIComponent(id)}/rotate`;
  const answer = await request(options, needs, {
    method: 'POST',
    path,
    ...jsonBody({ overlapMs: Math.round(days * 86_400_000) }),
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  needs.stdout.write(`${plainText(textField(answer, 'key') ?? '')}\n`);
  const endsAtMs = numberField(answer, 'previousEndsAtMs') ?? 0;
  needs.stderr.write(
    `It is not shown again. The secret of before is good until ${new Date(endsAtMs).toISOString()}.\n`,
  );
}

async function listKeys(options: Options, needs: CliNeeds): Promise<void> {
  const keys = listField(await request(options, needs, { path: '/v1/keys' }), 'keys');
  if (options.json === true) {
    for (const key of keys) needs.stdout.write(`${jsonLine(key)}\n`);
    return;
  }
  if (keys.length > 0) needs.stdout.write(tableHead(needs.stdout, [['id', 11], ['state', 24], ['name', 24], ['may']]));
  for (const key of keys) {
    const scopes = listField(key, 'scopes').filter((scope) => typeof scope === 'string');
    const line = [
      shortText(textField(key, 'id') ?? '', 40).padEnd(11),
      stateOf(key, needs.clock.nowMs()).padEnd(24),
      shortText(textField(key, 'name') ?? '', 40).padEnd(24),
      `${shortText(scopes.join(','), 120)}${atSites(key)}`,
    ];
    needs.stdout.write(`${line.join('  ')}\n`);
  }
}

/** Of a key or service account for some sites alone. */
export function atSites(narrowed: JsonValue): string {
  const sites = listField(narrowed, 'sites').filter((site) => typeof site === 'string');
  return sites.length === 0 ? '' : ` at ${sites.map((site) => shortText(site, 60)).join(', ')}`;
}

function stateOf(key: JsonValue, nowMs: number): string {
  const date = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 10) : '?');
  const revokedAtMs = numberField(key, 'revokedAtMs');
  const expiresAtMs = numberField(key, 'expiresAtMs');
  if (revokedAtMs !== undefined) return `revoked ${date(revokedAtMs)}`;
  if (expiresAtMs === undefined) return 'valid';
  return expiresAtMs <= nowMs ? `expired ${date(expiresAtMs)}` : `valid until ${date(expiresAtMs)}`;
}

async function revokeKey(id: string, options: Options, needs: CliNeeds): Promise<void> {
  const client = openOperatorClient(options, needs);
  try {
    await client.text({ method: 'DELETE', path: `/v1/keys/${encodeURIComponent(id)}`, signal: needs.signal });
  } finally {
    client.close();
  }
  needs.stdout.write(options.json === true ? `${jsonLine({ id, revoked: true })}\n` : `Revoked ${plainText(id)}\n`);
}

type KeyRequest = { method?: 'POST'; path: string; body?: Uint8Array; headers?: Record<string, string> };

async function request(options: Options, needs: CliNeeds, what: KeyRequest): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  try {
    return await client.json({ ...what, signal: needs.signal });
  } finally {
    client.close();
  }
}
