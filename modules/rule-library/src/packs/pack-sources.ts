import { messageOf } from '@sallyport/platform/errors';
import type { OtherFile } from './compare-files.ts';
import { RulePackError } from './errors.ts';
import { sourcesLetIn } from './let-in.ts';
import type { RuleFile } from './needs.ts';
import type { PackDirectory } from './pack-directory.ts';
import { versionOf } from './pack-state.ts';
import type { PackState, PackVersion } from './pack-state.ts';
import type { PackStore } from './pack-store.ts';
import type { ReadPack } from './pack-file.ts';
import { isRulePath } from './read-catalogue.ts';
import type { CatalogueSource, PackCatalogue } from './read-catalogue.ts';
import { openPack, rulesIn } from './read-sources.ts';

/** Why nothing of a pack is in force although it should be. */
export type PackDamage = { readonly name: string; readonly reason: string };

const maxRemembered = 8;

/** Packs as rule files, each checked anew from the bytes on the disk: hash, trusted signature, name and version. */
export function createPackSources(needs: { readonly store: PackStore; readonly directory: PackDirectory }) {
  const { store, directory } = needs;

  /** By the hash of the pack: who looks through a difference page by page does not have it read each time. */
  const otherFiles = new Map<string, readonly OtherFile[]>();

  /** Throws `RulePackError` `pack_damaged`, `pack_invalid`, `pack_unsigned`. */
  async function checkedPack(name: string, version: PackVersion): Promise<ReadPack> {
    const keys = (await store.keys()).map(({ key }) => key);
    const { pack } = await openPack(directory.pathOf(version.sha256), version.sha256, keys);
    if (pack.manifest.name !== name || pack.manifest.version !== version.version)
      throw new RulePackError('pack_damaged', `Cannot use rule pack "${name}": its file is of another pack or version`);
    return pack;
  }

  const filesOf = async (name: string, version: PackVersion): Promise<readonly CatalogueSource[]> =>
    rulesIn(await checkedPack(name, version)).sources;

  /** Throws `RulePackError` `pack_damaged`. */
  async function catalogueOf(name: string, version: PackVersion): Promise<PackCatalogue> {
    const catalogue = await store.catalogue({ ...version, name });
    if (catalogue !== undefined) return catalogue;
    throw new RulePackError('pack_damaged', `Cannot use rule pack "${name}": what was read of it is gone or changed`, {
      hint: 'import the same file again',
    });
  }

  return {
    filesOf,
    /** Those in which no rule stands. Throws as `filesOf`. */
    async otherFilesOf(name: string, version: PackVersion): Promise<readonly OtherFile[]> {
      const known = otherFiles.get(version.sha256);
      if (known !== undefined) return known;
      const { files } = await checkedPack(name, version);
      const others = files.flatMap(({ path, sha256 }) => (isRulePath(path) ? [] : [{ path, sha256 }]));
      if (otherFiles.size >= maxRemembered) otherFiles.clear();
      otherFiles.set(version.sha256, others);
      return others;
    },
    catalogueOf,
    /** What detection is given of this pack; nothing where no version is in force. */
    async lettingIn(state: PackState): Promise<readonly RuleFile[]> {
      const version = versionOf(state, state.inForce);
      if (version === undefined) return [];
      return sourcesLetIn(state, await catalogueOf(state.name, version), await filesOf(state.name, version));
    },
    /** Of all packs; a damaged one gives nothing and holds up no other. */
    async ofAll(
      states: readonly PackState[],
      lettingIn: (state: PackState) => Promise<readonly RuleFile[]>,
    ): Promise<{ readonly files: readonly RuleFile[]; readonly damaged: readonly PackDamage[] }> {
      const files: RuleFile[] = [];
      const damaged: PackDamage[] = [];
      for (const state of states) {
        try {
          files.push(...(await lettingIn(state)));
        } catch (error) {
          damaged.push({ name: state.name, reason: messageOf(error) });
        }
      }
      return { files, damaged };
    },
  };
}
