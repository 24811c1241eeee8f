import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { isJsonObject, listField, numberField, parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { counted, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';
import { atSites } from './keys.ts';
import { pointInFuture } from './option-values.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type CreateOptions = Options & {
  scopes: string;
  owner?: string;
  description: string;
  expires?: number;
  site?: string[];
  unbound?: true;
};
type SecretOptions = Options & { label: string; overlap?: string };
type CredentialOptions = Options & { label: string };
type Sent = { readonly method?: 'POST' | 'DELETE'; readonly path: string; readonly body?: JsonValue };

const path = '/v1/service-accounts';
const maxFileBytes = 16_384;
const dayMs = 86_400_000;

export function addServiceCommands(program: Command, needs: CliNeeds): void {
  const service = program
    .command('service')
    .description(
      'accounts of programs: through the operator socket of the server on this machine, as who is signed in, or with --server',
    );
  const add = (name: string): Command =>
    withConnection(service.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('list')
    .description('accounts, newest first')
    .action((options: Options) => list(options, needs));
  add('create')
    .description('make an account; its client id alone is on stdout')
    .argument('<name>', 'which program it is')
    .requiredOption('--scopes <list>', 'what it may do, separated by commas')
    .option('--owner <id>', 'id of the person who answers for it; needed over the operator socket')
    .option('--description <text>', 'what it is for', '')
    .option('--expires <time>', 'when it ends: a time, or how long from now (90d)', pointInFuture(needs.clock.nowMs()))
    .option('--site <name...>', 'the only sites it is for, as they stand on cameras and devices')
    .option('--unbound', 'its tokens need not be bound to a key or certificate')
    .action((name: string, options: CreateOptions) => create(name, options, needs));
  add('secret')
    .description('a new client secret; it alone is on stdout, this once')
    .argument('<id>', 'the client id')
    .option('--label <name>', 'by which you tell it apart', 'secret')
    .option('--overlap <days>', 'the secret of before ends after so many days (0 to 7)')
    .action((id: string, options: SecretOptions) => secret(id, options, needs));
  add('credential')
    .description('register a public key (JWK) or a client certificate (PEM)')
    .argument('<id>', 'the client id')
    .argument('<file>', 'the key or certificate')
    .option('--label <name>', 'by which you tell it apart', 'credential')
    .action((id: string, file: string, options: CredentialOptions) => credential(id, file, options, needs));
  for (const [name, said, description] of [
    ['suspend', 'Suspended', 'stop an account and its tokens, at once'],
    ['resume', 'Resumed', 'let a stopped account go on'],
  ] as const)
    add(name)
      .description(description)
      .argument('<id>', 'the client id')
      .action(async (id: string, options: Options) => {
        const answer = await ask(options, needs, { method: 'POST', path: `${path}/${encodeURIComponent(id)}/${name}` });
        needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${said} ${plainText(id)}\n`);
      });
  add('delete')
    .description('delete an account with its credentials and tokens, for ever')
    .argument('<id>', 'the client id')
    .action(async (id: string, options: Options) => {
      await ask(options, needs, { method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` });
      needs.stdout.write(options.json === true ? `${jsonLine({ id, deleted: true })}\n` : `Deleted ${plainText(id)}\n`);
    });
}

async function list(options: Options, needs: CliNeeds): Promise<void> {
  const accounts = listField(await ask(options, needs, { path }), 'accounts');
  if (options.json === true) {
    for (const account of accounts) needs.stdout.write(`${jsonLine(account)}\n`);
    return;
  }
  if (accounts.length > 0)
    needs.stdout.write(
      tableHead(needs.stdout, [['client id', 16], ['state', 12], ['name', 24], ['proves itself with', 20], ['may']]),
    );
  for (const account of accounts) {
    const line = [
      shortText(textField(account, 'id') ?? '', 40).padEnd(16),
      stateOf(account, needs.clock.nowMs()).padEnd(12),
      shortText(textField(account, 'name') ?? '', 40).padEnd(24),
      counted(listField(account, 'credentials').length, 'credential').padEnd(20),
      `${shortText(
        listField(account, 'scopes')
          .filter((scope) => typeof scope === 'string')
          .join(','),
        120,
      )}${atSites(account)}`,
    ];
    needs.stdout.write(`${line.join('  ')}\n`);
  }
}

function stateOf(account: JsonValue, nowMs: number): string {
  if (numberField(account, 'suspendedAtMs') !== undefined) return 'stopped';
  return (numberField(account, 'expiresAtMs') ?? Number.POSITIVE_INFINITY) <= nowMs ? 'ended' : 'in use';
}

async function create(name: string, options: CreateOptions, needs: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, {
    method: 'POST',
    path,
    body: {
      name,
      description: options.description,
      scopes: options.scopes.split(/[,\s]+/).filter((scope) => scope !== ''),
      boundOnly: options.unbound !== true,
      ...(options.owner === undefined ? {} : { ownerId: options.owner }),
      ...(options.site === undefined ? {} : { sites: options.site }),
      ...(options.expires === undefined ? {} : { expiresAtMs: options.expires }),
    },
  });
  needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${plainText(textField(answer, 'id') ?? '')}\n`);
}

async function secret(id: string, options: SecretOptions, needs: CliNeeds): Promise<void> {
  const days = options.overlap === undefined ? undefined : Number(options.overlap);
  if (days !== undefined && !(days >= 0 && days <= 7))
    throw new CliError('usage', `Cannot use --overlap "${options.overlap ?? ''}": must be 0 to 7 days`);
  const answer = await ask(options, needs, {
    method: 'POST',
    path: `${path}/${encodeURIComponent(id)}/secrets`,
    body: { label: options.label, ...(days === undefined ? {} : { overlapMs: Math.round(days * dayMs) }) },
  });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  needs.stdout.write(`${plainText(textField(answer, 'secret') ?? '')}\n`);
  needs.stderr.write('It is not shown again.\n');
}

async function credential(id: string, file: string, options: CredentialOptions, needs: CliNeeds): Promise<void> {
  let text: string;
  try {
    text = (await readBoundedFile(file, maxFileBytes)).toString().trim();
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  }
  const jwk = parseJson(text);
  const answer = await ask(options, needs, {
    method: 'POST',
    path: `${path}/${encodeURIComponent(id)}/credentials`,
    body: {
      label: options.label,
      credential: isJsonObject(jwk) ? { kind: 'public-key', jwk } : { kind: 'certificate', pem: text },
    },
  });
  const said = `Registered ${plainText(textField(answer, 'kind') ?? '')} ${plainText(textField(answer, 'thumbprint') ?? '')}`;
  needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${said}\n`);
}

async function ask(options: Options, needs: CliNeeds, { body, ...rest }: Sent): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  try {
    const request = { ...rest, ...(body === undefined ? {} : jsonBody(body)), signal: needs.signal };
    if (rest.method !== 'DELETE') return await client.json(request);
    await client.text(request);
    return null;
  } finally {
    client.close();
  }
}
