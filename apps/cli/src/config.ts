import { codeOf } from '@sallyport/platform/errors';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { CliError } from './errors.ts';
import { isJsonObject, parseJson, textField } from './json-reading.ts';
import { readBoundedFileSync } from './regular-file.ts';
import { whyNot } from './system-errors.ts';

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
  connection(): Connection & {
    /** What the environment gives goes to any server; what was saved goes to the saved one only. */
    readonly keyFromEnvironment: boolean;
    readonly caFromEnvironment: boolean;
    readonly serverFromEnvironment: boolean;
  };
  readonly connectionFile: string;
  /** What `login` keeps. */
  readonly loginFile: string;
  /** Where an interrupted send is remembered. */
  readonly stateDirectory: string;
  /** The server's data directory, for commands that use its operator socket. */
  readonly dataDirectory: string;
  /** Where a bucket is, unless a flag says so: AWS_REGION, as AWS tools take it. */
  readonly awsRegion: string | undefined;
  /** Print stacks of unexpected errors. */
  readonly debug: boolean;
  readonly color: boolean;
  /** How this command is typed here. */
  readonly command: string;
};

const maxConnectionBytes = 64 * 1024;

type Environment = Readonly<Record<string, string | undefined>>;

/** The only reader of the environment. Directories follow the XDG base directory specification. */
export function readConfiguration(environment: Environment): Configuration {
  const get = (name: string): string | undefined => (environment[name] === '' ? undefined : environment[name]);
  const connectionFile = join(get('XDG_CONFIG_HOME') ?? join(homedir(), '.config'), 'sallyport', 'cli.json');
  return {
    connection() {
      const saved = readConnection(connectionFile);
      const server = get('SALLYPORT_SERVER');
      // A saved key belongs to the saved server and is never shown to another, and a saved CA vouches for no other.
      const isSaved = server === undefined || isSameServer(server, saved.server);
      return {
        server: server ?? saved.server,
        key: get('SALLYPORT_KEY') ?? (isSaved ? saved.key : undefined),
        caFile: get('SALLYPORT_CA') ?? (isSaved ? saved.caFile : undefined),
        keyFromEnvironment: get('SALLYPORT_KEY') !== undefined,
        caFromEnvironment: get('SALLYPORT_CA') !== undefined,
        serverFromEnvironment: server !== undefined,
      };
    },
    connectionFile,
    loginFile: join(dirname(connectionFile), 'login.json'),
    stateDirectory: join(get('XDG_STATE_HOME') ?? join(homedir(), '.local', 'state'), 'sallyport'),
    dataDirectory: get('SALLYPORT_DATA') ?? 'data',
    awsRegion: get('AWS_REGION') ?? get('AWS_DEFAULT_REGION'),
    debug: get('DEBUG') !== undefined,
    color: get('NO_COLOR') === undefined && get('TERM') !== 'dumb',
    command: get('SALLYPORT_COMMAND') ?? 'sallyport',
  };
}

/** What a program that is run in our place finds in its environment. */
export function environmentWith(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  // Our own key is not theirs: with it an agent could begin runs of its own.
  const { SALLYPORT_KEY: _key, ...inherited } = process.env;
  return { ...inherited, ...more };
}

/** Whether somebody set a variable of the environment for themselves. */
export function isInEnvironment(name: string): boolean {
  return (process.env[name] ?? '') !== '';
}

/** A folder that somebody named there; undefined where nobody did. */
export function folderInEnvironment(name: string): string | undefined {
  const folder = process.env[name] ?? '';
  return folder === '' ? undefined : folder;
}

/** Where programs are looked for. */
export function searchPath(): string {
  return process.env['PATH'] ?? '';
}

/** The desktops that run here, as they call themselves: "ubuntu:GNOME". */
export function desktopName(): string {
  return process.env['XDG_CURRENT_DESKTOP'] ?? '';
}

/** Where the sensor of this machine says that somebody is on it. */
export function vouchSocket(): string {
  const named = process.env['SALLYPORT_VOUCH_SOCKET'] ?? '';
  return named === '' ? '/run/sallyport-sensor/vouch.sock' : named;
}

/** The environment of this process. */
export function processConfiguration(): Configuration {
  return readConfiguration(process.env);
}

/** Whether two addresses name the same server, however they are written. */
export function isSameServer(one: string, other: string | undefined): boolean {
  if (other === undefined) return false;
  const address = (text: string): string => {
    if (!URL.canParse(text)) return text;
    const { origin, pathname } = new URL(text);
    return origin + pathname.replace(/\/$/, '');
  };
  return address(one) === address(other);
}

/** Saves a connection so that only its owner can read it, in one step: nobody sees half of it. Throws `CliError` `output_unwritable`. */
export function saveConnection(file: string, connection: Connection): void {
  const written = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    rmSync(written, { force: true });
    // Made anew, so the mode counts, and a link planted there is not followed.
    writeFileSync(written, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(written, file);
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'set XDG_CONFIG_HOME to a directory that can be written, or give SALLYPORT_SERVER and SALLYPORT_KEY instead',
    });
  }
}

function readConnection(file: string): Connection {
  let text: string;
  try {
    text = readBoundedFileSync(file, maxConnectionBytes).toString();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return {};
    throw new CliError('configuration_invalid', `Cannot read "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'delete it and run sallyport connect again',
    });
  }
  const value = parseJson(text);
  if (!isJsonObject(value)) {
    throw new CliError('configuration_invalid', `Cannot use "${file}": must be a JSON object`, {
      hint: 'delete it and run sallyport connect again',
    });
  }
  const connection = {
    server: textField(value, 'server'),
    key: textField(value, 'key'),
    caFile: textField(value, 'caFile'),
  };
  if (connection.key !== undefined && isReadableByOthers(file)) {
    throw new CliError(
      'configuration_invalid',
      `Cannot use "${file}": others on this machine can read the key in it, must be readable by you alone`,
      { hint: `chmod 600 ${file}\nif others may have read it, sallyport key revoke the key and make another` },
    );
  }
  return connection;
}

/** Modes mean this on POSIX systems only. */
function isReadableByOthers(file: string): boolean {
  return process.getuid !== undefined && (statSync(file).mode & 0o077) !== 0;
}
