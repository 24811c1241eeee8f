import { openBytes, sealText as seal } from '@sallyport/platform/sealed-text';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const most = 64 * 1024 * 1024;

/** Compressed before it is sealed: thousands of rule texts are megabytes. */
export function sealText(needs: Parameters<typeof seal>[0], rowId: string, text: string): string {
  return seal(needs, rowId, zstdCompressSync(text));
}

/** Throws when the row was changed by somebody without the key. */
export function openText(key: Uint8Array, rowId: string, sealed: string): string {
  return zstdDecompressSync(openBytes(key, rowId, sealed), { maxOutputLength: most }).toString('utf8');
}
