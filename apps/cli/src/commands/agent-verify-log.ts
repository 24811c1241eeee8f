import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { verifySignedLine, weaknessOf } from '../agent/permissions/signed-log.ts';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { counted, plainText } from '../terminal.ts';

export type AgentVerifyLogOptions = { readonly keyFile: string };

const maxLogBytes = 256 * 1024 * 1024;
const maxKeyBytes = 4096;
const shownFaults = 20;

/** Checks a log whose entries each carry an HMAC, and the key it was signed with; offline. Throws `CliError` `not_verified`. */
export async function verifySignedLog(file: string, options: AgentVerifyLogOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, signal } = needs;
  const keys = keysOf(await bytesOf(options.keyFile, maxKeyBytes));
  const lines = (await bytesOf(file, maxLogBytes)).toString('utf8').split('\n');
  const counts = { valid: 0, invalid: 0, unsigned: 0, unreadable: 0 };
  const manners = new Set<string>();
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    if (at % 1000 === 0) signal.throwIfAborted();
    const tried = keys.map((key) => verifySignedLine(line, key));
    const found = tried.find(({ kind }) => kind === 'valid') ?? tried[0] ?? { kind: 'unreadable' };
    counts[found.kind] += 1;
    if (found.kind === 'valid') manners.add(found.manner);
    else if (counts.invalid + counts.unsigned + counts.unreadable <= shownFaults)
      stdout.write(`line ${at + 1}: ${found.kind}\n`);
  }
  const faults = counts.invalid + counts.unsigned + counts.unreadable;
  stdout.write(
    `${counted(counts.valid, 'entry', 'entries')} signed with this key (${[...manners].join('; ') || 'none'}), ${faults} not\n`,
  );
  for (const weakness of weaknesses(file, options.keyFile, keys)) stderr.write(`${plainText(weakness)}\n`);
  stderr.write('Entries that are missing leave no trace here, and whoever has the key can sign anything\n');
  if (faults > 0 || counts.valid === 0)
    throw new CliError(
      'not_verified',
      `Cannot vouch for "${file}": ${faults} of its entries are not signed with this key`,
    );
}

function* weaknesses(file: string, keyFile: string, keys: readonly Buffer[]): Generator<string> {
  const weak = keys.map(weaknessOf).find((one) => one !== undefined);
  if (weak !== undefined) yield `The key proves nothing: ${weak}`;
  if (dirname(resolve(file)) === dirname(resolve(keyFile)))
    yield 'The key lies beside the log: who could change one could sign it anew';
  if ((statSync(keyFile).mode & 0o077) !== 0) yield 'Others on this machine can read the key';
}

/** As the file is, without the end of a line; and what it says, where it is hexadecimal. */
function keysOf(bytes: Buffer): readonly Buffer[] {
  const text = bytes.toString('latin1').trim();
  if (!/^[\x20-\x7e]+$/.test(text)) return [bytes];
  const plain = Buffer.from(text, 'latin1');
  return /^(?:[0-9a-f]{2}){16,}$/i.test(text) ? [Buffer.from(text, 'hex'), plain] : [plain];
}

async function bytesOf(file: string, maxBytes: number): Promise<Buffer> {
  try {
    return await readBoundedFile(file, maxBytes);
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  }
}
