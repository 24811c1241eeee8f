import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fitsKit, kitLacks, KeyVaultError, openRecoveryKit, unsealFileName } from '@sallyport/key-vault/recovery-kit';
import type { RecoveryKit } from '@sallyport/key-vault/recovery-kit';
import { makePrivateDirectory, writeFileDurably } from '@sallyport/platform/files';
import type { JsonValue } from '@sallyport/contracts';
import { parseCheckpoint, parseNote } from '@sallyport/merkle-log';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText, shortText, styled } from '../terminal.ts';
import { restoreFromDirectory } from './archive-offline.ts';
import { jsonBody, type ConnectionOptions } from './connection.ts';
import { recoveryPage } from './recovery-page.ts';
import type { VaultRequest } from './vault-request.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type KitOptions = Options & { out?: string; page?: string; hint?: string };
type RecoverOptions = {
  kit: string;
  archive: string;
  to: string;
  code?: string;
  key?: string[];
  unsealKey?: string;
  beyond?: true;
};
type Ask = (options: Options, needs: CliNeeds, what: VaultRequest) => Promise<JsonValue>;

const maxKitBytes = 128 * 1024 * 1024;
const maxCodeBytes = 1000;

/** What is kept apart from a machine, and an empty machine made the server again with it. */
export function addRecoveryCommands(vault: Command, add: (name: string) => Command, ask: Ask, needs: CliNeeds): void {
  add('recovery-kit')
    .description('save what an empty machine needs beside the archive; without --out, whether there is a kit')
    .option('--out <file>', 'where to save it, such as a stick; the code that opens it is printed once')
    .option('--page <file>', 'a page to print beside it: what to do, with room for the code')
    .option('--hint <text>', 'with a passphrase: where it is known. Never the passphrase')
    .action((options: KitOptions) => makeKit(options, ask, needs));
  vault
    .command('recover')
    .description('bring ledger and keys back to an empty data directory, from an archive and a recovery kit')
    .requiredOption('--kit <file>', 'the recovery kit')
    .requiredOption('--archive <dir>', 'the archive: its directory, or the copy archive fetch made of a bucket')
    .requiredOption('--to <dir>', 'the data directory to be')
    .option('--code <file>', 'a file with the code, - for standard input', '-')
    .option('--key <vkey...>', 'verifier keys of logs begun after the kit was made')
    .option('--unseal-key <file>', 'where the unseal key goes; unless given, where the server looks for it')
    .option('--beyond', 'bring back what no checkpoint covers as well')
    .action((options: RecoverOptions) => recover(options, needs));
}

async function makeKit(options: KitOptions, ask: Ask, needs: CliNeeds): Promise<void> {
  const { stdout, stderr } = needs;
  if (options.out === undefined) return showStanding(options, ask, needs);
  for (const file of [options.out, options.page])
    if (file !== undefined && existsSync(file))
      throw new CliError('output_unwritable', `Cannot write "${file}": it exists`, { hint: 'name a new file' });
  const answer = await ask(options, needs, {
    method: 'POST',
    path: '/v1/vault/recovery-kits',
    ...jsonBody(options.hint === undefined ? {} : { hint: options.hint }),
  });
  await save(options.out, textField(answer, 'file') ?? '');
  const lacks = listField(answer, 'needs').filter((one) => typeof one === 'string');
  const opens = field(answer, 'opens') === true;
  if (options.page !== undefined)
    await save(
      options.page,
      recoveryPage({
        file: options.out,
        vault: textField(answer, 'vault') ?? '',
        verifierKeys: listField(answer, 'verifierKeys').filter((one) => typeof one === 'string'),
        archive: textField(answer, 'archive'),
        needs: lacks,
        opens,
        madeAtMs: needs.clock.nowMs(),
      }),
    );
  // Alone on stdout: it can be sent to a printer and to no file.
  stdout.write(`${textField(answer, 'code') ?? ''}\n`);
  stderr.write(
    `Saved the recovery kit in ${plainText(options.out)}; above is the code that opens it, shown this once\n`,
  );
  stderr.write(
    'hint: keep kit and code apart from this machine and from each other; make a new kit after an epoch was replaced\n',
  );
  if (textField(answer, 'archive') === undefined)
    stderr.write(
      'warning: no archive is set up: the kit brings keys back and nothing that was recorded: sallyport archive set\n',
    );
  for (const need of lacks) stderr.write(`${opens ? 'also needed' : 'warning'}: ${shortText(need, 300)}\n`);
  if (!opens)
    stderr.write(
      'warning: on another machine nothing opens: sallyport vault rotate epoch --provider tpm sealed-file\n',
    );
}

async function showStanding(options: KitOptions, ask: Ask, { ...needs }: CliNeeds): Promise<void> {
  const answer = await ask(options, needs, { path: '/v1/vault/recovery-kits' });
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(answer)}\n`);
    return;
  }
  const made = new Date(numberField(answer, 'madeAtMs') ?? 0).toISOString();
  const by = shortText(textField(answer, 'madeBy') ?? '', 100);
  const words: Readonly<Record<string, string>> = {
    none: 'No recovery kit was made: with this machine its keys are lost',
    outdated: `The newest recovery kit, of ${made} by ${by}, does not open the epoch in use`,
    current: `The newest recovery kit, of ${made} by ${by}, opens the epoch in use`,
  };
  needs.stdout.write(`${words[textField(answer, 'state') ?? ''] ?? ''}\n`);
  if (textField(answer, 'state') !== 'current') needs.stderr.write('hint: sallyport vault recovery-kit --out FILE\n');
}

async function recover(options: RecoverOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr } = needs;
  const kit = await openKit(options, needs);
  stdout.write(`${styled(stdout, 'green', '✔')} kit of ${new Date(kit.madeAtMs).toISOString()}, vault ${kit.vault}\n`);
  const data = resolve(options.to);
  const vaults = [join(data, 'vault'), join(data, 'vault-copy')];
  const keyFile = resolve(options.unsealKey ?? join(dirname(needs.configuration.connectionFile), unsealFileName(data)));
  const hasUnsealKey = kit.unsealing.kind !== 'passphrase' && kit.unsealing.secret !== '';
  if (hasUnsealKey && existsSync(keyFile))
    throw new CliError('output_unwritable', `Cannot write "${keyFile}": it exists`, {
      hint: 'it may open another vault: move it away, or name another file with --unseal-key',
    });
  const restored = await restoreFromDirectory(
    {
      directory: options.archive,
      to: data,
      key: [...kit.verifierKeys, ...(options.key ?? [])],
      opensVault: (bytes) => fitsKit(bytes, kit),
      ...(options.beyond === true ? { beyond: true } : {}),
    },
    needs,
  );
  const { treeSize } = parseCheckpoint(parseNote(kit.checkpoint).text);
  const brought = restored.logs.find(({ log }) => log === kit.log)?.entries ?? 0;
  if (brought < treeSize)
    stderr.write(
      `warning: when the kit was made log ${kit.log} had ${grouped(treeSize)} entries; the archive has ${grouped(brought)}: the others are lost\n`,
    );
  if ((restored.vault?.generation ?? -1) < kit.generation) {
    for (const directory of vaults) {
      makePrivateDirectory(directory);
      writeFileDurably(join(directory, 'epochs.vault'), Buffer.from(kit.vaultFile, 'base64'));
    }
    stdout.write(`Brought back the wrapped keys of the kit, generation ${kit.generation}\n`);
  }
  for (const directory of vaults) {
    makePrivateDirectory(directory);
    for (const { name, bytes } of kit.sealed) writeFileDurably(join(directory, name), Buffer.from(bytes, 'base64'));
  }
  if (kit.unsealing.kind !== 'passphrase' && hasUnsealKey) {
    makePrivateDirectory(dirname(keyFile));
    writeFileDurably(keyFile, Buffer.from(kit.unsealing.secret, 'base64'));
    stdout.write(`Brought back the unseal key: ${plainText(keyFile)}\n`);
  }
  if (kit.keyProviderFile !== undefined) {
    const file = join(data, 'key-provider.json');
    writeFileDurably(file, Buffer.from(kit.keyProviderFile));
    stdout.write(`Brought back where master keys are kept: ${plainText(file)}\n`);
  }
  const { needs: lacks, opens } = kitLacks(kit);
  for (const lack of lacks) stderr.write(`${opens ? 'also needed' : 'warning'}: ${shortText(lack, 300)}\n`);
  if (kit.unsealing.kind === 'passphrase' && kit.unsealing.hint !== '')
    stderr.write(`passphrase: ${shortText(kit.unsealing.hint, 200)}\n`);
  stderr.write(
    `next: start the server with --data ${plainText(data)} --after-restore; people, settings and rules of your own are set up anew\n`,
  );
}

async function openKit({ kit, code = '-' }: RecoverOptions, needs: CliNeeds): Promise<RecoveryKit> {
  const text = (await readBoundedFile(kit, maxKitBytes).catch(unreadable(kit))).toString('utf8');
  if (code === '-') needs.stderr.write('The code, then Enter and Ctrl-D:\n');
  const typed =
    code === '-'
      ? await needs.standardInput(maxCodeBytes)
      : await readBoundedFile(code, maxCodeBytes).catch(unreadable(code));
  try {
    return openRecoveryKit(text, typed.toString('utf8').trim());
  } catch (error) {
    if (!(error instanceof KeyVaultError)) throw error;
    throw new CliError('not_verified', error.message, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function unreadable(file: string): (error: unknown) => never {
  return (error) => {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  };
}

async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'name a file that does not exist yet, in a directory that can be written',
    });
  }
}
