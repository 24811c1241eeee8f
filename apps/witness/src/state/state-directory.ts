// The state of a witness in one directory: key.json, logs.json, and newest/<SHA-256 of the origin> of each log.
import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import type { VerifierKey } from '@sallyport/merkle-log';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { WitnessError } from '../errors.ts';
import type { RandomBytes, StateFiles } from '../needs.ts';
import { createKeyFile, openKeyFile, readPublicIdentity } from './identity.ts';
import type { Identity, PublicIdentity } from './identity.ts';
import { formatKnownLogs, parseKnownLogs } from './known-logs.ts';
import type { KnownLog } from './known-logs.ts';
import { formatNewest, hashOrigin, parseNewest } from './newest-checkpoint.ts';
import type { NewestCheckpoint } from './newest-checkpoint.ts';
import type { Unsealing } from './secret-sealing.ts';

export const stateFiles: StateFiles = {
  read: readFileIfPresent,
  writeDurably: writeFileDurably,
  stamp(path) {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? '' : `${found.ino} ${found.mtimeNs} ${found.size}`;
  },
};

const keyFile = 'key.json';
const logsFile = 'logs.json';
const newestDirectory = 'newest';

/** Makes keys and an empty state. The key comes last: without it there is no witness yet. Throws `state_exists`. */
export function createState(
  directory: string,
  request: { name: string; unsealing: Unsealing; random: RandomBytes },
): PublicIdentity {
  makePrivateDirectory(directory);
  requirePrivate(directory);
  if (stateFiles.read(join(directory, keyFile)) !== undefined) {
    throw new WitnessError('state_exists', `Cannot make a witness in "${directory}": there is one`, {
      hint: 'sallyport witness key shows it; give another --state for a second one',
    });
  }
  if ((readLogs(directory, stateFiles) ?? []).length > 0) {
    throw new WitnessError('state_damaged', `Cannot make a witness in "${directory}": it has logs and no key`, {
      hint: `put ${keyFile} back, or give another --state`,
    });
  }
  const key = createKeyFile(request);
  makePrivateDirectory(join(directory, newestDirectory));
  stateFiles.writeDurably(join(directory, logsFile), formatKnownLogs([]));
  stateFiles.writeDurably(join(directory, keyFile), key);
  return readPublicIdentity(key);
}

/** Throws `state_missing`, `state_damaged`. */
export function readIdentity(directory: string, files: StateFiles): PublicIdentity {
  return readPublicIdentity(readKeyFile(directory, files));
}

/** Throws `state_missing`, `state_damaged`, `unseal_failed`. */
export function openIdentity(directory: string, files: StateFiles, unsealing: Unsealing): Identity {
  return openKeyFile(readKeyFile(directory, files), unsealing);
}

function readKeyFile(directory: string, files: StateFiles): Uint8Array {
  const file = files.read(join(directory, keyFile));
  if (file === undefined) {
    throw new WitnessError('state_missing', `Cannot find a witness in "${directory}"`, {
      hint: 'sallyport witness init --name witness.example.org/w1 makes one',
    });
  }
  requirePrivate(directory);
  return file;
}

/** Throws `state_damaged` when a witness has no list. */
export function readKnownLogs(directory: string, files: StateFiles): readonly KnownLog[] {
  const logs = readLogs(directory, files);
  if (logs === undefined) {
    throw new WitnessError('state_damaged', `Cannot find ${logsFile} in "${directory}"`, {
      hint: 'put the newest copy of the state back; a witness that forgets may cosign a second history',
    });
  }
  return logs;
}

function readLogs(directory: string, files: StateFiles): readonly KnownLog[] | undefined {
  const file = files.read(join(directory, logsFile));
  return file === undefined ? undefined : parseKnownLogs(file);
}

/** Nothing is known of a new log; that is written first, so that a log whose file is missing later is damage. */
export function writeKnownLogs(directory: string, files: StateFiles, logs: readonly KnownLog[]): void {
  const before = new Set(readKnownLogs(directory, files).map(({ origin }) => origin));
  for (const { origin } of logs) {
    if (before.has(origin) || files.read(newestPath(directory, origin)) !== undefined) continue;
    files.writeDurably(newestPath(directory, origin), formatNewest(undefined));
  }
  files.writeDurably(join(directory, logsFile), formatKnownLogs(logs));
}

export function stampOfLogs(directory: string, files: StateFiles): string {
  return files.stamp(join(directory, logsFile));
}

/** Throws `state_damaged`, also when there is no file. */
export function readNewest(
  directory: string,
  files: StateFiles,
  log: KnownLog,
  ownKeys: readonly VerifierKey[],
): NewestCheckpoint | undefined {
  const file = files.read(newestPath(directory, log.origin));
  if (file === undefined) {
    throw new WitnessError('state_damaged', `Cannot find what was cosigned of "${log.origin}"`, {
      hint: 'put the newest copy of the state back; a witness that forgets may cosign a second history',
    });
  }
  return parseNewest(file, log, ownKeys);
}

export function writeNewest(directory: string, files: StateFiles, origin: string, note: string): void {
  files.writeDurably(newestPath(directory, origin), formatNewest({ note }));
}

function newestPath(directory: string, origin: string): string {
  return join(directory, newestDirectory, hashOrigin(origin));
}

function requirePrivate(directory: string): void {
  for (const path of [directory, join(directory, keyFile)]) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined || (found.mode & 0o077) === 0) continue;
    throw new WitnessError('configuration_invalid', `Cannot use "${path}": others on this host may enter or read it`, {
      hint: `chmod go= ${path}`,
    });
  }
}
