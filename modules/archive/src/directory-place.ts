import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, mkdir, open, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { codeOf, messageOf } from '@sallyport/platform/errors';
import { syncDirectory } from '@sallyport/platform/files';
import { ArchiveError } from './errors.ts';
import { isName } from './names.ts';
import type { ArchivePlace, KeptFile } from './place.ts';
import type { DirectorySettings } from './settings.ts';

const pieceBytes = 1024 * 1024;

/**
 * A directory on another disk or a mounted share. Files are written beside, synced and renamed, and read back for their sum;
 * nothing locks them: whoever may write there can change or delete them, and that shows at the next check only.
 */
export function createDirectoryPlace(
  { path: root, isApart }: DirectorySettings,
  needs: { readonly dataDirectory: string },
): ArchivePlace {
  const pathOf = (name: string): string => {
    const path = resolve(root, name);
    if (!isName(name) || !path.startsWith(`${resolve(root)}${sep}`))
      throw new ArchiveError('off_site_refused', `Cannot use "${name.slice(0, 100)}" as the name of a file`);
    return path;
  };

  async function find(name: string, _version: undefined | string, signal: AbortSignal): Promise<KeptFile | undefined> {
    try {
      const path = pathOf(name);
      const { size, mtimeMs } = await stat(path);
      const sum = createHash('sha256');
      for await (const chunk of pieces(path, signal)) sum.update(chunk);
      return {
        name,
        bytes: size,
        version: undefined,
        sum: { kind: 'whole', value: sum.digest('hex') },
        storedAtMs: mtimeMs,
        lock: undefined,
        isHeld: false,
      };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw failure(`read "${name}"`, error);
    }
  }

  return {
    facts: {
      kind: 'directory',
      place: root,
      lock: 'none',
      notPromised: [
        'Nothing is locked: whoever may write to this directory can change or delete what is kept',
        isApart
          ? 'A disk in the same machine or building is lost with it'
          : 'It is on the same disk as the data, and lost with it',
      ],
    },
    async prepare() {
      try {
        await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
        // A share that is not mounted is an empty folder on the disk it should outlive.
        if (isApart && !(await isOnAnotherDisk(root, needs.dataDirectory)))
          throw new ArchiveError(
            'off_site_refused',
            `Cannot archive into "${root}": it is on the disk of the data now`,
            {
              hint: 'mount the disk or the share again',
            },
          );
      } catch (error) {
        throw failure('be used', error);
      }
    },
    find,
    async put(file, options, signal) {
      const path = pathOf(file.name);
      const temporary = `${path}.new`;
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        {
          await using target = await open(temporary, 'w', 0o600);
          for (let at = 0; at < file.bytes; at += pieceBytes) {
            await options.turn();
            signal.throwIfAborted();
            await target.writeFile(await file.read(at, Math.min(pieceBytes, file.bytes - at)));
          }
          await target.sync();
        }
        await chmod(temporary, 0o400);
        await rename(temporary, path);
        syncDirectory(dirname(path));
      } catch (error) {
        throw failure(`keep "${file.name}"`, error);
      }
      const kept = await find(file.name, undefined, signal);
      if (kept?.sum?.value !== file.sha256 || kept.bytes !== file.bytes)
        throw new ArchiveError('off_site_mismatch', `The archive keeps "${file.name}" otherwise than asked`);
      return kept;
    },
    async *read(name, _version, mostBytes, signal) {
      let bytes = 0;
      try {
        for await (const chunk of pieces(pathOf(name), signal)) {
          bytes += chunk.length;
          if (bytes > mostBytes)
            throw new ArchiveError('off_site_mismatch', `The archive gives more of "${name}" than was kept`);
          yield chunk;
        }
      } catch (error) {
        throw failure(`give "${name}" back`, error);
      }
    },
    async *list(prefix) {
      // Sorted as S3 does, by the whole name.
      const names: string[] = [];
      try {
        for (const entry of await readdir(root, { recursive: true, withFileTypes: true }))
          if (entry.isFile())
            names.push(
              join(entry.parentPath, entry.name)
                .slice(resolve(root).length + 1)
                .split(sep)
                .join('/'),
            );
        for (const name of names.toSorted()) {
          if (!name.startsWith(prefix) || !isName(name) || name.endsWith('.new')) continue;
          const { size, mtimeMs } = await stat(join(root, name));
          yield { name, bytes: size, storedAtMs: mtimeMs };
        }
      } catch (error) {
        throw failure('list what it keeps', error);
      }
    },
    sumOf: async (file) => ({ kind: 'whole', value: file.sha256 }),
    prolong: async () => undefined,
    setHold: async () => undefined,
    close: () => undefined,
  };
}

/** Whether two directories are on different file systems. */
export async function isOnAnotherDisk(one: string, other: string): Promise<boolean> {
  const [there, here] = await Promise.all([stat(one), stat(other)]);
  return there.dev !== here.dev;
}

async function* pieces(path: string, signal: AbortSignal): AsyncIterable<Buffer> {
  await using file = await open(path, 'r');
  for (;;) {
    signal.throwIfAborted();
    const buffer = Buffer.allocUnsafe(pieceBytes);
    const { bytesRead } = await file.read(buffer, 0, pieceBytes);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

function failure(what: string, error: unknown): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const code = codeOf(error);
  const kind =
    code === 'ENOENT'
      ? 'off_site_missing'
      : code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
        ? 'off_site_refused'
        : 'off_site_unavailable';
  return new ArchiveError(kind, `The archive did not ${what}: ${messageOf(error).slice(0, 300)}`, { cause: error });
}
