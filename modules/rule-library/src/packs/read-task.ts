import { formatVerifierKey } from '@sallyport/merkle-log';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import type { ReadingMessage, ReadingTask } from './catalogue-protocol.ts';
import { RulePackError } from './errors.ts';
import { invalid, packLimits } from './pack-manifest.ts';
import { readCatalogue } from './read-catalogue.ts';
import type { PackCatalogue } from './read-catalogue.ts';
import { openPack, rulesIn } from './read-sources.ts';

const step = 200;

/** Checks a pack file and reads its rules, telling how far it is. Resolves when all was told; never rejects. */
export async function readTask(
  { path, sha256, keys }: ReadingTask,
  tell: (message: ReadingMessage) => void,
  { catalogueBytes }: { readonly catalogueBytes: number } = packLimits,
): Promise<void> {
  try {
    const { pack, key } = await openPack(path, sha256, keys);
    tell({ kind: 'checked', checked: { manifest: pack.manifest, key: formatVerifierKey(key) } });
    const { sources, refusals } = rulesIn(pack);
    const catalogue = readCatalogue(pack.manifest.name, sources, (done) => {
      if (done % step === 0) tell({ kind: 'progress', done, of: sources.length });
    });
    const found: PackCatalogue = { rules: catalogue.rules, refusals: [...refusals, ...catalogue.refusals] };
    const bytes = Buffer.byteLength(JSON.stringify(found));
    if (bytes > catalogueBytes)
      throw invalid(
        `what there is to say of its rules and refusals takes ${bytes} bytes, must take at most ${catalogueBytes}`,
      );
    tell({ kind: 'catalogue', catalogue: found });
  } catch (error) {
    const hint = error instanceof RulePackError ? error.hint : undefined;
    tell({ kind: 'refused', code: codeOf(error) ?? 'pack_invalid', message: messageOf(error), hint });
  }
}
