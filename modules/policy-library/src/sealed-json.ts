import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Database } from '@sallyport/platform/database';
import { openBytes, sealText } from '@sallyport/platform/sealed-text';

export type SealingNeeds = {
  /** 32 secret bytes, the same at every start: what people wrote, and who they are, is kept sealed. */
  readonly sealingKey: Uint8Array;
  readonly random: (length: number) => Uint8Array;
};

export type SealedStoreNeeds = SealingNeeds & { readonly database: Database };

/** Values as JSON, compressed and sealed for the one row they are of. `open` throws where somebody without the key wrote, or it is of another row. */
export function createSealedJson(needs: SealingNeeds, { mostBytes }: { readonly mostBytes: number }) {
  return {
    seal: (row: string, value: unknown): string => sealText(needs, row, zstdCompressSync(JSON.stringify(value))),
    open: (row: string, sealed: string): unknown =>
      JSON.parse(
        zstdDecompressSync(openBytes(needs.sealingKey, row, sealed), { maxOutputLength: mostBytes }).toString('utf8'),
      ),
  };
}
