import type { Command } from 'commander';
import { resolve } from 'node:path';
import { defaultServer, isSameServer, saveConnection } from '../config.ts';
import { CliError } from '../errors.ts';
import { createApiClient, parseServer } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { plainText } from '../terminal.ts';
import { withConnection, type ConnectionOptions } from './connection.ts';

export function addConnectCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('connect'))
    .description('remember the address and key of a server, readable by you alone')
    .option(
      '--key-file <file>',
      'a file that holds the key, or - for standard input: what is typed can be seen by others',
    )
    .action((options: Options) => connect(options, needs));
}

type Options = ConnectionOptions & { keyFile?: string };

const maxKeyFileBytes = 4096;

async function connect(options: Options, needs: CliNeeds): Promise<void> {
  const known = needs.configuration.connection();
  const server = options.server ?? known.server ?? defaultServer;
  const sameServer = options.server === undefined || isSameServer(options.server, known.server ?? defaultServer);
  const given = options.keyFile === undefined ? options.key : await readKey(options.keyFile, needs);
  const key = given ?? (known.keyFromEnvironment ? known.key : undefined);
  if (key === undefined) {
    throw new CliError('usage', 'Cannot connect without a key', {
      hint: 'give one with --key-file, --key or SALLYPORT_KEY; sallyport key create makes one',
    });
  }
  const knownCa = sameServer || known.caFromEnvironment ? known.caFile : undefined;
  const caFile = options.ca === undefined ? knownCa : resolve(options.ca);
  const client = createApiClient({ kind: 'server', server: parseServer(server, key), key, caFile });
  try {
    // A key without the scope health:read is a good key all the same.
    await client.text({ path: '/v1/health', signal: needs.signal }).catch((error: unknown) => {
      if (!(error instanceof CliError) || error.details['status'] !== 403) throw error;
    });
  } finally {
    client.close();
  }
  saveConnection(needs.configuration.connectionFile, { server, key, caFile });
  needs.stdout.write(`Connected to ${plainText(server)}; saved in ${plainText(needs.configuration.connectionFile)}\n`);
}

async function readKey(file: string, needs: CliNeeds): Promise<string> {
  try {
    const bytes =
      file === '-' ? await needs.standardInput(maxKeyFileBytes) : await readBoundedFile(file, maxKeyFileBytes);
    return bytes.toString().trim();
  } catch (error) {
    throw new CliError('usage', `Cannot read the key from "${file}": ${whyNot(error)}`, { cause: error });
  }
}
