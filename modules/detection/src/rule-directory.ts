import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import type { RuleRefusal, RuleSource } from './match-protocol.ts';
import type { RuleDirectory } from './needs.ts';

/** What the rule directories hold right now. `hash` names exactly these texts under these names. */
export type RuleFiles = {
  readonly sources: readonly RuleSource[];
  readonly refusals: readonly RuleRefusal[];
  readonly hash: string;
};

export const ruleFileLimits = { fileBytes: 1024 * 1024, files: 20_000, totalBytes: 128 * 1024 * 1024 } as const;

/**
 * Reads every `.yml` and `.yaml` file below the directories, in a fixed order. A directory that does not exist is empty.
 * What cannot be taken (unreadable, too large, over the count, not UTF-8, a symbolic link) is refused by name; it never
 * keeps another file out of force.
 */
export async function readRuleDirectories(directories: readonly RuleDirectory[]): Promise<RuleFiles> {
  const sources: RuleSource[] = [];
  const refusals: RuleRefusal[] = [];
  const hash = createHash('sha256');
  let totalBytes = 0;
  for (const directory of directories) {
    for (const entry of await ruleEntries(directory, refusals)) {
      const path = join(entry.parentPath, entry.name);
      const file = `${directory.name}/${relative(directory.path, path)}`;
      const read =
        sources.length >= ruleFileLimits.files
          ? `over the limit of ${ruleFileLimits.files} files`
          : await readRule(path, entry);
      if (typeof read === 'string') {
        refusals.push({ file, reason: read });
        continue;
      }
      totalBytes += read.bytes.byteLength;
      const text = decode(read.bytes);
      if (text === undefined || totalBytes > ruleFileLimits.totalBytes) {
        const reason = text === undefined ? 'not UTF-8' : `over the limit of ${ruleFileLimits.totalBytes} bytes in all`;
        refusals.push({ file, reason });
        continue;
      }
      sources.push({ file, text });
      hash.update(`${file}\n${read.bytes.byteLength}\n`).update(read.bytes);
    }
  }
  return { sources, refusals, hash: hash.digest('hex') };
}

async function ruleEntries(directory: RuleDirectory, refusals: RuleRefusal[]): Promise<Dirent[]> {
  try {
    const entries = await readdir(directory.path, { recursive: true, withFileTypes: true });
    const isRule = (entry: Dirent): boolean =>
      !entry.isDirectory() && ['.yml', '.yaml'].includes(extname(entry.name).toLowerCase());
    const path = (entry: Dirent): string => join(entry.parentPath, entry.name);
    return entries.filter(isRule).toSorted((a, b) => (path(a) < path(b) ? -1 : 1));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      refusals.push({ file: directory.name, reason: `directory cannot be read (${codeOf(error) ?? 'unknown error'})` });
    }
    return [];
  }
}

/** The bytes, or why not. */
async function readRule(path: string, entry: Dirent): Promise<{ bytes: Uint8Array } | string> {
  if (!entry.isFile()) return entry.isSymbolicLink() ? 'a symbolic link, must be a regular file' : 'not a regular file';
  try {
    const { size } = await stat(path);
    if (size > ruleFileLimits.fileBytes) return `size is ${size} bytes, must be at most ${ruleFileLimits.fileBytes}`;
    return { bytes: await readFile(path) };
  } catch (error) {
    return `cannot be read (${codeOf(error) ?? 'unknown error'})`;
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
