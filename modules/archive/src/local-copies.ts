import { codeOf } from '@sallyport/platform/errors';
import type { LedgerFiles } from './ledger-files.ts';
import { instanceName, parseSpanName, spanName } from './names.ts';
import type { VaultFile } from './needs.ts';
import type { OutgoingFile } from './place.ts';
import { fileOf } from './sums.ts';
import { packTiles } from './tile-packs.ts';

/** What this machine still has of the files it archived: sound ones only. */
export type LocalCopies = { find(name: string): Promise<OutgoingFile | undefined> };

export function createLocalCopies(needs: {
  readonly files: LedgerFiles;
  readonly vaultFiles: () => Promise<readonly VaultFile[]>;
}): LocalCopies {
  const { files } = needs;

  async function copyOf(name: string): Promise<OutgoingFile | undefined> {
    const wanted = parseSpanName(name);
    if (wanted !== undefined) {
      const { log, segment, first: index, end } = wanted;
      const span = await files.nextSpan(log, { segment, offset: 0, index }, end);
      return span === undefined || spanName(span) !== name ? undefined : files.checkedFile(span);
    }
    const tiles = /^ledger\/logs\/(\d+)\/tiles\/(\d{16})-\d{16}\.tar$/.exec(name);
    if (tiles !== null) return packTiles(files, Number(tiles[1]), Number(tiles[2]));
    const own = /^ledger\/(logs\/\d+\/(?:origin|vkey))$/.exec(name)?.[1];
    const path = name === instanceName ? 'instance' : own;
    const bytes =
      path === undefined
        ? (await needs.vaultFiles()).find((file) => file.name === name)?.bytes
        : await files.small(path);
    return bytes === undefined ? undefined : fileOf(name, bytes);
  }

  return {
    async find(name) {
      try {
        return await copyOf(name);
      } catch (error) {
        // Damaged here, it is no copy.
        if (codeOf(error) === 'archive_invalid' || codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}
