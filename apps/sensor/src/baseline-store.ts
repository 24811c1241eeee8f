import { makePrivateDirectory, readFileIfPresent, writeFileDurably } from '@sallyport/platform/files';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { knownSegment, newSegment, segmentHeaderBytes } from './spool/segment-format.ts';

/**
 * What a collector compares with, sealed like the spool, one file a version. A version is written before its changes are told and
 * becomes the one that counts with the position that names it: a crash in between tells the same changes again, and only once.
 */
export type BaselineStore = {
  /** Undefined when there is none, or it was damaged. */
  load(version: string): string | undefined;
  save(version: string, text: string): void;
  removeAllBut(version: string): void;
};

export function createBaselineStore(needs: {
  readonly directory: string;
  readonly name: string;
  readonly key: Uint8Array;
  readonly random: (bytes: number) => Uint8Array;
}): BaselineStore {
  const { directory, name, key, random } = needs;
  makePrivateDirectory(directory);
  const fileOf = (version: string): string => join(directory, `${name}-${version}.baseline`);
  return {
    load(version) {
      if (!/^\d{1,15}$/.test(version)) return undefined;
      const bytes = readFileIfPresent(fileOf(version));
      const frame = bytes === undefined ? undefined : knownSegment(key, bytes)?.open(bytes, segmentHeaderBytes);
      return frame?.plain.toString('utf8');
    },
    save(version, text) {
      const cipher = newSegment(key, random(16));
      writeFileDurably(
        fileOf(version),
        Buffer.concat([cipher.header, cipher.seal(Buffer.from(text), segmentHeaderBytes)]),
      );
    },
    removeAllBut(version) {
      const kept = `${name}-${version}.baseline`;
      for (const entry of readdirSync(directory))
        if (entry.startsWith(`${name}-`) && entry !== kept) rmSync(join(directory, entry), { force: true });
    },
  };
}
