import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { listField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import { openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string; json?: true };

/** `users list` and `users recover`: the way back in when the only administrator lost password or second factor. */
export function addUserCommands(program: Command, needs: CliNeeds): void {
  const users = program
    .command('users')
    .description('people: through the operator socket of the server on this machine, or with --server and --key');
  const add = (name: string): Command =>
    withConnection(users.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('list')
    .description('list people and what state their accounts are in')
    .action((options: Options) => listUsers(options, needs));
  add('recover')
    .description('take password, second factors and sessions of somebody away and print a link to begin anew')
    .argument('<name>', 'the name they sign in with')
    .action((name: string, options: Options) => recoverUser(name, options, needs));
}

async function listUsers(options: Options, needs: CliNeeds): Promise<void> {
  const users = await usersOf(options, needs);
  if (users.length === 0) needs.stderr.write('Nobody yet: the setup link that the server prints makes the first\n');
  else if (options.json !== true) needs.stdout.write(tableHead(needs.stdout, [['name', 24], ['state', 10], ['roles']]));
  for (const user of users) {
    if (options.json === true) {
      needs.stdout.write(`${jsonLine(user)}\n`);
      continue;
    }
    const roles = listField(user, 'roles').filter((role) => typeof role === 'string');
    const line = [
      shortText(textField(user, 'name') ?? '', 40).padEnd(24),
      shortText(textField(user, 'state') ?? '', 20).padEnd(10),
      shortText(roles.join(','), 80),
    ];
    needs.stdout.write(`${line.join('  ')}\n`);
  }
}

async function recoverUser(name: string, options: Options, needs: CliNeeds): Promise<void> {
  const wanted = comparable(name);
  const user = (await usersOf(options, needs)).find((one) => comparable(textField(one, 'name') ?? '') === wanted);
  const id = user === undefined ? undefined : textField(user, 'id');
  if (id === undefined)
    throw new CliError('usage', `Cannot recover "${plainText(name)}": must be the name of somebody`, {
      hint: 'sallyport users list',
    });
  const answer = await request(options, needs, { method: 'POST', path: `/v1/users/${encodeURIComponent(id)}/reset` });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const link = textField(answer, 'link');
  if (link === undefined) throw new CliError('server_answer', 'Cannot read the answer: it holds no link');
  needs.stdout.write(`${plainText(link)}\n`);
  needs.stderr.write(
    `Password, second factors and sessions of ${plainText(name)} are gone, which stands in the ledger as user.recover. ` +
      `The link works once, until ${plainText(textField(answer, 'expires_at') ?? '')}. It is not shown again.\n`,
  );
}

async function usersOf(options: Options, needs: CliNeeds): Promise<readonly JsonValue[]> {
  return listField(await request(options, needs, { path: '/v1/users' }), 'users');
}

/** Names that look the same to people are one name. */
export function comparable(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase();
}

async function request(
  options: Options,
  needs: CliNeeds,
  what: { readonly method?: 'POST'; readonly path: string },
): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  try {
    return await client.json({ ...what, signal: needs.signal });
  } finally {
    client.close();
  }
}
