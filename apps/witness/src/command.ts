import { MerkleLogError, formatVerifierKey, parseVerifierKey } from '@sallyport/merkle-log';
import type { Clock } from '@sallyport/platform/clock';
import { CodedError, messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { serveSettingsOf, stateDirectoryOf, textFlag, unsealingOf } from './config.ts';
import type { Flags } from './config.ts';
import { WitnessError } from './errors.ts';
import type { RandomBytes, StateFiles } from './needs.ts';
import { serve } from './serve.ts';
import { withLog, withoutLog } from './state/known-logs.ts';
import { lockState } from './state/lock.ts';
import { createState, readIdentity, readKnownLogs, readNewest, writeKnownLogs } from './state/state-directory.ts';

const help = `witness: cosigns what a log publishes, when and only when it continues what was cosigned before

  witness init --name NAME        make a witness; the name is an address without scheme, such as witness.example.org/w1
      --passphrase-file FILE      seal its key with a passphrase
      --unseal-key-file FILE      seal its key with 32 random bytes that lie elsewhere
  witness key                     print its verifier keys: Ed25519, then ML-DSA-44
  witness logs add VKEY           watch the log with this verifier key
      --origin ORIGIN             the log's name, when it is not the name in the key
      --succeeds ORIGIN           the log it goes on after
  witness logs remove ORIGIN      watch it no longer; what was cosigned is kept
  witness logs list
  witness serve                   answer POST /add-checkpoint, and GET / for people
      --listen ADDRESS:PORT       127.0.0.1:8475 unless given
      --tls-cert FILE --tls-key FILE
      --allow-plain-http          elsewhere than on loopback without TLS
      --rate NUMBER               requests a second of one address, 5 unless given
      --accept-clock              the clock was set back, and is right now
  witness status                  what it has cosigned, and whether it runs

  --state DIRECTORY               ~/.local/state/sallyport-witness unless given
  --json                          for key, logs list and status
`;

const options = {
  state: { type: 'string' },
  name: { type: 'string' },
  'passphrase-file': { type: 'string' },
  'unseal-key-file': { type: 'string' },
  origin: { type: 'string' },
  succeeds: { type: 'string' },
  listen: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'allow-plain-http': { type: 'boolean' },
  rate: { type: 'string' },
  'accept-clock': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export type CommandNeeds = {
  readonly clock: Clock;
  readonly log: Log;
  readonly files: StateFiles;
  readonly random: RandomBytes;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stop: AbortSignal;
  readonly onReload: (reload: () => void) => void;
};

/** 78 is EX_CONFIG of sysexits: an init system need not start it again. */
const exitCodes = { done: 0, failed: 1, usage: 2, configuration: 78 } as const;

/** One command line; gives the exit code. Every failure is told on `err`. */
export async function runCommandLine(args: readonly string[], needs: CommandNeeds): Promise<number> {
  try {
    const { values, positionals } = parse(args);
    if (values.version === true) {
      needs.out(`${packageJson.version}\n`);
      return exitCodes.done;
    }
    if (values.help === true || positionals.length === 0) {
      (values.help === true ? needs.out : needs.err)(help);
      return values.help === true ? exitCodes.done : exitCodes.usage;
    }
    return await run(positionals, values, needs);
  } catch (error) {
    needs.err(`error: ${printable(messageOf(error))}\n`);
    if (error instanceof CodedError && error.hint !== undefined && error.hint !== '')
      needs.err(`hint: ${printable(error.hint)}\n`);
    if (!(error instanceof WitnessError)) return exitCodes.failed;
    if (error.code === 'usage') return exitCodes.usage;
    return error.code === 'log_unknown' || error.code === 'state_exists' ? exitCodes.failed : exitCodes.configuration;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new WitnessError('usage', messageOf(error), { hint: 'sallyport witness --help' });
  }
}

async function run(words: readonly string[], flags: Flags, needs: CommandNeeds): Promise<number> {
  const directory = stateDirectoryOf(flags);
  const { files, out } = needs;
  const [command, second, third] = words;
  const isSingle = words.length === 1;
  if (command === 'init' && isSingle) {
    const name = textFlag(flags, 'name');
    if (name === undefined) throw new WitnessError('usage', 'Cannot make a witness without a name: give --name');
    const made = createState(directory, { name, unsealing: unsealingOf(flags), random: needs.random });
    for (const key of made.verifierKeys) out(`${key}\n`);
    needs.err(
      `A witness is in ${directory}. Give one of its keys to whoever shall trust it; keep the directory in no snapshot.\n`,
    );
    return exitCodes.done;
  }
  if (command === 'key' && isSingle) {
    const { name, verifierKeys } = readIdentity(directory, files);
    if (flags['json'] === true) out(`${JSON.stringify({ name, verifier_keys: verifierKeys })}\n`);
    else for (const key of verifierKeys) out(`${key}\n`);
    return exitCodes.done;
  }
  if (command === 'logs' && second === 'add' && third !== undefined && words.length === 3) {
    return addLog(directory, third, flags, needs);
  }
  if (command === 'logs' && second === 'remove' && third !== undefined && words.length === 3) {
    readIdentity(directory, files);
    using _lock = lockState(directory, 'logs', 5000);
    writeKnownLogs(directory, files, withoutLog(readKnownLogs(directory, files), third));
    out(`${printable(third)} is watched no longer\n`);
    return exitCodes.done;
  }
  if ((command === 'logs' && second === 'list' && words.length === 2) || (command === 'status' && isSingle)) {
    return printStatus(directory, command === 'status', flags, needs);
  }
  if (command === 'serve' && isSingle) {
    await serve({
      ...needs,
      directory,
      settings: serveSettingsOf(flags),
      unsealing: unsealingOf(flags),
      listening: (url) => out(`listening ${url}\n`),
    });
    return exitCodes.done;
  }
  throw new WitnessError('usage', `Cannot understand "${words.join(' ')}"`, { hint: 'sallyport witness --help' });
}

function addLog(directory: string, vkey: string, flags: Flags, { files, out }: CommandNeeds): number {
  const { verifierKeys } = readIdentity(directory, files);
  try {
    const verifierKey = parseVerifierKey(vkey.trim());
    const origin = textFlag(flags, 'origin') ?? verifierKey.name;
    const added = { verifierKey, origin, succeeds: textFlag(flags, 'succeeds') };
    using _lock = lockState(directory, 'logs', 5000);
    const logs = withLog(readKnownLogs(directory, files), added, verifierKeys.map(parseVerifierKey));
    writeKnownLogs(directory, files, logs);
    out(`${printable(origin)} is watched with ${formatVerifierKey(verifierKey).slice(0, 200)}\n`);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof MerkleLogError)) throw error;
    throw new WitnessError('configuration_invalid', messageOf(error), {
      cause: error,
      hint: 'it looks like example.org/log+1234abcd+AX…; the console shows it under Ledger',
    });
  }
}

function printStatus(directory: string, isStatus: boolean, flags: Flags, { files, out }: CommandNeeds): number {
  const identity = readIdentity(directory, files);
  const ownKeys = identity.verifierKeys.map(parseVerifierKey);
  const logs = readKnownLogs(directory, files).map((log) => ({
    ...log,
    newest: readNewest(directory, files, log, ownKeys),
  }));
  const isServing = isStatus ? isHeld(directory) : undefined;
  if (flags['json'] === true) {
    const shown = logs.map(({ origin, verifierKeys, succeeds, isRemoved, newest }) => ({
      origin,
      verifier_keys: verifierKeys.map(formatVerifierKey),
      succeeds: succeeds ?? null,
      removed: isRemoved,
      size: newest?.treeSize ?? null,
      cosigned_at: newest === undefined ? null : isoTime(newest.timestampSeconds),
    }));
    const about = isServing === undefined ? {} : { name: identity.name, sealing: identity.sealing, serving: isServing };
    out(`${JSON.stringify({ ...about, logs: shown })}\n`);
    return exitCodes.done;
  }
  if (isServing !== undefined)
    out(
      `${printable(identity.name)} ${isServing ? 'serves' : 'does not serve'}; its key is ${identity.sealing === 'none' ? 'not sealed' : `sealed with a ${identity.sealing}`}\n`,
    );
  for (const { origin, succeeds, isRemoved, newest } of logs) {
    const seen =
      newest === undefined
        ? 'nothing cosigned yet'
        : `size ${newest.treeSize}, cosigned ${isoTime(newest.timestampSeconds)}`;
    const after = succeeds === undefined ? '' : `, after ${printable(succeeds)}`;
    out(`${printable(origin)}  ${seen}${after}${isRemoved ? ', removed' : ''}\n`);
  }
  if (logs.length === 0) out('No log is watched: sallyport witness logs add VKEY\n');
  return exitCodes.done;
}

function isHeld(directory: string): boolean {
  try {
    lockState(directory, 'serving', 0)[Symbol.dispose]();
    return false;
  } catch (error) {
    if (error instanceof WitnessError && error.code === 'state_locked') return true;
    throw error;
  }
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
