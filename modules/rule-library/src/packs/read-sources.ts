import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parseVerifierKey } from '@sallyport/merkle-log';
import { codeOf } from '@sallyport/platform/errors';
import { RulePackError } from './errors.ts';
import { readPack, verifyPack } from './pack-file.ts';
import type { ReadPack } from './pack-file.ts';
import type { VerifierKey } from '@sallyport/merkle-log';
import { isRulePath } from './read-catalogue.ts';
import type { CatalogueSource, PackRefusal } from './read-catalogue.ts';

/** A pack file as it lies on the disk, checked from its own hash down to each file. Throws `RulePackError` `pack_damaged`, `pack_invalid`, `pack_unsigned`. */
export async function openPack(
  path: string,
  sha256: string,
  keys: readonly string[],
): Promise<{ readonly pack: ReadPack; readonly key: VerifierKey }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new RulePackError('pack_damaged', `Cannot read the file of the pack: ${codeOf(error) ?? 'unknown error'}`, {
      cause: error,
      hint: 'import the same file again',
    });
  });
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new RulePackError('pack_damaged', 'Cannot use the file of the pack: it is not the one that was imported', {
      hint: 'find out who can write to the data directory, then import the same file again',
    });
  const pack = readPack(bytes);
  return { pack, key: verifyPack(pack, keys.map(parseVerifierKey)) };
}

/** The rule files of a pack as texts; what is not UTF-8 is refused by name. */
export function rulesIn(pack: Pick<ReadPack, 'files'>): {
  readonly sources: readonly CatalogueSource[];
  readonly refusals: readonly PackRefusal[];
} {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const sources: CatalogueSource[] = [];
  const refusals: PackRefusal[] = [];
  for (const { path, bytes } of pack.files) {
    if (!isRulePath(path)) continue;
    try {
      sources.push({ path, text: decoder.decode(bytes) });
    } catch {
      refusals.push({ path, line: 1, reason: 'The file is not UTF-8' });
    }
  }
  return { sources, refusals };
}
