// What logs signed and should not have: kept for people, a bounded number a log, the first ones.
import { makePrivateDirectory, writeFileDurably } from '@sallyport/platform/files';
import type { Misbehaviour } from '@sallyport/merkle-log';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hashOrigin } from './newest-checkpoint.ts';

const directoryName = 'evidence';
/** Two trees of one size prove something, so that many are kept; the rest may be an honest mistake, or an old checkpoint sent again. */
const maxFiles: Readonly<Record<Misbehaviour, number>> = { other_history: 32, not_continued: 8, went_back: 8 };

/** Writes both checkpoints into a file of their own; gives its path, or undefined when it is known or there are enough. */
export function keepEvidence(
  directory: string,
  found: { origin: string; misbehaviour: Misbehaviour; cosigned: string | undefined; submitted: string },
): string | undefined {
  const { origin, misbehaviour, cosigned, submitted } = found;
  const folder = join(directory, directoryName);
  makePrivateDirectory(folder);
  const text = `# cosigned before\n\n${cosigned ?? '(nothing)\n'}\n# refused: ${misbehaviour}\n\n${submitted}`;
  const start = `${hashOrigin(origin)}-${misbehaviour}-`;
  const path = join(folder, `${start}${createHash('sha256').update(submitted).digest('hex').slice(0, 16)}.txt`);
  if (existsSync(path)) return undefined;
  if (readdirSync(folder).filter((name) => name.startsWith(start)).length >= maxFiles[misbehaviour]) return undefined;
  writeFileDurably(path, Buffer.from(text));
  return path;
}
