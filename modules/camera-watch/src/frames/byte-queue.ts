/** Bytes in the order they came; each is moved only so often, in however small pieces they come. */
export type ByteQueue = {
  add(bytes: Uint8Array): void;
  drop(count: number): void;
  /** Of what is held; good until the next `add`. */
  view(): Buffer;
};

export function createByteQueue(): ByteQueue {
  let store = Buffer.alloc(0);
  let start = 0;
  let end = 0;
  return {
    add(bytes) {
      const length = end - start;
      if (end + bytes.length > store.length) {
        const wanted = 2 * (length + bytes.length);
        const next = wanted > store.length ? Buffer.allocUnsafe(wanted) : store;
        store.copy(next, 0, start, end);
        store = next;
        start = 0;
        end = length;
      }
      store.set(bytes, end);
      end += bytes.length;
    },
    drop: (count) => void (start += count),
    view: () => store.subarray(start, end),
  };
}
