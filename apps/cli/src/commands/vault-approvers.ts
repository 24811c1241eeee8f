import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, jsonLine, plainText, shortText, tableHead } from '../terminal.ts';
import type { ConnectionOptions } from './connection.ts';
import { comparable } from './users.ts';
import { post, type VaultRequest } from './vault-request.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type ChangeOptions = Options & { alone?: true; reason: string };
type Ask = (options: Options, needs: CliNeeds, what: VaultRequest) => Promise<JsonValue>;

const defaultReason = 'asked for on the command line';
const aloneHelp =
  'no two people are left who could agree: takes effect with one signature after 15 days, with none after 30';

/** Who may agree to destructions, from a terminal: proposing and stopping. Agreeing takes a passkey and so a browser. */
export function addApproverCommands(add: (name: string) => Command, ask: Ask, needs: CliNeeds): void {
  add('approvers')
    .description('the passkeys whose signatures count for a destruction')
    .action((options: Options) => listApprovers(options, ask, needs));
  add('enrol')
    .description('propose that somebody’s passkeys may agree to destructions; two of those who may sign it')
    .argument('<name>', 'the name they sign in with')
    .option('--alone', aloneHelp)
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action((name: string, options: ChangeOptions) => enrol(name, options, ask, needs));
  add('withdraw')
    .description('stop a passkey at once, and propose that it leaves the list')
    .argument('<passkey>', 'its id, as vault approvers lists it')
    .option('--alone', aloneHelp)
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action((id: string, options: ChangeOptions) =>
      change({ what: 'withdraw', credentialId: id }, options, ask, needs),
    );
  add('reinstate')
    .description('propose that a passkey that was stopped counts again')
    .argument('<passkey>', 'its id, as vault approvers lists it')
    .option('--alone', aloneHelp)
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action((id: string, options: ChangeOptions) =>
      change({ what: 'reinstate', credentialId: id }, options, ask, needs),
    );
  add('release')
    .description('propose to release legal holds, several with one signature each; two people sign it')
    .argument('<hold...>', 'their ids, as vault holds lists them')
    .option('--reason <text>', 'why, kept in the vault and the audit trail', defaultReason)
    .action(async (ids: string[], options: ChangeOptions) => {
      const proposal = await ask(options, needs, post('/v1/vault/holds/release', { ids, reason: options.reason }));
      print(proposal, options, needs);
    });
}

async function listApprovers(options: Options, ask: Ask, needs: CliNeeds): Promise<void> {
  const report = await ask(options, needs, { path: '/v1/vault/approvers' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(report)}\n`);
    return;
  }
  const approvers = listField(report, 'items');
  if (approvers.length > 0)
    needs.stdout.write(tableHead(needs.stdout, [['who', 24], ['at', 24], ['signature', 20], ['passkey']]));
  for (const approver of approvers) {
    const [name, host] = [textField(approver, 'name') ?? '', textField(approver, 'hostName') ?? ''];
    const agreed = listField(approver, 'agreedBy').filter((one) => typeof one === 'string');
    const line = [
      shortText(name, 60).padEnd(24),
      shortText(host, 80).padEnd(24),
      standing(approver).padEnd(20),
      shortText(textField(approver, 'credentialId') ?? '', 200),
    ];
    needs.stdout.write(`${line.join('  ')}\n`);
    needs.stdout.write(`  key ${shortText(textField(approver, 'fingerprint') ?? '', 64)}\n`);
    if (agreed.length > 0) needs.stdout.write(`  agreed to by ${shortText(agreed.join(', '), 300)}\n`);
  }
  const people = new Set(approvers.flatMap((approver) => textField(approver, 'userId') ?? []));
  if (people.size < 2)
    needs.stdout.write(
      `${people.size === 0 ? 'Nobody is' : 'One person is'} enrolled; a destruction takes two people, each with a passkey: in the console, under Retention\n`,
    );
}

function standing(approver: JsonValue): string {
  const stopped = textField(approver, 'stopped');
  if (stopped !== undefined) return `stopped: ${shortText(stopped, 100)}`;
  if (field(approver, 'isEffective') === true) return 'counts';
  const hours = numberField(approver, 'remainingMs');
  return hours === undefined ? 'waits' : `counts in ${Math.ceil(hours / 3_600_000)} hours`;
}

async function enrol(name: string, options: ChangeOptions, ask: Ask, needs: CliNeeds): Promise<void> {
  const users = listField(await ask(options, needs, { path: '/v1/users' }), 'users');
  const wanted = comparable(name);
  const user = users.find((one) => comparable(textField(one, 'name') ?? '') === wanted);
  const userId = user === undefined ? undefined : textField(user, 'id');
  if (userId === undefined)
    throw new CliError('usage', `Cannot enrol "${plainText(name)}": must be the name of somebody`, {
      hint: 'sallyport users list',
    });
  const answer = await ask(options, needs, post('/v1/vault/approvers', { userId, ...bodyOf(options) }));
  const proposal = field(answer, 'proposal');
  if (proposal !== undefined || options.json === true) print(proposal ?? answer, options, needs);
  else needs.stdout.write(`Enrolled ${plainText(name)}: nobody was there who could have agreed\n`);
}

async function change(
  { what, credentialId }: { readonly what: 'withdraw' | 'reinstate'; readonly credentialId: string },
  options: ChangeOptions,
  ask: Ask,
  needs: CliNeeds,
): Promise<void> {
  const answer = await ask(options, needs, post(`/v1/vault/approvers/${what}`, { credentialId, ...bodyOf(options) }));
  const proposal = what === 'reinstate' ? answer : field(answer, 'proposal');
  if (what === 'withdraw' && options.json !== true) needs.stdout.write('Stopped: it signs nothing any more\n');
  if (proposal !== undefined || options.json === true) print(proposal ?? answer, options, needs);
}

const bodyOf = ({ reason, alone }: ChangeOptions): { readonly [name: string]: JsonValue } => ({
  reason,
  ...(alone === true ? { alone } : {}),
});

function print(proposal: JsonValue, options: Options, { stdout }: CliNeeds): void {
  if (options.json === true) {
    stdout.write(`${jsonLine(proposal)}\n`);
    return;
  }
  const signatures = listField(proposal, 'signatures').length;
  stdout.write(
    `Proposed ${shortText(textField(proposal, 'id') ?? '', 32)}: ${counted(signatures, 'signature')} of 2\n`,
  );
  for (const obstacle of listField(proposal, 'obstacles')) {
    stdout.write(`  ${shortText(textField(obstacle, 'message') ?? '', 300)}\n`);
    const hint = textField(obstacle, 'hint');
    if (hint !== undefined) stdout.write(`    ${shortText(hint, 300)}\n`);
  }
}
