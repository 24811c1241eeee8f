import { unsealFileName } from '@sallyport/key-vault/recovery-kit';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { CodedError } from '@sallyport/platform/errors';
import { parseTimeServer } from '@sallyport/platform/time-service';
import type { TimeServer } from '@sallyport/platform/time-service';

/** Everything the server reads from its environment and command line, once, validated. */
export type ServerConfig = {
  /** Everything durable, except what opens it. */
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  /** Names and addresses clients use; with any, the server speaks TLS 1.3 with a certificate of its own authority. */
  readonly names: readonly string[];
  readonly unsealing:
    | { readonly kind: 'file'; readonly path: string }
    /** A key file the service manager hands in: it is never made here. */
    | { readonly kind: 'credential'; readonly path: string }
    | { readonly kind: 'passphrase'; readonly file: string };
  /** Where master keys are kept besides the sealed file. */
  readonly keyProviderFile?: string;
  readonly database:
    | { readonly kind: 'sqlite'; readonly file: string; readonly reserveBytes: number }
    | { readonly kind: 'postgres'; readonly url: string };
  /** A door that asks clients for a certificate (RFC 8705), for programs: browsers would ask their users. None when undefined. */
  readonly certificatePort?: number;
  readonly storeMemoryBytes: number;
  /** Intake stops when less than this is free on the data disk. */
  readonly diskWatermarkBytes: number;
  readonly diskReserveBytes: number;
  /** How long two people's wish to destroy keys waits, during which it can be cancelled. A shorter one takes effect after the longer. */
  readonly destructionWaitMs: number;
  /** The operator says the data directory was put back from a backup: go on in a new log. */
  readonly afterRestore: boolean;
  /** Whether the sensor of this host runs beside the server. */
  readonly sensor: boolean;
  /** Where weights of detection models are looked for first. */
  readonly modelsDirectory?: string;
  /** Whether pictures may be fetched from cameras on this machine itself: for tests and demonstrations. */
  readonly localCameras: boolean;
  /** Where pictures by WebRTC come in: UDP ports, and the address senders are told where others reach this machine by another one. */
  readonly webrtc: {
    readonly ports: { readonly from: number; readonly to: number };
    readonly announced: string | undefined;
  };
  /** A time server asked beside the program that keeps the clock. */
  readonly timeServer?: TimeServer;
  readonly logFormat: 'pretty' | 'json';
};

type ConfigErrorCode = 'config_invalid';
const usage =
  'npm start -- [--data DIR] [--host HOST] [--port PORT] [--name NAME …] [--models DIR] [--key-provider FILE] [--no-sensor] [--after-restore]';

/** What `npm start -- --help` prints. */
export const usageText = `Usage: ${usage}

  --data DIR       everything durable (SALLYPORT_DATA; default: ./data)
  --port PORT      (SALLYPORT_PORT; default: 8470)
  --host HOST      address to listen on (SALLYPORT_HOST; default: 127.0.0.1, this machine only)
  --name NAME      a name or address clients use; with one the server speaks TLS 1.3; may be repeated (SALLYPORT_NAMES)
  --models DIR     weights of models that look at cameras (SALLYPORT_MODELS; else DATA/models, and what npm start fetched)
  --key-provider FILE  where master keys are kept, docs/keys.md (SALLYPORT_KEY_PROVIDER; else a sealed file)
  --no-sensor      without the sensor of this host (SALLYPORT_SENSOR=off)
  --local-cameras  fetch from cameras on this machine, too (SALLYPORT_LOCAL_CAMERAS=on)
  --after-restore  the data directory was put back from a backup: go on in a new log
  --help           print this
  --version        print the version

All settings: docs/configuration.md. The command line for everything else: ./sallyport --help
`;

/** Room kept for control data on a full disk: keys made and revoked, alerts handled, their audit events on the way. */
const controlReserveBytes = 4 * 1024 * 1024;

/** Flags go before the environment, which goes before the defaults. Throws `config_invalid` with a hint. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  flags: readonly string[],
  surroundings: { readonly workingDirectory: string; readonly isTerminal: boolean },
): ServerConfig {
  const given = parseFlags(flags);
  const get = (flag: string, variable: string): string | undefined =>
    given.get(flag)?.at(-1) ?? (environment[variable] === '' ? undefined : environment[variable]);
  const dataDirectory = resolve(surroundings.workingDirectory, get('data', 'SALLYPORT_DATA') ?? 'data');
  const names = [...(given.get('name') ?? []), ...(environment['SALLYPORT_NAMES'] ?? '').split(',')].filter(
    (name) => name !== '',
  );
  const passphraseFile = environment['SALLYPORT_PASSPHRASE_FILE'];
  const configHome = environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? homedir(), '.config');
  const keyFile =
    environment['SALLYPORT_UNSEAL_KEY_FILE'] ?? join(configHome, 'sallyport', unsealFileName(dataDirectory));
  const databaseUrl = environment['SALLYPORT_DATABASE_URL'];
  const models = get('models', 'SALLYPORT_MODELS');
  const keyProviderFile = get('key-provider', 'SALLYPORT_KEY_PROVIDER');
  return {
    dataDirectory,
    host: get('host', 'SALLYPORT_HOST') ?? '127.0.0.1',
    port: integer(get('port', 'SALLYPORT_PORT') ?? '8470', 'port', 0, 65_535),
    names,
    unsealing:
      passphraseFile === undefined
        ? (credential(environment) ?? { kind: 'file', path: absolute(keyFile) })
        : { kind: 'passphrase', file: absolute(passphraseFile) },
    database:
      databaseUrl === undefined
        ? { kind: 'sqlite', file: join(dataDirectory, 'control.db'), reserveBytes: controlReserveBytes }
        : { kind: 'postgres', url: databaseUrl },
    storeMemoryBytes:
      integer(environment['SALLYPORT_STORE_MEMORY_MB'] ?? '2048', 'store memory', 512, 1_000_000) * 1024 * 1024,
    diskWatermarkBytes:
      integer(environment['SALLYPORT_DISK_WATERMARK_MB'] ?? '512', 'disk watermark', 1, 10_000_000) * 1024 * 1024,
    diskReserveBytes:
      integer(environment['SALLYPORT_DISK_RESERVE_MB'] ?? '32', 'disk reserve', 1, 10_000) * 1024 * 1024,
    destructionWaitMs:
      integer(environment['SALLYPORT_DESTRUCTION_WAIT_HOURS'] ?? '72', 'waiting time of destructions', 0, 8760) *
      3_600_000,
    afterRestore: given.has('after-restore'),
    sensor: !given.has('no-sensor') && onOrOff(environment['SALLYPORT_SENSOR'] ?? '', 'SALLYPORT_SENSOR'),
    localCameras:
      given.has('local-cameras') || onOrOff(environment['SALLYPORT_LOCAL_CAMERAS'] ?? 'off', 'SALLYPORT_LOCAL_CAMERAS'),
    ...(keyProviderFile === undefined
      ? {}
      : { keyProviderFile: resolve(surroundings.workingDirectory, keyProviderFile) }),
    ...(models === undefined ? {} : { modelsDirectory: resolve(surroundings.workingDirectory, models) }),
    webrtc: {
      ports: portRange(environment['SALLYPORT_WEBRTC_PORTS'] ?? '28470-28569'),
      announced: ipAddress(environment['SALLYPORT_WEBRTC_ADDRESS'] ?? ''),
    },
    ...certificatePortOf(environment['SALLYPORT_CERTIFICATE_PORT'] ?? ''),
    ...timeServerOf(environment['SALLYPORT_TIME_SERVER'] ?? ''),
    logFormat: surroundings.isTerminal || environment['SALLYPORT_LOG'] === 'pretty' ? 'pretty' : 'json',
  };
}

/** The configuration of this process. */
export function readProcessConfig(): ServerConfig {
  const surroundings = { workingDirectory: process.cwd(), isTerminal: process.stdout.isTTY };
  return readConfig(process.env, process.argv.slice(2), surroundings);
}

/** For the supervisor, before anything is checked: whether a sensor has to be there. */
export function isSensorWanted(): boolean {
  return !process.argv.includes('--no-sensor') && process.env['SALLYPORT_SENSOR'] !== 'off';
}

const flagsWithValue = new Set(['data', 'host', 'port', 'name', 'models', 'key-provider']);
const flagsWithout = new Set(['after-restore', 'local-cameras', 'no-sensor']);

function parseFlags(flags: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (let at = 0; at < flags.length; at += 1) {
    const [name = '', inline] = (flags[at] ?? '').replace(/^--/, '').split('=', 2);
    if (flagsWithout.has(name)) {
      found.set(name, []);
      continue;
    }
    if (!(flags[at] ?? '').startsWith('--') || !flagsWithValue.has(name))
      throw invalid(`Cannot understand "${flags[at] ?? ''}"`);
    const value = inline ?? flags[(at += 1)];
    if (value === undefined || value === '') throw invalid(`Cannot use --${name}: it needs a value`);
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

function onOrOff(text: string, what: string): boolean {
  if (text === '' || text === 'on') return true;
  if (text === 'off') return false;
  throw invalid(`Cannot use ${what} "${text}": must be on or off`);
}

function integer(text: string, what: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw invalid(`Cannot use ${what} "${text}": must be a whole number from ${least} to ${most}`);
  return value;
}

/** systemd's `LoadCredential=NAME:…` or `LoadCredentialEncrypted=`, which can seal it to the machine's TPM. */
function credential(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly kind: 'credential'; readonly path: string } | undefined {
  const name = environment['SALLYPORT_UNSEAL_CREDENTIAL'] ?? '';
  if (name === '') return undefined;
  const directory = environment['CREDENTIALS_DIRECTORY'] ?? '';
  if (/^[A-Za-z0-9._-]{1,100}$/.test(name) && !name.startsWith('.') && isAbsolute(directory))
    return { kind: 'credential', path: join(directory, name) };
  throw invalid(`Cannot use credential "${name}": must be the name of one that the service manager hands in`);
}

function portRange(text: string): { readonly from: number; readonly to: number } {
  const [first = '', last = first, ...rest] = text.split('-');
  const from = integer(first, 'WebRTC port', 1, 65_535);
  const to = integer(last, 'WebRTC port', 1, 65_535);
  if (rest.length === 0 && from <= to) return { from, to };
  throw invalid(`Cannot use WebRTC ports "${text}": must be a port, or two from low to high, such as 28470-28569`);
}

function certificatePortOf(text: string): { readonly certificatePort?: number } {
  return text === '' ? {} : { certificatePort: integer(text, 'port for client certificates', 1, 65_535) };
}

function timeServerOf(text: string): { readonly timeServer?: TimeServer } {
  if (text === '') return {};
  const timeServer = parseTimeServer(text);
  if (timeServer === undefined)
    throw invalid(`Cannot use time server "${text}": must be a host, HOST:PORT or [ADDRESS]:PORT`);
  return { timeServer };
}

function ipAddress(text: string): string | undefined {
  if (text === '' || isIP(text) !== 0) return text === '' ? undefined : text;
  throw invalid(`Cannot use WebRTC address "${text}": must be an IP address`);
}

function absolute(path: string): string {
  if (isAbsolute(path)) return path;
  throw invalid(`Cannot use "${path}": must be an absolute path`);
}

function invalid(message: string): CodedError<ConfigErrorCode> {
  return new CodedError('config_invalid', message, { hint: usage });
}
