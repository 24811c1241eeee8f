import { parseSignedCheckpoint, parseVerifierKey, verifyNote } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { writeFileDurably } from '@sallyport/platform/files';
import { existsSync } from 'node:fs';
import { CliError } from '../errors.ts';
import type { ApiClient } from '../http-client.ts';
import { listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, plainText } from '../terminal.ts';
import { compareWithKept } from './kept-checkpoint.ts';

/** The largest file a proof of growth is read from: a hash tile of 256 hashes. */
const maxTileBytes = 256 * 32;

/**
 * Keeps a checkpoint in a file of one's own. Where one lies there already, the new one replaces it only when the log has done nothing
 * but grow since: proven by its tiles, under the same key. So whoever runs this from time to time notices what a witness would.
 * Throws `CliError` `not_verified`, and then the old one stays.
 */
export async function keepCheckpoint(
  note: string,
  { file, key, client }: { readonly file: string; readonly key: VerifierKey | undefined; readonly client: ApiClient },
  needs: CliNeeds,
): Promise<void> {
  const { origin, treeSize, root } = parseSignedCheckpoint(note).checkpoint;
  const log = await logOf(origin, client, needs);
  const signer = key ?? log.key;
  const verified = verifyNote({ note, verifierKeys: [signer] });
  if (!verified.ok)
    throw new CliError('not_verified', `Cannot keep the checkpoint of "${origin}": ${verified.reason}`, {
      hint:
        key === undefined ? 'the server is broken, or is none' : 'it is signed by another key than the one you gave',
    });
  const before = existsSync(file)
    ? await compareWithKept({ origin, treeSize, root, read: (path) => readTile(path, log.number) }, file, signer)
    : undefined;
  try {
    writeFileDurably(file, Buffer.from(note));
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, { cause: error });
  }
  const grown = before === undefined ? '' : `, grown from ${grouped(before)} with nothing changed before`;
  needs.stdout.write(`Kept ${plainText(file)}: ${grouped(treeSize)} entries of ${plainText(origin)}${grown}\n`);

  async function readTile(path: string, number: number): Promise<Uint8Array | undefined> {
    try {
      const parts: Buffer[] = [];
      let length = 0;
      const chunks = await client.open({
        path: `/v1/ledger/logs/${number}/${path}`,
        headers: { accept: 'application/octet-stream' },
        signal: needs.signal,
      });
      for await (const chunk of chunks) {
        length += chunk.length;
        if (length > maxTileBytes)
          throw new CliError('server_answer', `Cannot read ${path}: it is too long for a tile`);
        parts.push(chunk);
      }
      return Buffer.concat(parts);
    } catch (error) {
      // A partial tile gives way to the whole one.
      if (codeOf(error) === 'request_refused') return undefined;
      throw error;
    }
  }
}

async function logOf(
  origin: string,
  client: ApiClient,
  needs: CliNeeds,
): Promise<{ readonly number: number; readonly key: VerifierKey }> {
  const logs = listField(await client.json({ path: '/v1/ledger', signal: needs.signal }), 'logs');
  const found = logs.find((one) => textField(one, 'origin') === origin);
  const [number, text] = [numberField(found, 'number'), textField(found, 'verifier_key')];
  if (number === undefined || text === undefined)
    throw new CliError('server_answer', `Cannot keep the checkpoint: the server does not name log "${origin}"`);
  try {
    return { number, key: parseVerifierKey(text) };
  } catch (error) {
    throw new CliError('server_answer', `Cannot use the key of log "${origin}": ${messageOf(error)}`, { cause: error });
  }
}
