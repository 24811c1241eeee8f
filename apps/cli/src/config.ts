import { codeOf, messageOf } from '@sallyport/platform/errors';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError } from './errors.ts';
import { isJsonObject, parseJson, textField } from './json-reading.ts';

export const defaultServer = 'http://127.0.0.1:8470';

/** What `sallyport connect` remembers. */
export type Connection = {
  readonly server?: string | undefined;
  readonly key?: string | undefined;
  readonly caFile?: string | undefined;
};

/** Everything taken from the environment and the configuration file, once, at the start. A flag goes before all of it. */
export type Configuration = {
  /** From SALLYPORT_SERVER, SALLYPORT_KEY, SALLYPORT_CA; else as saved by `connect`. */
  connection(): Connection & { readonly keyFromEnvironment: boolean };
  readonly connectionFile: string;
  /** Where an interrupted send is remembered. */
  readonly stateDirectory: string;
  /** The server's data directory, for commands that use its operator socket. */
  readonly dataDirectory: string;
  /** Print stacks of unexpected errors. */
  readonly debug: boolean;
  readonly color: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** The only reader of the environment. Directories follow the XDG base directory specification. */
export function readConfiguration(environment: Environment): Configuration {
  const get = (name: string): string | undefined => (environment[name] === '' ? undefined : environment[name]);
  const connectionFile = join(get('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'sallyport', 'cli.json');
  return {
    connection() {
      const saved = readConnection(connectionFile);
      const server = get('SALLYPORT_SERVER');
      return {
        server: server ?? saved.server,
        // A saved key belongs to the saved server and is never shown to another.
        key: get('SALLYPORT_KEY') ?? (server === undefined || server === saved.server ? saved.key : undefined),
        caFile: get('SALLYPORT_CA') ?? saved.caFile,
        keyFromEnvironment: get('SALLYPORT_KEY') !== undefined,
      };
    },
    connectionFile,
    stateDirectory: join(get('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'sallyport'),
    dataDirectory: get('SALLYPORT_DATA') ?? 'data',
    debug: get('DEBUG') !== undefined,
    color: get('NO_COLOR') === undefined && get('TERM') !== 'dumb',
  };
}

/** The environment of this process. */
export function processConfiguration(): Configuration {
  return readConfiguration(process.env);
}

/** Saves a connection so that only its owner can read it. Throws `CliError` `output_unwritable`. */
export function saveConnection(file: string, connection: Connection): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
    // The mode above does not touch a file that was there before.
    chmodSync(file, 0o600);
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${messageOf(error)}`, { cause: error });
  }
}

function readConnection(file: string): Connection {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new CliError('configuration_invalid', `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
  const value = parseJson(text);
  if (isJsonObject(value)) {
    return { server: textField(value, 'server'), key: textField(value, 'key'), caFile: textField(value, 'caFile') };
  }
  throw new CliError('configuration_invalid', `Cannot use "${file}": must be a JSON object`, {
    hint: 'delete it and run sallyport connect again',
  });
}
