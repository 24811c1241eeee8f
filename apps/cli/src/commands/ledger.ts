import { parseSignedCheckpoint, parseVerifierKey, verifyTileLog, type TileLogProgress } from '@sallyport/merkle-log';
import { codeOf } from '@sallyport/platform/errors';
import type { Command } from 'commander';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText, styled } from '../terminal.ts';
import { compareWithKept } from './kept-checkpoint.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { wholeNumber } from './option-values.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';
import { printWitnesses } from './ledger-witnesses.ts';

/** The largest file of a tile log is an entry bundle: 256 entries of 65,535 bytes and their lengths. */
const maxLogFileBytes = 256 * (65_535 + 2) + 1;

type ServerOptions = ConnectionOptions & { log?: number };
type VerifyOptions = { key?: string; origin?: string; against?: string; json?: true };

export function addLedgerCommands(program: Command, needs: CliNeeds): void {
  const ledger = program.command('ledger').description('the log of record');
  ledger
    .command('verify')
    .description('check every hash of a C2SP tile log from its files, offline: ours or any other')
    .argument('<dir>', 'directory that holds checkpoint and tile/')
    .option('--key <vkey>', 'verifier key of the log, or a file holding it, from whoever you trust for it')
    .option('--origin <name>', 'the log it must be')
    .option('--against <checkpoint>', 'a file with a checkpoint kept elsewhere: the log must have only grown since')
    .option('--json', 'print JSON')
    .action((directory: string, options: VerifyOptions) => verifyLog(directory, options, needs));
  withConnection(ledger.command('checkpoint'))
    .description(
      'print the newest signed checkpoint: keep it elsewhere, and later nothing before it can be changed unnoticed',
    )
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .option('--witnessed', 'the newest that enough witnesses have cosigned, with their signatures')
    .action((options: ServerOptions & { witnessed?: true }) => printCheckpoint(options, needs));
  withConnection(ledger.command('key'))
    .description('print the verifier key of a log: keep it elsewhere, to check proofs and copies of the log with it')
    .option('--log <number>', 'which log (default: the newest)', wholeNumber(1, 999_999_999))
    .action((options: ServerOptions) => printVerifierKey(options, needs));
  withConnection(ledger.command('witnesses'))
    .description('print who outside watches the log grow, and how far they have seen it')
    .option('--json', 'print JSON')
    .action((options: ConnectionOptions & { json?: true }) => printWitnesses(options, needs));
}

async function verifyLog(directory: string, options: VerifyOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, signal } = needs;
  await refuseWhatIsNoLog(directory);
  const key = options.key === undefined ? undefined : (await readVerifierKey(options.key)).key;
  const progress = createProgress(stderr, needs.clock);
  const onProgress = ({ leaves, treeSize }: TileLogProgress): void => {
    signal.throwIfAborted();
    progress.show(treeSize === 0 ? 1 : leaves / treeSize, `${grouped(leaves)} of ${grouped(treeSize)} entries`);
  };
  const result = await verifyTileLog({
    read: (path) => readLogFile(join(directory, path)),
    onProgress,
    ...(key === undefined ? {} : { verifierKeys: [key] }),
    ...(options.origin === undefined ? {} : { origin: options.origin }),
  }).finally(() => progress.clear());
  if (!result.ok) {
    const { path, offset, reason } = result;
    if (options.json === true) stdout.write(`${jsonLine({ ok: false, path, offset, reason })}\n`);
    throw new CliError('not_verified', `Cannot verify "${directory}": ${path}, byte ${offset}: ${reason}`, {
      hint:
        path === 'checkpoint' && offset === 0
          ? `name the directory that holds the file checkpoint${options.origin === undefined ? '' : ', and the origin of the log in it'}`
          : 'the file at this place is not what the log committed to',
    });
  }
  const { origin, treeSize, root, signature, entries, hashTiles, entryBundles } = result;
  const read = (path: string): Promise<Uint8Array | undefined> => readLogFile(join(directory, path));
  const keptSize =
    options.against === undefined
      ? undefined
      : await compareWithKept({ origin, treeSize, root, read }, options.against, key);
  // A checkpoint kept from before proves as far as it goes.
  const isUnproven = signature !== 'verified' && keptSize === undefined;
  if (options.json === true) {
    stdout.write(
      `${jsonLine({ ok: true, origin, tree_size: treeSize, root: Buffer.from(root).toString('base64'), signature, entries, hash_tiles: hashTiles, entry_bundles: entryBundles, ...(keptSize === undefined ? {} : { kept_size: keptSize }) })}\n`,
    );
    if (isUnproven) throw withoutKey(directory);
    return;
  }
  stdout.write(
    `${isUnproven ? styled(stdout, 'yellow', '! consistent') : styled(stdout, 'green', '✔ consistent')}  ${plainText(origin)}: ${grouped(treeSize)} entries, ${grouped(hashTiles)} hash tiles, ${grouped(entryBundles)} entry bundles\n`,
  );
  stdout.write(`  root ${Buffer.from(root).toString('base64')}\n`);
  if (keptSize !== undefined)
    stdout.write(
      `  grown from the ${grouped(keptSize)} entries of the checkpoint you gave, with nothing changed before\n`,
    );
  if (entries === 'absent') stdout.write('  entries: not checked, the directory holds only hashes\n');
  if (signature === 'verified') {
    stdout.write(`  signature: ${styled(stdout, 'green', 'verified')} with the key you gave\n`);
    return;
  }
  stdout.write(
    `  signature: ${styled(stdout, 'yellow', 'NOT CHECKED')}: whoever wrote these files could have made up all of them\n`,
  );
  if (isUnproven) throw withoutKey(directory);
  stderr.write('hint: give the key you know with --key VKEY; a key lying beside the log proves nothing\n');
}

/** A wrong path must not sound like a log that was tampered with. */
async function refuseWhatIsNoLog(directory: string): Promise<void> {
  const kindOf = (path: string): Promise<'directory' | 'other' | undefined> =>
    stat(path).then(
      (found) => (found.isDirectory() ? 'directory' : 'other'),
      (error: unknown) => {
        if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
        throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, { cause: error });
      },
    );
  const hint = 'name the directory that holds the file checkpoint: data/ledger/logs/1 is the first log of a server';
  const kind = await kindOf(directory);
  if (kind !== 'directory') {
    const why = kind === undefined ? 'there is no such directory' : 'it is no directory';
    throw new CliError('input_unreadable', `Cannot read "${directory}": ${why}`, { hint });
  }
  const parts = await Promise.all(['checkpoint', 'tile'].map((name) => kindOf(join(directory, name))));
  if (parts.every((part) => part === undefined))
    throw new CliError(
      'input_unreadable',
      `Cannot find a log in "${directory}": it holds neither checkpoint nor tile/`,
      {
        hint,
      },
    );
}

/** Undefined where there is none. What is no regular file or too large for a tile log is refused. */
async function readLogFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readBoundedFile(path, maxLogFileBytes);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, { cause: error });
  }
}

async function printCheckpoint(options: ServerOptions & { witnessed?: true }, needs: CliNeeds): Promise<void> {
  const client = openClient(options, needs);
  try {
    const plain = options.log === undefined ? '/v1/ledger/checkpoint' : `/v1/ledger/logs/${options.log}/checkpoint`;
    const path = options.witnessed === true ? `${plain}?witnessed=true` : plain;
    const text = await client.text({ path, headers: { accept: 'text/plain' }, signal: needs.signal });
    refuseOtherText(() => parseSignedCheckpoint(text), `the answer to ${path} as a checkpoint`);
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
