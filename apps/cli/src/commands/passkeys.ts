import { readFile, stat } from 'node:fs/promises';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText } from '../terminal.ts';
import { jsonBody, withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };

const maxFileBytes = 24 * 1024 * 1024;

/** `passkeys`: what is known of the makes of passkeys and security keys. */
export function addPasskeyCommands(program: Command, needs: CliNeeds): void {
  const passkeys = program.command('passkeys').description('FIDO metadata: the makes of passkeys and security keys');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  add(passkeys.command('import-metadata'))
    .description('take a file of the FIDO Metadata Service (blob.jwt), once its signature is found right')
    .argument('<file>', 'as it was downloaded from https://mds3.fidoalliance.org, on any machine')
    .option('--root <file>', 'root certificate it is signed under (PEM), in place of those of the FIDO Alliance')
    .action((file: string, options: Options & { root?: string }) => importMetadata(file, options, needs));
  add(passkeys.command('status'))
    .description('tell which metadata is in use')
    .action((options: Options) =>
      withClient(options, needs, async (client) => {
        const answer = await client.json({ path: '/v1/authentication/passkeys', signal: needs.signal });
        write(answer, options, needs);
      }),
    );
}

async function importMetadata(
  path: string,
  options: Options & { readonly root?: string },
  needs: CliNeeds,
): Promise<void> {
  const blob = (await read(path)).trim();
  const root = options.root === undefined ? {} : { root: await read(options.root) };
  await withClient(options, needs, async (client) => {
    const answer = await client.json({
      method: 'POST',
      path: '/v1/authentication/passkeys/metadata',
      ...jsonBody({ blob, ...root }),
      signal: needs.signal,
    });
    write(answer, options, needs);
  });
}

async function read(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes)
      throw new CliError('usage', `Cannot read "${plainText(path)}": must be at most ${maxFileBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('usage', `Cannot read "${plainText(path)}": ${whyNot(error)}`);
  }
}

function write(answer: JsonValue, options: Options, needs: CliNeeds): void {
  needs.stdout.write(options.json === true ? `${jsonLine(answer)}\n` : `${inWords(field(answer, 'metadata'))}\n`);
}

function inWords(metadata: JsonValue | undefined): string {
  const no = numberField(metadata, 'no');
  if (no === undefined) return 'no FIDO metadata';
  const [models, compromised] = [numberField(metadata, 'models') ?? 0, numberField(metadata, 'compromised') ?? 0];
  const next = plainText(textField(metadata, 'next_update') ?? '');
  const due = field(metadata, 'stale') === true ? `stale: the next was due on ${next}` : `next on ${next}`;
  const root = plainText(textField(metadata, 'root_sha256') ?? '');
  return `number ${no}: ${grouped(models)} makes, ${grouped(compromised)} compromised, ${due}\nsigned under ${root}`;
}
