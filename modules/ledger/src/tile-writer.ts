import { close, constants, existsSync, mkdirSync, open, rmSync, write, writeFileSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '@sallyport/platform/files';

/**
 * The files of a tree's tiles and bundles. A full one never changes, so it may be written twice: beside the appends that
 * follow, and at once when a checkpoint needs it before that is done.
 */
export type TileWriter = {
  /** A full tile or bundle, not written yet. */
  add(path: string, bytes: Uint8Array): void;
  /** One that is not in its file yet. */
  waiting(path: string): Uint8Array | undefined;
  waitingCount(): number;
  /** Begins writing what waits. What fails stays waiting, and `failed` is told. */
  writeSoon(failed: (error: unknown) => void): void;
  /** Writes what waits. What a full disk refuses stays waiting. */
  writeNow(): void;
  /** Written at once, and not counted as waiting: a partial tile. */
  writePartial(path: string, bytes: Uint8Array): void;
  /** Syncs the files of full tiles written since the last call, those `isWanted` names, and their folders. */
  sync(isWanted: (path: string) => boolean): Promise<void>;
  /** Nothing is written any more. */
  stop(): void;
};

/** Beyond so many, appends wait for their tiles: 20 MB of bundles at most. */
const maxWaiting = 1024;
// Without truncating: what was written at once in the meantime is the same bytes.
const createOnly = constants.O_WRONLY | constants.O_CREAT;

export function createTileWriter(directory: string): TileWriter {
  const waiting = new Map<string, Uint8Array>();
  const begun = new Set<string>();
  const made = new Set<string>();
  let unsynced: string[] = [];
  let stopped = false;

  const makeFolder = (full: string): void => {
    const folder = dirname(full);
    if (made.has(folder)) return;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (made.size > 1000) made.clear();
    made.add(folder);
  };
  const writeAtOnce = (path: string, bytes: Uint8Array): void => {
    const full = join(directory, path);
    makeFolder(full);
    writeFileSync(full, bytes, { mode: 0o600 });
  };
  const written = (path: string): void => {
    waiting.delete(path);
    unsynced.push(path);
    // The specification lets partial tiles go once the full one is there.
    const partials = join(directory, `${path}.p`);
    if (!existsSync(partials)) return;
    rmSync(partials, { recursive: true, force: true });
    made.delete(partials);
  };
  const writeNow = (): void => {
    for (const [path, bytes] of waiting) {
      writeAtOnce(path, bytes);
      written(path);
    }
  };
  const isStillWaiting = (path: string): boolean => !stopped && waiting.has(path);

  const writeBeside = (path: string, bytes: Uint8Array, failed: (error: unknown) => void): void => {
    const full = join(directory, path);
    makeFolder(full);
    begun.add(path);
    const end = (error: unknown): void => {
      begun.delete(path);
      if (!isStillWaiting(path)) return;
      if (error === null) written(path);
      else failed(error);
    };
    open(full, createOnly, 0o600, (error, descriptor) => {
      if (error !== null) {
        end(error);
        return;
      }
      if (!isStillWaiting(path)) {
        close(descriptor, () => end(null));
        return;
      }
      write(descriptor, bytes, 0, bytes.length, 0, (failure, count) => {
        // A disk that takes a part is full; the next write says so.
        const isWhole = failure === null && count === bytes.length;
        close(descriptor, () => (failure === null && !isWhole ? begun.delete(path) : end(failure)));
      });
    });
  };

  return {
    add: (path, bytes) => void waiting.set(path, bytes),
    waiting: (path) => waiting.get(path),
    waitingCount: () => waiting.size,
    writeSoon(failed) {
      if (waiting.size > maxWaiting) {
        writeNow();
        return;
      }
      for (const [path, bytes] of waiting) if (!begun.has(path)) writeBeside(path, bytes, failed);
    },
    writeNow,
    writePartial: writeAtOnce,
    async sync(isWanted) {
      const paths = unsynced.filter(isWanted);
      unsynced = [];
      try {
        for (const path of paths) {
          await using file = await openFile(join(directory, path), 'r');
          await file.sync();
        }
        for (const folder of new Set(paths.map((path) => dirname(path)))) syncDirectory(join(directory, folder));
      } catch (error) {
        // No later state may count them as synced.
        unsynced = [...paths, ...unsynced];
        throw error;
      }
    },
    stop() {
      stopped = true;
    },
  };
}
