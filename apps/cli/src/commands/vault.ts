import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { asTyped, counted, jsonLine, plainText, shortText, styled, tableHead } from '../terminal.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';
import { addDestructionCommands } from './vault-destructions.ts';
import type { VaultRequest } from './vault-request.ts';
import { addRecoveryCommands } from './vault-recovery.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type RotateOptions = Options & { label?: string; provider?: string[]; keys?: string; reason: string };

/** A rotation of thousands of keys takes seconds. */
const lookAgainAfterMs = 200;
const purposes = ['block-data', 'log-signing', 'stream-name', 'secret', 'subject-page'];

export function addVaultCommands(program: Command, needs: CliNeeds): void {
  const vault = program
    .command('vault')
    .description('the keys behind the ledger and everything sealed: list, rotate, check, destroy')
    .summary('the keys behind the ledger');
  const add = (name: string, under: Command = vault): Command =>
    withConnection(under.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('list')
    .description('every key: what it is for, its state, what wraps it; never its bytes')
    .action((options: Options) => listKeys(options, needs));
  add('rotate')
    .description('replace the epoch, the key of a purpose, of a class and day of blocks, or of encrypted columns')
    .argument('<what>', `epoch, ${purposes.join(', ')}, data with --label, or columns with --keys`)
    .option('--keys <name>', 'of which encrypted columns, such as identity/columns')
    .option('--label <label>', 'which data key, such as events/2026-11-22')
    .option('--provider <kind...>', 'of an epoch: whose master keys wrap it, such as sealed-file, tpm, pkcs11')
    .option('--reason <text>', 'why, kept with the key and in the audit trail', 'asked for on the command line')
    .action((what: string, options: RotateOptions) => rotate(what, options, needs));
  add('check')
    .description('open both copies of the vault from the disk, and every key in them')
    .action((options: Options) => check(options, needs));
  addDestructionCommands(vault, add, request, needs);
  addRecoveryCommands(vault, add, request, needs);
}

async function listKeys(options: Options, needs: CliNeeds): Promise<void> {
  const { stdout } = needs;
  const report = await request(options, needs, { path: '/v1/vault/keys' });
  if (options.json === true) {
    stdout.write(`${jsonLine(report)}\n`);
    return;
  }
  stdout.write(tableHead(stdout, [['id', 32], ['level', 7], ['state', 11], ['version', 7], ['what for']]));
  for (const key of listField(report, 'keys')) {
    const level = textField(key, 'level') ?? '';
    const state = textField(key, 'state') ?? '';
    const style = state === 'active' ? 'green' : state === 'compromised' ? 'red' : 'yellow';
    const name =
      level === 'epoch'
        ? `by ${textField(key, 'wrappedBy') ?? ''}`
        : [textField(key, 'purpose'), textField(key, 'label')].filter((part) => part !== '').join(' ');
    const line = [
      shortText(textField(key, 'id') ?? '', 32).padEnd(32),
      level.padEnd(7),
      styled(stdout, style, shortText(state, 12).padEnd(11)),
      `v${numberField(key, 'version') ?? 0}`.padEnd(7),
      shortText(name, 120),
    ];
    stdout.write(`${line.join('  ').trimEnd()}\n`);
  }
  for (const columns of listField(report, 'columns')) {
    const versions = listField(columns, 'versions').filter((version) => typeof version === 'number');
    const tables = listField(columns, 'tables').filter((table) => typeof table === 'string');
    const name = shortText(textField(columns, 'name') ?? '', 60);
    stdout.write(`Columns ${name}: v${versions.join(', v')} for ${shortText(tables.join(', '), 200)}\n`);
  }
  for (const provider of listField(report, 'providers')) {
    const kind = shortText(textField(provider, 'kind') ?? '', 40);
    const unreachable = textField(provider, 'unreachable');
    if (unreachable !== undefined) stdout.write(`\nNot reached: ${kind}: ${shortText(unreachable, 300)}\n`);
    if (field(provider, 'isUsed') !== true) continue;
    const gaps = listField(provider, 'notPromised').filter((text) => typeof text === 'string');
    stdout.write(`\nMaster keys: ${kind}\n`);
    for (const gap of gaps) stdout.write(`  ${shortText(gap, 300)}\n`);
  }
}

async function rotate(what: string, options: RotateOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr } = needs;
  const answer = await request(options, needs, {
    method: 'POST',
    path: '/v1/vault/rotations',
    ...jsonBody({ ...orderOf(what, options), reason: options.reason }),
  });
  let rotation = field(answer, 'rotation');
  const startedAtMs = numberField(rotation, 'startedAtMs');
  while (textField(rotation, 'state') === 'running') {
    await needs.wait(lookAgainAfterMs, needs.signal);
    rotation = rotationIn(await request(options, needs, { path: '/v1/vault/keys' }), options.keys);
  }
  if (options.json === true) stdout.write(`${jsonLine(rotation ?? null)}\n`);
  if (textField(rotation, 'state') === 'failed') {
    const error = shortText(textField(rotation, 'error') ?? 'unknown', 500);
    throw new CliError('request_refused', `Cannot rotate ${what}: ${error}`);
  }
  if (textField(rotation, 'state') !== 'done' || numberField(rotation, 'startedAtMs') !== startedAtMs) {
    throw new CliError('incomplete', `Cannot tell whether ${what} was rotated: the vault was opened anew meanwhile`, {
      hint: 'sallyport vault list shows the keys in use; rotating once more does no harm',
    });
  }
  const moved = numberField(rotation, 'done') ?? 0;
  if (options.json !== true) stdout.write(`Rotated ${plainText(resultOf(what, options, moved))}\n`);
  if (what === 'epoch')
    stderr.write(
      'hint: older copies of the vault still open with the former master key; keep a new copy of the vault\n',
    );
  if (what === 'data')
    stderr.write(
      `hint: what the former key sealed still opens with it; ${asTyped('sallyport vault list', needs.configuration.command)} shows both\n`,
    );
}

/** A key of blocks wraps no other: there is nothing to wrap anew, only what comes is sealed under another. */
function resultOf(what: string, { label = '' }: RotateOptions, moved: number): string {
  if (what === 'data') return `data: a new key seals what is recorded of ${label} from now on`;
  return `${what}: ${what === 'columns' ? `${counted(moved, 'row')} sealed anew` : `${counted(moved, 'key')} re-wrapped`}`;
}

/** The one under way or the last: of the vault, or of the keys of some columns. */
function rotationIn(listed: JsonValue, keys: string | undefined): JsonValue | undefined {
  if (keys === undefined) return field(listed, 'rotation');
  const columns = listField(listed, 'columns').find((one) => textField(one, 'name') === keys);
  return columns === undefined ? undefined : field(columns, 'rotation');
}

function orderOf(what: string, options: RotateOptions): Record<string, JsonValue> {
  if (what === 'epoch')
    return { level: 'epoch', ...(options.provider === undefined ? {} : { providers: options.provider }) };
  if (what === 'data' && options.label !== undefined) return { level: 'data', label: options.label };
  if (what === 'columns' && options.keys !== undefined) return { level: 'columns', keys: options.keys };
  if (purposes.includes(what)) return { level: 'purpose', purpose: what };
  throw new CliError(
    'usage',
    `Cannot rotate "${shortText(what, 40)}": must be epoch, ${purposes.join(', ')}, data with --label, or columns with --keys`,
  );
}

async function check(options: Options, needs: CliNeeds): Promise<void> {
  const answer = await request(options, needs, { method: 'POST', path: '/v1/vault/checks' });
  const sha256 = shortText(textField(answer, 'sha256') ?? '', 64);
  needs.stdout.write(
    options.json === true ? `${jsonLine(answer)}\n` : `Both copies open, with every key in them: SHA-256 ${sha256}\n`,
  );
}

async function request(options: Options, needs: CliNeeds, what: VaultRequest): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  try {
    const { isSilent = false, ...asked } = what;
    if (!isSilent) return await client.json({ ...asked, signal: needs.signal });
    await client.text({ ...asked, signal: needs.signal });
    return null;
  } finally {
    client.close();
  }
}
