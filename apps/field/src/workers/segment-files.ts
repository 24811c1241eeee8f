import type { SegmentFiles, ShelfName, StoredSegment } from '../recording/segment-shelf.ts';

const root = 'recordings';
const shelves: readonly ShelfName[] = ['waiting', 'held', 'refused'];
const namePattern = /^\d{1,16}-\d{1,16}$/;

/** A folder for each shelf in the origin's private file system. Rejects where a browser has none. */
export async function createSegmentFiles(storage: Pick<StorageManager, 'getDirectory'>): Promise<SegmentFiles> {
  const top = await storage.getDirectory();

  const folder = async (shelf: ShelfName): Promise<FileSystemDirectoryHandle> =>
    (await top.getDirectoryHandle(root, { create: true })).getDirectoryHandle(shelf, { create: true });

  async function list(shelf: ShelfName): Promise<StoredSegment[]> {
    const found: StoredSegment[] = [];
    for await (const [name, handle] of (await folder(shelf)).entries()) {
      if (!(handle instanceof FileSystemFileHandle) || !namePattern.test(name)) continue;
      found.push({ shelf, name, bytes: (await handle.getFile()).size });
    }
    return found;
  }

  return {
    list: async () => (await Promise.all(shelves.map((shelf) => list(shelf)))).flat(),
    async write(shelf, name, bytes) {
      const handle = await (await folder(shelf)).getFileHandle(name, { create: true });
      const access = await handle.createSyncAccessHandle();
      try {
        access.truncate(0);
        const written = access.write(bytes, { at: 0 });
        if (written !== bytes.length) throw new DOMException('The storage is full', 'QuotaExceededError');
        access.flush();
      } catch (error) {
        access.close();
        // Half a file is none.
        await (await folder(shelf)).removeEntry(name);
        throw error;
      }
      access.close();
    },
    async read(shelf, name) {
      try {
        const file = await (await (await folder(shelf)).getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
        throw error;
      }
    },
    async remove(shelf, name) {
      try {
        await (await folder(shelf)).removeEntry(name);
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
      }
    },
    async removeAll() {
      try {
        await top.removeEntry(root, { recursive: true });
      } catch (error) {
        if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error;
      }
    },
  };
}
