import { createHash } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { numberField, parseJson, textField } from '../json-reading.ts';
import { createLineCutter } from '../read-events/line-cutter.ts';
import { wireOf, type TextFormat } from '../read-events/text-format.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { followChunks, type FilePlace } from './follow-chunks.ts';
import { sequencesPerMs } from './send-input.ts';
import { uploadBatch, type UploadTarget } from './upload-batch.ts';

/** Where the next event begins and which number it has. */
type FollowState = FilePlace & { readonly sequence: number };

const maxLineBytes = 8 * 1024 * 1024;
const newline = 0x0a;

/**
 * Sends the lines of a file as they are written, until interrupted; goes on behind what was acknowledged the next time, past rotations.
 * An event keeps its number over interruptions, so that what is sent twice is stored once.
 */
export async function followFile(job: {
  readonly path: string;
  readonly target: UploadTarget;
  readonly batchLines: number;
  readonly format: TextFormat;
  readonly stateDirectory: string;
  readonly server: string;
  readonly nowMs: number;
  readonly waitForMore: () => Promise<void>;
  readonly onSent: (events: number) => void;
  readonly note: (message: string) => void;
}): Promise<void> {
  const { target } = job;
  const name = createHash('sha256').update(`follow\n${job.server}\n${target.source}`).digest('hex').slice(0, 32);
  const stateFile = join(job.stateDirectory, 'send', `${name}.follow.json`);
  const known = await loadState(stateFile);
  let sequence = known?.sequence ?? job.nowMs * sequencesPerMs;
  let rest = Buffer.alloc(0);
  let isSkipping = false;

  const send = async (text: Buffer, place: FilePlace): Promise<void> => {
    const cutter = createLineCutter(maxLineBytes);
    const lines = [...cutter.push(text), ...cutter.end()].flatMap((line) => (line.kind === 'text' ? [line.bytes] : []));
    for (let at = 0; at < lines.length; at += job.batchLines) {
      const batch = lines.slice(at, at + job.batchLines);
      const result = await uploadBatch({ sequence, lines: batch, wire: wireOf(job.format) }, target);
      for (const index of result.tooLarge) job.note(`event ${index} is too large for the server and was left out`);
      sequence += batch.length;
      job.onSent(result.acknowledged);
    }
    await saveState(stateFile, { ...place, sequence });
  };

  let last: FilePlace | undefined;
  for await (const part of followChunks(job.path, known, job.waitForMore)) {
    if (part.kind === 'idle') continue;
    if (part.kind === 'ended') {
      // A last line without its end is whole, as nobody writes to that file any more.
      if (rest.length > 0 && !isSkipping && last !== undefined) await send(rest, last);
      rest = Buffer.alloc(0);
      isSkipping = false;
      continue;
    }
    const { file, offset, bytes } = part;
    const held = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const end = held.lastIndexOf(newline) + 1;
    const from = isSkipping && end > 0 ? held.indexOf(newline) + 1 : 0;
    last = { file, offset: offset + bytes.length };
    rest = Buffer.from(held.subarray(end));
    if (end > 0) {
      await send(held.subarray(from, end), { file, offset: offset + bytes.length - rest.length });
      isSkipping = false;
    }
    if (rest.length > maxLineBytes) {
      if (!isSkipping) job.note(`a line of over ${maxLineBytes} bytes is left out`);
      isSkipping = true;
      rest = Buffer.alloc(0);
    }
  }
}

async function loadState(file: string): Promise<FollowState | undefined> {
  try {
    const value = parseJson((await readBoundedFile(file, 4096)).toString());
    const [followed, offset, sequence] = [
      textField(value, 'file'),
      numberField(value, 'offset'),
      numberField(value, 'sequence'),
    ];
    const isSound = [offset, sequence].every((number) => Number.isSafeInteger(number) && (number ?? -1) >= 0);
    if (followed === undefined || offset === undefined || sequence === undefined || !isSound) return undefined;
    return { file: followed, offset, sequence };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, { cause: error });
  }
}

async function saveState(file: string, state: FollowState): Promise<void> {
  try {
    await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
    const written = `${file}.${process.pid}.new`;
    await writeFile(written, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    await rename(written, file);
  } catch (error) {
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'set XDG_STATE_HOME to a directory that can be written',
    });
  }
}
