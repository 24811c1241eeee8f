import type { SegmentFiles, ShelfName } from './segment-shelf.ts';

/** Files in memory, with room for so many bytes. */
export function memoryFiles(roomBytes = Infinity): SegmentFiles & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  const path = (shelf: ShelfName, name: string): string => `${shelf}/${name}`;
  return {
    kept,
    list: async () =>
      [...kept].flatMap(([key, { length: bytes }]) => {
        const [shelf, name = ''] = key.split('/');
        return shelf === 'waiting' || shelf === 'held' || shelf === 'refused' ? [{ shelf, name, bytes }] : [];
      }),
    async write(shelf, name, bytes) {
      const used = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
      if (used + bytes.length > roomBytes) throw new DOMException('full', 'QuotaExceededError');
      kept.set(path(shelf, name), bytes.slice());
    },
    read: async (shelf, name) => {
      const bytes = kept.get(path(shelf, name));
      return bytes === undefined ? undefined : Uint8Array.from(bytes);
    },
    remove: async (shelf, name) => void kept.delete(path(shelf, name)),
    removeAll: async () => kept.clear(),
  };
}
