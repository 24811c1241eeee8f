import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import {
  makePrivateDirectory,
  readFileIfPresent,
  syncDirectory,
  writeFileDurably,
  writeFully,
} from '@sallyport/platform/files';
import type { VaultFiles } from './needs.ts';

/** The disk. */
export const systemVaultFiles: VaultFiles = {
  read: readFileIfPresent,
  write: writeFileDurably,
  makeDirectory: makePrivateDirectory,
  list: (directory) => readdirSync(directory),
  erase(path) {
    try {
      const descriptor = openSync(path, 'r+');
      try {
        writeFully(descriptor, Buffer.alloc(fstatSync(descriptor).size), 0);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      unlinkSync(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      return;
    }
    syncDirectory(dirname(path));
  },
};
