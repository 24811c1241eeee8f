// Everything the witness is told, from the command line and from the environment, which is read here alone.
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { readFileSync, statSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { WitnessError } from './errors.ts';
import type { TlsFiles } from './http/http-server.ts';
import type { Unsealing } from './state/secret-sealing.ts';

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** In this order: `--state`, what systemd made (StateDirectory=), the user's own. */
export function stateDirectoryOf(flags: Flags): string {
  const given = textFlag(flags, 'state') ?? process.env['STATE_DIRECTORY'];
  if (given !== undefined && given !== '') return resolve(given);
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'sallyport-witness');
}

/** What opens or closes the key: a passphrase file, a key file, or what systemd decrypted (LoadCredentialEncrypted=witness-unseal-key). */
export function unsealingOf(flags: Flags): Unsealing {
  const passphraseFile = textFlag(flags, 'passphrase-file') ?? process.env['SALLYPORT_WITNESS_PASSPHRASE_FILE'];
  const keyFile = textFlag(flags, 'unseal-key-file');
  if (passphraseFile !== undefined && keyFile !== undefined) {
    throw new WitnessError('usage', 'Cannot seal twice: give --passphrase-file or --unseal-key-file');
  }
  if (passphraseFile !== undefined) {
    const passphrase = readSecret(passphraseFile)
      .toString('utf8')
      .replace(/\r?\n$/, '');
    if (passphrase.length < 12)
      throw new WitnessError(
        'configuration_invalid',
        `Cannot use the passphrase in "${passphraseFile}": must be at least 12 characters`,
      );
    return { kind: 'passphrase', passphrase };
  }
  if (keyFile !== undefined) return sealedWith(readSecret(keyFile), keyFile);
  const credentials = process.env['CREDENTIALS_DIRECTORY'];
  if (credentials === undefined) return { kind: 'none' };
  const file = join(credentials, 'witness-unseal-key');
  return statSync(file, { throwIfNoEntry: false }) === undefined
    ? { kind: 'none' }
    : sealedWith(readSecret(file), file);
}

function sealedWith(secret: Buffer, file: string): Unsealing {
  if (secret.length < 32)
    throw new WitnessError('configuration_invalid', `Cannot use "${file}": must hold at least 32 random bytes`, {
      hint: `head -c 32 /dev/urandom > ${file}`,
    });
  return { kind: 'file', secret };
}

const maxSecretBytes = 64 * 1024;

function readSecret(file: string): Buffer {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > maxSecretBytes) throw new Error('it is not a small file');
    return readFileSync(file);
  } catch (cause) {
    throw new WitnessError('configuration_invalid', `Cannot read "${file}": ${messageOf(cause)}`, { cause });
  }
}

export type ServeSettings = {
  readonly host: string;
  readonly port: number;
  readonly tlsPaths: { readonly cert: string; readonly key: string } | undefined;
  readonly requestsPerSecond: number;
  readonly acceptsClock: boolean;
};

const defaultListen = '127.0.0.1:8475';

/** Throws `usage`, `configuration_invalid`. */
export function serveSettingsOf(flags: Flags): ServeSettings {
  const listen = textFlag(flags, 'listen') ?? defaultListen;
  const { host: bracketed = '', port: portText = '' } = /^(?<host>.+):(?<port>\d{1,5})$/.exec(listen)?.groups ?? {};
  const host = bracketed.replace(/^\[(.*)\]$/, '$1');
  const port = Number(portText);
  if (isIP(host) === 0 || portText === '' || port > 65_535) {
    throw new WitnessError('usage', `Cannot listen on "${listen}": must be ADDRESS:PORT, such as ${defaultListen}`);
  }
  const [cert, key] = [textFlag(flags, 'tls-cert'), textFlag(flags, 'tls-key')];
  if ((cert === undefined) !== (key === undefined))
    throw new WitnessError('usage', 'Cannot speak TLS with half of it: give both --tls-cert and --tls-key');
  const tlsPaths = cert === undefined || key === undefined ? undefined : { cert: resolve(cert), key: resolve(key) };
  if (tlsPaths === undefined && !isLoopback(host) && flags['allow-plain-http'] !== true) {
    throw new WitnessError(
      'usage',
      `Cannot listen on "${listen}" without TLS: whoever is on the way could answer instead`,
      {
        hint: 'give --tls-cert and --tls-key, or --allow-plain-http when something in front of it speaks TLS',
      },
    );
  }
  const requestsPerSecond = Number(textFlag(flags, 'rate') ?? '5');
  if (!(requestsPerSecond >= 0.1 && requestsPerSecond <= 100_000))
    throw new WitnessError('usage', 'Cannot use --rate: must be requests a second for one address, from 0.1 to 100000');
  return { host, port, tlsPaths, requestsPerSecond, acceptsClock: flags['accept-clock'] === true };
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}

/** Throws `configuration_invalid`. */
export function readTlsFiles(paths: { readonly cert: string; readonly key: string }): TlsFiles {
  try {
    return { cert: readFileSync(paths.cert), key: readFileSync(paths.key) };
  } catch (cause) {
    throw new WitnessError('configuration_invalid', `Cannot read the certificate: ${messageOf(cause)}`, {
      cause,
      hint: codeOf(cause) === 'EACCES' ? 'the user of the witness must be able to read both files' : '',
    });
  }
}

/** How the command was typed, for hints. */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
