const drawnAtOnce = 4096;

/**
 * Ids nobody can guess, in hexadecimal. Random bytes are drawn for many at once: asking the system costs ten times what an id does. Not for
 * secrets, which must not lie in memory before there is a need for them.
 */
export function createIds(random: (bytes: number) => Uint8Array, bytes = 16): () => string {
  let drawn = Buffer.alloc(0);
  let at = 0;
  return () => {
    if (at + bytes > drawn.length) {
      drawn = Buffer.from(random(Math.ceil(drawnAtOnce / bytes) * bytes));
      at = 0;
    }
    const id = drawn.toString('hex', at, at + bytes);
    at += bytes;
    return id;
  };
}
