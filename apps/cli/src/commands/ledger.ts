import { parseSignedCheckpoint, parseVerifierKey } from '@sallyport/merkle-log';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { keepCheckpoint } from './keep-checkpoint.ts';
import { wholeNumber } from './option-values.ts';
import { pruneLog, type PruneOptions } from './ledger-prune.ts';
import { printWitnesses } from './ledger-witnesses.ts';
import { readVerifierKey } from './verifier-key-option.ts';
import { verifyLogFiles, type VerifyLogOptions } from './verify-log-files.ts';

type ServerOptions = ConnectionOptions & { log?: number };
type CheckpointOptions = ServerOptions & { witnessed?: true; out?: string; logKey?: string };

export function addLedgerCommands(program: Command, needs: CliNeeds): void {
  const ledger = program.command('ledger').description('the log of record');
  ledger
    .command('verify')
    .description('check every hash of a log from its files, offline: ours, blocks and all, or any other C2SP tile log')
    .argument('<dir>', 'directory that holds checkpoint and tile/')
    .option('--key <vkey>', 'verifier key of the log, or a file holding it, from whoever you trust for it')
    .option('--origin <name>', 'the log it must be')
    .option('--against <checkpoint>', 'a file with a checkpoint kept elsewhere: the log must have only grown since')
    .option(
      '--witness <vkey...>',
      'keys of witnesses you trust, or files holding them: each must have cosigned that checkpoint',
    )
    .option('--policy <file>', 'a policy file (C2SP tlog-policy) that says which witnesses are enough')
    .option('--threads <count>', 'how many threads (default: one a core)', wholeNumber(1, 256))
    .option('--json', 'print JSON')
    .action((directory: string, options: VerifyLogOptions) => verifyLogFiles(directory, options, needs));
  withConnection(ledger.command('checkpoint'))
    .description(
      'print the newest signed checkpoint: keep it elsewhere, and later nothing before it can be changed unnoticed',
    )
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .option('--witnessed', 'the newest that enough witnesses have cosigned, with their signatures')
    .option(
      '--out <file>',
      'keep it in this file; one that lies there is replaced only if the log has only grown since',
    )
    .option('--log-key <vkey>', 'with --out: verifier key the log must be signed with, or a file holding it')
    .action((options: CheckpointOptions) => printCheckpoint(options, needs));
  withConnection(ledger.command('key'))
    .description('print the verifier key of a log: keep it elsewhere, to check proofs and copies of the log with it')
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .action((options: ServerOptions) => printVerifierKey(options, needs));
  withConnection(ledger.command('prune'))
    .description('let go of content whose keys were destroyed; leaves, hashes and proofs stay')
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .option('--json', 'print JSON')
    .action((options: PruneOptions) => pruneLog(options, needs));
  withConnection(ledger.command('witnesses'))
    .description('print who outside watches the log grow, and how far they have seen it')
    .option('--json', 'print JSON')
    .action((options: ConnectionOptions & { json?: true }) => printWitnesses(options, needs));
}

async function printCheckpoint(options: CheckpointOptions, needs: CliNeeds): Promise<void> {
  const key = options.logKey === undefined ? undefined : (await readVerifierKey(options.logKey)).key;
  const client = openClient(options, needs);
  try {
    const plain = options.log === undefined ? '/v1/ledger/checkpoint' : `/v1/ledger/logs/${options.log}/checkpoint`;
    const path = options.witnessed === true ? `${plain}?witnessed=true` : plain;
    const text = await client.text({ path, headers: { accept: 'text/plain' }, signal: needs.signal });
    refuseOtherText(() => parseSignedCheckpoint(text), `the answer to ${path} as a checkpoint`);
    if (options.out !== undefined) return await keepCheckpoint(text, { file: options.out, key, client }, needs);
    // A signed note must come out byte for byte; only on a terminal may nothing but its line ends act.
    needs.stdout.write(needs.stdout.isTerminal ? text.split('\n').map(plainText).join('\n') : text);
  } finally {
    client.close();
  }
}

async function printVerifierKey(options: ServerOptions, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const logs = listField(await client.json({ path: '/v1/ledger', signal: needs.signal }), 'logs');
    const log =
      options.log === undefined ? logs.at(-1) : logs.find((entry) => numberField(entry, 'number') === options.log);
    const key = textField(log, 'verifier_key');
    if (key === undefined)
      throw new CliError('request_refused', `Cannot find log ${options.log ?? ''}: the server has ${logs.length}`);
    refuseOtherText(() => parseVerifierKey(key), 'the answer to /v1/ledger as a verifier key');
    needs.stdout.write(`${plainText(key)}\n`);
  } finally {
    client.close();
  }
}

/** What is kept to check others with must be what it is taken for. */
function refuseOtherText(parse: () => unknown, what: string): void {
  try {
    parse();
  } catch (error) {
    throw new CliError('server_answer', `Cannot take ${what}: it is none`, {
      cause: error,
      hint: 'check that the address is that of a Sallyport server',
    });
  }
}
