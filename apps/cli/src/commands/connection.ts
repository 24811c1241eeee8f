import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { systemClock } from '@sallyport/platform/clock';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { defaultServer, isSameServer } from '../config.ts';
import { CliError } from '../errors.ts';
import { createApiClient, parseServer, type ApiClient } from '../http-client.ts';
import { readLogin, type SavedLogin } from '../login/saved-login.ts';
import { createTokenSource } from '../login/token-source.ts';
import type { CliNeeds } from '../needs.ts';

export type ConnectionOptions = { server?: string; key?: string; ca?: string };
type ConnectionNeeds = Pick<CliNeeds, 'configuration' | 'signal' | 'stderr' | 'wait'>;

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
 * Whoever is signed in acts for themselves, unless a key is given. With none of them, the server that runs here as this user is reached over its operator socket and needs no key.
 */
export function openClient(options: ConnectionOptions, needs: ConnectionNeeds): ApiClient {
  const known = needs.configuration.connection();
  const login = loginFor(options, needs);
  if (login !== undefined) return clientOf(login, needs);
  const nothingGiven = [options.server, options.key, known.server, known.key].every((value) => value === undefined);
  const socket = operatorSocket(needs.configuration.dataDirectory);
  if (nothingGiven && socketOwner(socket) === process.getuid?.())
    return createApiClient({ kind: 'socket', path: socket });
  const server = options.server ?? known.server ?? defaultServer;
  const sameServer = options.server === undefined || isSameServer(options.server, known.server ?? defaultServer);
  const key = options.key ?? (sameServer || known.keyFromEnvironment ? known.key : undefined);
  const caFile = options.ca ?? (sameServer || known.caFromEnvironment ? known.caFile : undefined);
  return createApiClient({ kind: 'server', server: parseServer(server, key), key, caFile });
}

/** Does `work` with a client of its own, closed after, however that ends. */
export async function withClient(
  options: ConnectionOptions,
  needs: ConnectionNeeds,
  work: (client: ApiClient) => Promise<void>,
): Promise<void> {
  const client = openClient(options, needs);
  try {
    await work(client);
  } finally {
    client.close();
  }
}

/** What a request that sends JSON says. */
export function jsonBody(body: JsonValue): { body: Buffer; headers: Record<string, string> } {
  return { body: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } };
}

/** Of the server that is meant, unless a key is given here or in the environment. */
function loginFor(options: ConnectionOptions, { configuration }: ConnectionNeeds): SavedLogin | undefined {
  const known = configuration.connection();
  if (options.key !== undefined || known.keyFromEnvironment) return undefined;
  const login = readLogin(configuration.loginFile);
  const wanted = options.server ?? (known.serverFromEnvironment ? known.server : undefined);
  return login !== undefined && (wanted === undefined || isSameServer(wanted, login.server)) ? login : undefined;
}

function clientOf({ server, caFile }: SavedLogin, needs: ConnectionNeeds): ApiClient {
  return createApiClient({
    kind: 'server',
    server: parseServer(server, 'token'),
    key: undefined,
    caFile,
    signerOf: (unsigned) => createTokenSource({ ...needs, nowMs: () => systemClock.nowMs() }, unsigned),
  });
}

function operatorSocket(directory: string): string {
  return join(directory, 'run', 'operator.sock');
}

/** Undefined where there is no socket that we can see. */
function socketOwner(path: string): number | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found?.isSocket() === true ? found.uid : undefined;
  } catch {
    // A data directory of somebody else, or a file where the directory should be: no server of ours.
    return undefined;
  }
}

/** The operator socket of the server on this machine, unless the caller names a server. Throws `CliError` `usage`. */
export function openOperatorClient(options: ConnectionOptions & { data?: string }, needs: ConnectionNeeds): ApiClient {
  if (options.server !== undefined || options.key !== undefined) return openClient(options, needs);
  const path = operatorSocket(options.data ?? needs.configuration.dataDirectory);
  const [owner, self] = [socketOwner(path), process.getuid?.()];
  // Where no server runs, whoever is signed in to one means that.
  if (owner === undefined && options.data === undefined && loginFor(options, needs) !== undefined)
    return openClient(options, needs);
  // Somebody else's socket in a folder we happen to stand in must not be asked for keys; who names it means it.
  if (options.data === undefined && owner !== undefined && self !== 0 && owner !== self) {
    throw new CliError('usage', `Cannot use "${path}": it belongs to another user`, {
      hint: 'name its data directory with --data DIR if you mean it, or use --server and --key',
    });
  }
  return createApiClient({ kind: 'socket', path });
}

/** One request of a command that an operator gives, with JSON both ways; its connection is closed after. */
export async function askOperatorRoute(
  options: ConnectionOptions & { data?: string },
  needs: ConnectionNeeds,
  what: { readonly method?: 'POST'; readonly path: string; readonly body?: JsonValue },
): Promise<JsonValue> {
  const { body, ...rest } = what;
  const sent = body === undefined ? {} : jsonBody(body);
  const client = openOperatorClient(options, needs);
  try {
    return await client.json({ ...rest, ...sent, signal: needs.signal });
  } finally {
    client.close();
  }
}
