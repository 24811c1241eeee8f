import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';
import { parseTimeServer } from '@sallyport/platform/time-service';
import type { TimeServer } from '@sallyport/platform/time-service';
import { readFileSync, readSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SensorError } from './errors.ts';

/** Everything the sensor is told, from the command line over the configuration file, read once at the start. */
export type Settings = {
  readonly server: string | undefined;
  readonly keyFile: string | undefined;
  /** The API key, when whoever started this process handed it over; it then lies on no disk. */
  readonly givenKey: Secret | undefined;
  readonly stateDirectory: string;
  /** What is read besides the command line, or would be: the server beside hands on the one in the state directory. */
  readonly configFile: string | undefined;
  readonly caFile: string | undefined;
  readonly fingerprint: string | undefined;
  /** Verifier key of the server's log, from whoever is trusted for it; otherwise the first one seen is kept. */
  readonly logKey: string | undefined;
  readonly host: string;
  /** Where `/` of the watched host is. */
  readonly root: string;
  readonly paths: readonly string[];
  readonly excluded: readonly string[];
  readonly authLog: string | undefined;
  /** Collectors that are switched off. */
  readonly without: readonly string[];
  /** Files of hashes, and of YARA rules, or folders of them. */
  readonly hashLists: readonly string[];
  readonly yaraRules: readonly string[];
  readonly spoolBytes: number;
  /** Where programs on this machine may ask who it is; nowhere when undefined. */
  readonly vouchSocket: string | undefined;
  /** Asked for the time beside the program that keeps the clock. */
  readonly timeServer: TimeServer | undefined;
  /** What systemd decrypted for this service (LoadCredential=spool-key). */
  readonly credential: Uint8Array | undefined;
  readonly pretty: boolean;
};

const defaultStateDirectory = '/var/lib/sallyport-sensor';

/** What intruders change to stay: settings, accounts, keys, jobs, services, and programs that go before the system's own. */
const defaultPaths: readonly string[] = [
  '/etc',
  '/root/.ssh',
  '/home/*/.ssh',
  '/root/.bashrc',
  '/root/.profile',
  '/home/*/.bashrc',
  '/home/*/.profile',
  '/var/spool/cron',
  '/var/spool/at',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/lib/systemd/system',
  '/boot',
];
const defaultExcluded: readonly string[] = ['/etc/mtab', '/etc/ld.so.cache'];

type Flags = Readonly<Record<string, string | readonly string[] | boolean | undefined>>;

/** The environment of this process is read here alone. Throws `configuration_invalid`. */
export function readSettings(flags: Flags): Settings {
  const file = textFlag(flags, 'config');
  const given = file === undefined ? {} : readConfigFile(file);
  const text = (flag: string, name: string): string | undefined => textFlag(flags, flag) ?? textIn(given, name);
  const list = (flag: string, name: string): readonly string[] | undefined =>
    listFlag(flags, flag) ?? listIn(given, name);
  const more = list('paths', 'paths') ?? [];
  const spoolMegabytes = Number(text('spool-mb', 'spoolMegabytes') ?? given['spoolMegabytes'] ?? 256);
  if (!Number.isFinite(spoolMegabytes) || spoolMegabytes < 1 || spoolMegabytes > 65_536)
    throw new SensorError('configuration_invalid', `Cannot use a spool of "${spoolMegabytes}" MiB: must be 1 to 65536`);
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  const handed = flags['secrets-on-input'] === true ? readHandedSecrets() : undefined;
  const stateDirectory = resolve(
    text('state', 'stateDirectory') ?? process.env['STATE_DIRECTORY'] ?? defaultStateDirectory,
  );
  return {
    server: text('server', 'server'),
    keyFile: pathOf(text('key-file', 'keyFile')),
    givenKey: handed?.key,
    stateDirectory,
    configFile: pathOf(file) ?? (handed === undefined ? undefined : join(stateDirectory, 'config.json')),
    caFile: pathOf(text('ca', 'caFile')),
    fingerprint: text('fingerprint', 'fingerprint'),
    logKey: text('log-key', 'logKey'),
    host: text('host', 'host') ?? hostname(),
    root: resolve(text('root', 'root') ?? '/'),
    paths: flags['only-paths'] === true || given['onlyPaths'] === true ? more : [...defaultPaths, ...more],
    excluded: [...defaultExcluded, ...(list('exclude', 'exclude') ?? [])],
    authLog: text('auth-log', 'authLog'),
    without: list('without', 'without') ?? [],
    hashLists: (list('hash-list', 'hashLists') ?? []).map((path) => resolve(path)),
    yaraRules: (list('yara', 'yaraRules') ?? []).map((path) => resolve(path)),
    spoolBytes: spoolMegabytes << 20,
    vouchSocket: pathOf(text('vouch-socket', 'vouchSocket')) ?? vouchSocketIn(process.env['RUNTIME_DIRECTORY']),
    timeServer: timeServerOf(text('time-server', 'timeServer')),
    credential:
      handed?.credential ?? (credentials === undefined ? undefined : readCredential(join(credentials, 'spool-key'))),
    pretty: process.stderr.isTTY,
  };
}

/** The API key, read anew each time, so a key that is replaced counts at once. Throws `key_unreadable`, which never quotes it. */
function readKeyFile(file: string): { reveal(): string } {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw new SensorError(
        'key_unreadable',
        `Cannot use "${file}": others on this host may read the key, must be readable by its owner alone`,
        {
          hint: `chmod 600 ${file}`,
        },
      );
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error instanceof SensorError) throw error;
    throw new SensorError('key_unreadable', `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
  if (!/^[\x21-\x7e]{1,1000}$/.test(text))
    throw new SensorError('key_unreadable', `Cannot use the key in "${file}": must be one word of plain characters`);
  return createSecret(text);
}

/** Gives the API key whenever it is needed; undefined when there is neither a given one nor a file. */
export function apiKeyOf({ givenKey, keyFile }: Pick<Settings, 'givenKey' | 'keyFile'>): (() => string) | undefined {
  if (givenKey !== undefined) return () => givenKey.reveal();
  return keyFile === undefined ? undefined : () => readKeyFile(keyFile).reveal();
}

const maxHandedBytes = 4096;
const standardInput = 0;

/** One line of JSON on standard input: `key`, and `spool_key` in base64. Throws `configuration_invalid`, which quotes nothing of it. */
function readHandedSecrets(): { readonly key: Secret; readonly credential: Uint8Array } {
  const line = readFirstLine();
  let value: JsonValue;
  try {
    value = parseJson(line);
  } catch {
    value = null;
  }
  const [key, spoolKey] = isJsonObject(value) ? [textOf(value['key']), textOf(value['spool_key'])] : ['', ''];
  if (!/^[\x21-\x7e]{1,1000}$/.test(key) || spoolKey === '')
    throw new SensorError('configuration_invalid', 'Cannot read the secrets: must be a line of JSON on standard input');
  return { key: createSecret(key), credential: Buffer.from(spoolKey, 'base64') };
}

function readFirstLine(): string {
  const bytes = Buffer.alloc(maxHandedBytes);
  let length = 0;
  while (length < maxHandedBytes && !bytes.subarray(0, length).includes('\n')) {
    const read = readSync(standardInput, bytes, length, maxHandedBytes - length, null);
    if (read === 0) break;
    length += read;
  }
  return bytes.toString('utf8', 0, length);
}

/** Letters, digits, `.`, `_`, `-`, at most 64, as the server wants sources; the installation tells two lives of a host apart. */
export function sourceName(host: string, installation: string): string {
  return `${keySource(host)}.${installation}`;
}

/** What a key has to be bound to for all installations of a sensor on this host. */
export function keySource(host: string): string {
  const plain = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .slice(0, 48);
  return `host-${plain === '' ? 'unnamed' : plain}`;
}

function readCredential(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function readConfigFile(file: string): JsonObject {
  let value: JsonValue;
  try {
    value = parseJson(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SensorError('configuration_invalid', `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
  const unknown = isJsonObject(value) ? Object.keys(value).find((name) => !configNames.has(name)) : undefined;
  if (!isJsonObject(value) || unknown !== undefined)
    throw new SensorError(
      'configuration_invalid',
      `Cannot understand "${unknown ?? file}": must be one of ${[...configNames].join(', ')}`,
    );
  return value;
}

const configNames = new Set([
  'server',
  'keyFile',
  'stateDirectory',
  'caFile',
  'fingerprint',
  'logKey',
  'host',
  'root',
  'paths',
  'onlyPaths',
  'exclude',
  'authLog',
  'without',
  'hashLists',
  'yaraRules',
  'spoolMegabytes',
  'timeServer',
  'vouchSocket',
]);

/** In the folder that systemd makes for this service (RuntimeDirectory=), where the command line looks for it. */
function vouchSocketIn(folder: string | undefined): string | undefined {
  return folder === undefined || folder === '' ? undefined : join(folder, 'vouch.sock');
}

function timeServerOf(text: string | undefined): TimeServer | undefined {
  if (text === undefined) return undefined;
  const server = parseTimeServer(text);
  if (server === undefined)
    throw new SensorError(
      'configuration_invalid',
      `Cannot use time server "${text}": must be a host, HOST:PORT or [ADDRESS]:PORT`,
    );
  return server;
}

function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

function listFlag(flags: Flags, name: string): readonly string[] | undefined {
  const value = flags[name];
  return Array.isArray(value)
    ? value.flatMap((item: string) => item.split(',')).filter((item) => item !== '')
    : undefined;
}

function textIn(given: JsonObject, name: string): string | undefined {
  const value = given[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function listIn(given: JsonObject, name: string): readonly string[] | undefined {
  const value = given[name];
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return value === undefined ? undefined : items.filter((item) => typeof item === 'string');
}

function pathOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : resolve(text);
}
