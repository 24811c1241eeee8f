import { messageOf } from '@sallyport/platform/errors';
import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { CliError } from '../errors.ts';
import { openZipFile } from './zip-file.ts';

export type ZipMember = {
  readonly name: string;
  readonly packedBytes: number;
  /** As the directory claims. */
  readonly unpackedBytes: number;
  /** Written by a Unix system as a symbolic link: its content is a path, not a file. */
  readonly isLink: boolean;
  open(): Promise<Readable>;
};

const maxMembers = 100_000;
/** The mode of a file in the upper half of its external attributes (POSIX.1, `sys/stat.h`). */
const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;

/**
 * The files in a zip, in the order of its directory. A member's name is only ever shown, never used as a path.
 * Members are inflated while they are read; a member longer or shorter than the directory says fails as it is read.
 */
export async function* zipMembers(path: string): AsyncGenerator<ZipMember> {
  const zip = await openZipFile(path).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${path}" as a zip: ${messageOf(error)}`, {
      hint: 'unpack it with another tool and pass the files inside',
    });
  });
  try {
    if (zip.entryCount > maxMembers) {
      throw new CliError(
        'input_unreadable',
        `Cannot read "${path}": it has ${zip.entryCount} members, must be at most ${maxMembers}`,
      );
    }
    for await (const entry of zip.eachEntry()) {
      const name = yauzl.getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false);
      // macOS keeps icons and attributes of each file in a folder of its own; nobody means to send those.
      if (name.endsWith('/') || name.startsWith('__MACOSX/')) continue;
      yield {
        name,
        packedBytes: entry.compressedSize,
        unpackedBytes: entry.uncompressedSize,
        isLink: ((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink,
        open: async () => {
          if (entry.isEncrypted())
            throw new CliError('input_unreadable', `Cannot read "${name}" in "${path}": it is encrypted`);
          if (!entry.canDecodeFileData()) {
            throw new CliError(
              'input_unreadable',
              `Cannot read "${name}" in "${path}": unknown compression method ${entry.compressionMethod}`,
            );
          }
          return zip.openReadStreamPromise(entry);
        },
      };
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError('input_unreadable', `Cannot read "${path}" as a zip: ${messageOf(error)}`, { cause: error });
  } finally {
    zip.close();
  }
}
