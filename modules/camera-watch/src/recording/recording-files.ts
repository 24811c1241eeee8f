import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@sallyport/platform/errors';
import { makePrivateDirectory } from '@sallyport/platform/files';

/** The sealed files of recordings, by name. Names come from `segmentFile` and `pictureFile`, never from outside. */
export type RecordingFiles = {
  /** Resolves when the file and its name are on disk; a crash at any moment leaves all of it or nothing under the name. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined when there is no such file. */
  read(name: string): Promise<Buffer | undefined>;
  /** Nothing happens when it is gone already. */
  remove(name: string): Promise<void>;
  /** Every file, unfinished ones included. */
  list(): Promise<readonly string[]>;
  /** Keeps a file that nobody can explain out of the way, for people to look at. */
  setAside(name: string): Promise<void>;
  freeBytes(): Promise<number>;
};

const asideFolder = 'unexplained';
export const unfinishedEnding = '.new';

export function createRecordingFiles(directory: string): RecordingFiles {
  makePrivateDirectory(directory);
  const pathOf = (name: string): string => {
    if (!/^(?:[a-z0-9]+\/)*[a-z0-9]+(?:\.[a-z]+)*$/.test(name))
      throw new TypeError(`Cannot take "${name}" as the name of a recording`);
    return join(directory, name);
  };
  return {
    async write(name, bytes) {
      const path = pathOf(name);
      const folder = dirname(path);
      const made = await mkdir(folder, { recursive: true, mode: 0o700 });
      const unfinished = `${path}${unfinishedEnding}`;
      const file = await open(unfinished, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      await syncFolder(folder);
      if (made !== undefined) for (let at = folder; at !== directory; at = dirname(at)) await syncFolder(dirname(at));
    },
    async read(name) {
      try {
        return await readFile(pathOf(name));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    },
    remove: (name) => rm(pathOf(name), { force: true }),
    async list() {
      const found = await readdir(directory, { recursive: true, withFileTypes: true });
      return found
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
        .filter((name) => !name.startsWith(`${asideFolder}/`));
    },
    async setAside(name) {
      const target = join(directory, asideFolder, name.replaceAll('/', '.'));
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(pathOf(name), target);
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
  };
}

/** Camera ids may spell anything; the name of a folder says nothing and leads nowhere. */
function folderOf(camera: string): string {
  return createHash('sha256').update(camera).digest('hex').slice(0, 32);
}

export function segmentFile(camera: string, startMs: number): string {
  return `segments/${folderOf(camera)}/${dayOf(startMs)}/${startMs}.sealed`;
}

export function pictureFile(sha256: string, madeMs: number): string {
  return `pictures/${dayOf(madeMs)}/${sha256}.sealed`;
}

const dayMs = 24 * 60 * 60 * 1000;

/** Days since 1970, UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
