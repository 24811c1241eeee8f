import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makePrivateDirectory } from '@sallyport/platform/files';
import { CodedError, messageOf } from '@sallyport/platform/errors';

/** Makes the directory everything durable lives in, or refuses with `data_unwritable` before anything is touched. */
export function prepareDataDirectory(directory: string): void {
  try {
    // Node tells of a read-only file system only when asked about something that exists.
    accessSync(existingAncestor(directory), constants.W_OK);
    makePrivateDirectory(directory);
    makePrivateDirectory(join(directory, 'rules'));
  } catch (cause) {
    throw new CodedError('data_unwritable', `Cannot use data directory "${directory}": ${messageOf(cause)}`, {
      cause,
      hint: 'make it writable for this user, or name another with --data DIR',
    });
  }
}

function existingAncestor(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingAncestor(dirname(path));
}
