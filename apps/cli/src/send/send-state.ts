import { codeOf } from '@sallyport/platform/errors';
import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { field, numberField, parseJson, textField } from '../json-reading.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
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
        return parseProgress((await readBoundedFile(file, maxStateBytes)).toString());
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, {
          cause: error,
          hint: 'delete the file, the send then starts over',
        });
      }
    },
    async save(progress) {
      try {
        await mkdir(join(directory, 'send'), { recursive: true, mode: 0o700 });
        // Another send of the same source may run at the same time.
        const written = `${file}.${process.pid}.new`;
        await writeFile(written, `${JSON.stringify({ server, source, ...progress })}\n`, { mode: 0o600 });
        await rename(written, file);
      } catch (error) {
        throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
          cause: error,
          hint: 'set XDG_STATE_HOME to a directory that can be written',
        });
      }
    },
    clear: () => rm(file, { force: true }),
  };
}

const maxStateBytes = 64 * 1024;
const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value) && (value ?? -1) >= 0;

function parseProgress(text: string): SendProgress | undefined {
  const value = parseJson(text);
  const sha256 = textField(field(value, 'content'), 'sha256');
  const sizeBytes = numberField(field(value, 'content'), 'sizeBytes');
  if (sha256 === undefined || !isCount(sizeBytes)) return undefined;
  const last = field(value, 'lastAcknowledged');
  const [sequence, log, index] = [numberField(last, 'sequence'), numberField(last, 'log'), numberField(last, 'index')];
  const content = { sha256, sizeBytes };
  // What nobody can have written counts as never sent: at worst everything goes once more.
  if (!isCount(sequence) || !isCount(log) || !isCount(index)) return { content };
  return { content, lastAcknowledged: { sequence, log, index } };
}
