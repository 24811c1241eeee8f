/** Texts as UTF-8, one at a time, in memory that is used again. */
export type TextBytes = {
  /** The length in bytes of the text, which then stands in `bytes()`. A lone half of a pair becomes U+FFFD. */
  write(text: string): number;
  bytes(): Uint8Array;
  /** That of the text last written. */
  length(): number;
  /** Over the same memory. */
  view(): DataView;
};

const startLength = 65_536;
/** Longer texts get memory of their own, that goes with the next text. */
const keptLength = 1_048_576;

export function createTextBytes(): TextBytes {
  const encoder = new TextEncoder();
  let kept = new Uint8Array(startLength);
  let bytes = kept;
  let view = new DataView(bytes.buffer);
  let length = 0;

  function use(next: Uint8Array<ArrayBuffer>): void {
    if (bytes === next) return;
    bytes = next;
    view = new DataView(next.buffer);
  }

  return {
    write(text) {
      const most = text.length * 3;
      if (most > kept.length && most <= keptLength) kept = new Uint8Array(keptLength);
      use(most <= kept.length ? kept : new Uint8Array(most));
      length = encoder.encodeInto(text, bytes).written;
      return length;
    },
    bytes: () => bytes,
    length: () => length,
    view: () => view,
  };
}
