import type { Command } from 'commander';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { defaultServer } from '../config.ts';
import { createApiClient, parseServer, type ApiClient } from '../http-client.ts';
import type { CliNeeds } from '../needs.ts';

export type ConnectionOptions = { server?: string; key?: string; ca?: string };

/** The flags of every command that speaks to a server. */
export function withConnection(command: Command): Command {
  return command
    .option(
      '--server <url>',
      `address of the server (SALLYPORT_SERVER, else as saved by connect, else ${defaultServer})`,
    )
    .option('--key <key>', 'API key (SALLYPORT_KEY, else as saved by connect)')
    .option('--ca <file>', 'certificate of the CA that signed the server’s (SALLYPORT_CA)');
}

/**
 * Flags go before the environment, the environment before what `connect` saved. A saved key is used for its own server only.
 * With none of them, the server that runs here as this user is reached over its operator socket and needs no key.
 */
export function openClient(options: ConnectionOptions, needs: Pick<CliNeeds, 'configuration'>): ApiClient {
  const known = needs.configuration.connection();
  const nothingGiven = [options.server, options.key, known.server, known.key].every((value) => value === undefined);
  const socket = join(needs.configuration.dataDirectory, 'run', 'operator.sock');
  if (nothingGiven && isOwnSocket(socket)) return createApiClient({ kind: 'socket', path: socket });
  const server = options.server ?? known.server ?? defaultServer;
  const sameServer = options.server === undefined || options.server === (known.server ?? defaultServer);
  const key = options.key ?? (sameServer || known.keyFromEnvironment ? known.key : undefined);
  return createApiClient({ kind: 'server', server: parseServer(server, key), key, caFile: options.ca ?? known.caFile });
}

/** Somebody else's socket in a folder we happen to stand in must not be given our events. */
function isOwnSocket(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isSocket() === true && found.uid === process.getuid?.();
}

/** The operator socket of the server on this machine, unless the caller names a server. */
export function openOperatorClient(
  options: ConnectionOptions & { data?: string },
  needs: Pick<CliNeeds, 'configuration'>,
): ApiClient {
  if (options.server !== undefined || options.key !== undefined) return openClient(options, needs);
  const directory = options.data ?? needs.configuration.dataDirectory;
  return createApiClient({ kind: 'socket', path: join(directory, 'run', 'operator.sock') });
}
