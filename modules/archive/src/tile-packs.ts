import { formatTilePath, HASH_BYTES, TILE_WIDTH } from '@sallyport/merkle-log';
import type { LedgerFiles } from './ledger-files.ts';
import { tilesName } from './names.ts';
import type { OutgoingFile } from './place.ts';
import { fileOf } from './sums.ts';
import { encodeTar } from './tar.ts';

/** 256 tiles of hashes of entries and the one above them: about 2 MB. */
export const packEntries = TILE_WIDTH * TILE_WIDTH;

/**
 * The hash tiles of entries [first, first + packEntries) as one file, in the paths C2SP gives them: unpacked beside a
 * checkpoint, they prove every entry without a block. Undefined while one of them is not on the disk yet.
 */
export async function packTiles(files: LedgerFiles, log: number, first: number): Promise<OutgoingFile | undefined> {
  const pack = first / packEntries;
  const wanted = [
    ...Array.from({ length: TILE_WIDTH }, (_, order) => ({ level: 0, index: pack * TILE_WIDTH + order })),
    { level: 1, index: pack },
    // Each 256 packs complete one tile above, and so on.
    ...aboveOf(pack),
  ];
  const packed: { readonly name: string; readonly bytes: Buffer }[] = [];
  for (const { level, index } of wanted) {
    const name = formatTilePath({ level, index, width: TILE_WIDTH });
    const bytes = await files.tile(log, name);
    if (bytes?.length !== TILE_WIDTH * HASH_BYTES) return undefined;
    packed.push({ name, bytes });
  }
  return fileOf(tilesName(log, first, first + packEntries), encodeTar(packed));
}

function aboveOf(pack: number): { level: number; index: number }[] {
  const above: { level: number; index: number }[] = [];
  for (let level = 2, count = pack + 1; count % TILE_WIDTH === 0; level += 1) {
    count /= TILE_WIDTH;
    above.push({ level, index: count - 1 });
  }
  return above;
}
