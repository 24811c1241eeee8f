import type { Command } from 'commander';
import { resolve } from 'node:path';
import { defaultServer, saveConnection } from '../config.ts';
import { CliError } from '../errors.ts';
import { createApiClient, parseServer } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';
import { plainText } from '../terminal.ts';
import { withConnection, type ConnectionOptions } from './connection.ts';

export function addConnectCommand(program: Command, needs: CliNeeds): void {
  withConnection(program.command('connect'))
    .description('remember the address and key of a server, readable by you alone')
    .action((options: ConnectionOptions) => connect(options, needs));
}

async function connect(options: ConnectionOptions, needs: CliNeeds): Promise<void> {
  const known = needs.configuration.connection();
  const server = options.server ?? known.server ?? defaultServer;
  const key = options.key ?? (known.keyFromEnvironment ? known.key : undefined);
  if (key === undefined) {
    throw new CliError('usage', 'Cannot connect without a key', {
      hint: 'give one with --key or SALLYPORT_KEY; sallyport key create makes one',
    });
  }
  const caFile = options.ca === undefined ? known.caFile : resolve(options.ca);
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
