import { codeOf, messageOf } from '@sallyport/platform/errors';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { field, numberField, parseJson, textField } from '../json-reading.ts';
import type { ContentIdentity } from './content-identity.ts';

/** Where the server put one record: what a resumed send recognises the ledger by. */
export type Landmark = { readonly sequence: number; readonly log: number; readonly index: number };

/** How far one source was sent to one server. */
export type SendProgress = {
  readonly content: ContentIdentity;
  /** Absent when the whole content was acknowledged. */
  readonly lastAcknowledged?: Landmark;
};

export type SendState = {
  load(): Promise<SendProgress | undefined>;
  save(progress: SendProgress): Promise<void>;
  clear(): Promise<void>;
};

/**
 * Remembers one (server, source) in a file of its own. Losing it is harmless: the send starts over, and the server
 * recognises what it has. A file that cannot be understood counts as absent.
 */
export function createSendState(directory: string, server: string, source: string): SendState {
  const name = createHash('sha256').update(`${server}\n${source}`).digest('hex').slice(0, 32);
  const file = join(directory, 'send', `${name}.json`);
  return {
    async load() {
      try {
        return parseProgress(await readFile(file, 'utf8'));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw new CliError('input_unreadable', `Cannot read "${file}": ${messageOf(error)}`, {
          cause: error,
          hint: 'delete the file, the send then starts over',
        });
      }
    },
    async save(progress) {
      try {
        await mkdir(join(directory, 'send'), { recursive: true, mode: 0o700 });
        await writeFile(`${file}.tmp`, `${JSON.stringify({ server, source, ...progress })}\n`, { mode: 0o600 });
        await rename(`${file}.tmp`, file);
      } catch (error) {
        throw new CliError('output_unwritable', `Cannot write "${file}": ${messageOf(error)}`, {
          cause: error,
          hint: 'set XDG_STATE_HOME to a directory that can be written',
        });
      }
    },
    clear: () => rm(file, { force: true }),
  };
}

function parseProgress(text: string): SendProgress | undefined {
  const value = parseJson(text);
  const sha256 = textField(field(value, 'content'), 'sha256');
  const sizeBytes = numberField(field(value, 'content'), 'sizeBytes');
  if (sha256 === undefined || sizeBytes === undefined) return undefined;
  const last = field(value, 'lastAcknowledged');
  const [sequence, log, index] = [numberField(last, 'sequence'), numberField(last, 'log'), numberField(last, 'index')];
  const content = { sha256, sizeBytes };
  if (sequence === undefined || log === undefined || index === undefined) return { content };
  return { content, lastAcknowledged: { sequence, log, index } };
}
